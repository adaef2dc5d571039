#include "core/io/zstd.hpp"

#include <zstd.h>

#include <memory>
#include <new>

namespace scops {
namespace {

// There is room for all that comes out: memory for the state is all that can lack.
std::size_t checked(std::size_t result) {
  if (ZSTD_isError(result) != 0) throw std::bad_alloc();
  return result;
}

class Frame {
 public:
  Frame(std::string& into, std::size_t size, int level) : into_(into), state_(ZSTD_createCCtx()) {
    if (state_ == nullptr) throw std::bad_alloc();
    checked(ZSTD_CCtx_setParameter(state_.get(), ZSTD_c_compressionLevel, level));
    checked(ZSTD_CCtx_setPledgedSrcSize(state_.get(), size));
  }

  void add(std::string_view data, ZSTD_EndDirective end) {
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    ZSTD_outBuffer out{into_.data(), into_.size(), written_};
    if (checked(ZSTD_compressStream2(state_.get(), &out, &in, end)) != 0) throw std::bad_alloc();
    written_ = out.pos;
  }

  [[nodiscard]] std::size_t written() const { return written_; }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* state) const { ZSTD_freeCCtx(state); }
  };
  std::string& into_;
  std::size_t written_ = 0;
  std::unique_ptr<ZSTD_CCtx, Free> state_;
};

}  // namespace

void compress_zstd(std::string_view data, std::span<const std::size_t> cuts, std::string& into, int level) {
  constexpr std::size_t block_head = 3;
  into.resize(ZSTD_compressBound(data.size()) + block_head * cuts.size());
  Frame frame(into, data.size(), level);
  std::size_t begin = 0;
  for (const std::size_t cut : cuts) {
    frame.add(data.substr(begin, cut - begin), ZSTD_e_flush);
    begin = cut;
  }
  frame.add(data.substr(begin), ZSTD_e_end);
  into.resize(frame.written());
}

}  // namespace scops
