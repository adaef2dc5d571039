#include "core/io/block_format.hpp"

#include <cstdint>

#include "core/io/block_codec.hpp"
#include "core/io/compress.hpp"

namespace scops {

namespace {

constexpr std::string_view magic = "SCB";
constexpr char plain = 1;  // versions
constexpr char stamped = 2;
constexpr std::size_t header_size = 12;  // magic and version, checksum, length
constexpr std::size_t crc_end = 8;
constexpr unsigned offset_bits = 48;
constexpr std::size_t stamp_size = 11;  // boot (4), offset (6), flags (1)
constexpr unsigned flag_set = 1;
constexpr unsigned flag_sure = 2;
constexpr unsigned flag_theirs = 4;

// Low byte first.
void append_number(std::string& into, std::uint64_t value, unsigned bits) {
  for (unsigned shift = 0; shift < bits; shift += 8) into.push_back(static_cast<char>(value >> shift));
}

void append_u32(std::string& into, std::uint32_t value) { append_number(into, value, 32); }

std::uint64_t number_at(std::string_view bytes, std::size_t offset, unsigned bits) {
  std::uint64_t value = 0;
  for (std::size_t i = bits / 8; i-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[offset + i]);
  return value;
}

std::uint32_t u32_at(std::string_view bytes, std::size_t offset) {
  return static_cast<std::uint32_t>(number_at(bytes, offset, 32));
}

static_assert(stamped_header_size == header_size + stamp_size);

std::size_t header_of(std::string_view bytes) {
  return bytes[3] == stamped ? header_size + stamp_size : header_size;
}

Error damaged(const char* what) { return {ErrorKind::drop, std::string("block: ") + what}; }

}  // namespace

void stamp_block(std::string& bytes, const Stamp& stamp) {
  if (stamp.boot == 0 || bytes.size() < header_size || bytes[3] != plain) return;
  std::string header;
  append_u32(header, stamp.boot);
  append_number(header, static_cast<std::uint64_t>(stamp.offset), offset_bits);
  const unsigned flags =
      (stamp.set ? flag_set : 0) | (stamp.sure ? flag_sure : 0) | (stamp.theirs ? flag_theirs : 0);
  header.push_back(static_cast<char>(flags));
  bytes.insert(header_size, header);
  std::string front = std::string(magic) + stamped;
  append_u32(front, crc32_of(std::string_view(bytes).substr(crc_end)));
  bytes.replace(0, front.size(), front);
}

Stamp stamp_of_block(std::string_view bytes) {
  if (bytes.size() < stamped_header_size || bytes.substr(0, 3) != magic || bytes[3] != stamped) return {};
  const std::uint64_t offset = number_at(bytes, header_size + 4, offset_bits);
  const auto flags = static_cast<unsigned char>(bytes[stamped_header_size - 1]);
  constexpr unsigned spare = 64 - offset_bits;  // moves the sign up, and down again
  return {.boot = u32_at(bytes, header_size),
          .offset = static_cast<TimeMs>(offset << spare) >> spare,
          .set = (flags & flag_set) != 0,
          .sure = (flags & flag_sure) != 0,
          .theirs = (flags & flag_theirs) != 0};
}

std::string seal_block(std::string_view columns) {
  std::string stream;
  deflate(columns, stream);
  std::string rest;
  rest.reserve(header_size + stream.size());
  append_u32(rest, static_cast<std::uint32_t>(columns.size()));
  rest.append(stream);
  std::string bytes = std::string(magic) + plain;
  append_u32(bytes, crc32_of(rest));
  return bytes.append(rest);
}

Status check_block(std::string_view bytes) {
  if (bytes.size() < header_size) return damaged("too short");
  if (bytes.substr(0, 3) != magic) return damaged("no block at all");
  if (bytes[3] != plain && bytes[3] != stamped) return damaged("of an unknown version");
  if (bytes.size() < header_of(bytes)) return damaged("too short");
  if (u32_at(bytes, 8) > columns_max) return damaged("too large");
  if (u32_at(bytes, 4) != crc32_of(bytes.substr(crc_end))) return damaged("wrong checksum");
  return Ok{};
}

Result<std::string> unseal_block(std::string_view bytes) {
  if (Status whole = check_block(bytes); !whole) return whole.error();
  const std::size_t length = u32_at(bytes, 8);
  Result<std::string> columns = inflate(bytes.substr(header_of(bytes)), length);
  if (columns && columns->size() != length) return damaged("wrong length");
  return columns;
}

}  // namespace scops
