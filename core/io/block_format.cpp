#include "core/io/block_format.hpp"

#include <cstdint>

#include "core/io/block_codec.hpp"
#include "core/io/compress.hpp"

namespace scops {

namespace {

constexpr std::string_view magic("SCB\x01", 4);
constexpr std::size_t header_size = 12;  // magic and version, checksum, length

void append_u32(std::string& into, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) into.push_back(static_cast<char>(value >> shift));
}

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

Error damaged(const char* what) { return {ErrorKind::drop, std::string("block: ") + what}; }

}  // namespace

std::string seal_block(std::string_view columns) {
  std::string stream;
  deflate(columns, stream);
  std::string rest;
  rest.reserve(header_size + stream.size());
  append_u32(rest, static_cast<std::uint32_t>(columns.size()));
  rest.append(stream);
  std::string bytes(magic);
  append_u32(bytes, crc32_of(rest));
  return bytes.append(rest);
}

Status check_block(std::string_view bytes) {
  if (bytes.size() < header_size) return damaged("too short");
  if (bytes.substr(0, 3) != magic.substr(0, 3)) return damaged("no block at all");
  if (bytes[3] != magic[3]) return damaged("of an unknown version");
  if (u32_at(bytes, 8) > columns_max) return damaged("too large");
  if (u32_at(bytes, 4) != crc32_of(bytes.substr(8))) return damaged("wrong checksum");
  return Ok{};
}

Result<std::string> unseal_block(std::string_view bytes) {
  if (Status whole = check_block(bytes); !whole) return whole.error();
  const std::size_t length = u32_at(bytes, 8);
  Result<std::string> columns = inflate(bytes.substr(header_size), length);
  if (columns && columns->size() != length) return damaged("wrong length");
  return columns;
}

}  // namespace scops
