#include "core/io/zstd.hpp"

#include <zstd.h>

#include <new>

namespace scops {

void compress_zstd(std::string_view data, std::string& into, int level) {
  into.resize(ZSTD_compressBound(data.size()));
  const std::size_t size = ZSTD_compress(into.data(), into.size(), data.data(), data.size(), level);
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // there is room: it is all that can fail
  into.resize(size);
}

}  // namespace scops
