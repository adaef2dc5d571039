#include "core/io/compress.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>
#include <new>

namespace scops {

namespace {

constexpr std::size_t piece = 16384;             // output grows by this; lives on the stack
constexpr std::size_t longest_input = 1U << 30;  // zlib counts in unsigned int

// zlib never writes through next_in, but only says so when ZLIB_CONST is defined for all who include it.
Bytef* input_of(std::string_view data) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));  // NOLINT
}

// Hands zlib the next part of `data` when it has eaten the last one.
void refill(z_stream& stream, std::string_view& data) {
  if (stream.avail_in != 0 || data.empty()) return;
  const std::size_t part = std::min(data.size(), longest_input);
  stream.next_in = input_of(data);
  stream.avail_in = static_cast<uInt>(part);
  data.remove_prefix(part);
}

struct DeflateEnd {
  void operator()(z_stream* stream) const { deflateEnd(stream); }
};
struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

}  // namespace

// The state of deflate takes 2^(window+2) + 2^(level+9) bytes: 256 KiB at zlib's defaults. A window that just
// covers the data finds the same matches; a block of a few KiB then costs about 50 KiB (docs/buffer.md).
void deflate(std::string_view data, std::string& into, DeflateOptions options) {
  const int data_bits = static_cast<int>(std::bit_width(data.size()));
  const int window_bits = std::clamp(data_bits, 9, 15);
  const int memory_level = std::clamp(data_bits - 6, 4, 8);
  z_stream stream{};
  const int strategy = options.numbers ? Z_FILTERED : Z_DEFAULT_STRATEGY;
  if (deflateInit2(&stream, options.level, Z_DEFLATED, window_bits, memory_level, strategy) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, DeflateEnd> ending(&stream);
  into.clear();
  std::array<Bytef, piece> out;  // NOLINT(*-init): written before it is read
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    refill(stream, data);
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    state = ::deflate(&stream, data.empty() ? Z_FINISH : Z_NO_FLUSH);
    into.append(reinterpret_cast<const char*>(out.data()), out.size() - stream.avail_out);  // NOLINT
  }
}

Result<std::string> inflate(std::string_view data, std::size_t limit) {
  z_stream stream{};
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, InflateEnd> ending(&stream);
  std::string content;
  std::array<Bytef, piece> out;  // NOLINT(*-init): written before it is read
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    refill(stream, data);
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    state = ::inflate(&stream, Z_NO_FLUSH);
    // Z_BUF_ERROR: nothing more to read and no end seen.
    if (state != Z_OK && state != Z_STREAM_END)
      return Error{ErrorKind::drop, "inflate: damaged or short stream"};
    const std::size_t got = out.size() - stream.avail_out;
    if (got > limit - content.size()) {
      return Error{ErrorKind::drop, "inflate: more than " + std::to_string(limit) + " bytes"};
    }
    content.append(reinterpret_cast<const char*>(out.data()), got);  // NOLINT
  }
  if (stream.avail_in != 0 || !data.empty()) return Error{ErrorKind::drop, "inflate: bytes after the end"};
  return content;
}

std::uint32_t crc32_of(std::string_view data) {
  return static_cast<std::uint32_t>(crc32_z(0, input_of(data), data.size()));
}

}  // namespace scops
