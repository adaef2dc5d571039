#include "core/io/block_format.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/io/compress.hpp"

namespace scops {

namespace {

constexpr std::string_view magic = "SCB";
// Versions. Split: a stream of the points, one of the names, the size of the first before it; else all
// columns are in one.
constexpr char plain = 1;
constexpr char stamped = 2;
constexpr char plain_split = 3;
constexpr char stamped_split = 4;
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

constexpr std::size_t number_size = 4;

bool has_stamp(std::string_view bytes) { return bytes[3] == stamped || bytes[3] == stamped_split; }
bool is_split(std::string_view bytes) { return bytes[3] == plain_split || bytes[3] == stamped_split; }

// Of a block that is long enough for it.
std::size_t header_of(std::string_view bytes) {
  return header_size + (has_stamp(bytes) ? stamp_size : 0) + (is_split(bytes) ? number_size : 0);
}

// `rest` is what the checksum is of: from the length on.
std::string with_front(char version, std::string_view rest) {
  std::string bytes = std::string(magic) + version;
  append_u32(bytes, crc32_of(rest));
  return bytes.append(rest);
}

Error damaged(const char* what) { return {ErrorKind::drop, std::string("block: ") + what}; }

}  // namespace

void stamp_block(std::string& bytes, const Stamp& stamp) {
  if (stamp.boot == 0 || bytes.size() < header_size || has_stamp(bytes)) return;
  std::string header;
  append_u32(header, stamp.boot);
  append_number(header, static_cast<std::uint64_t>(stamp.offset), offset_bits);
  const unsigned flags =
      (stamp.set ? flag_set : 0) | (stamp.sure ? flag_sure : 0) | (stamp.theirs ? flag_theirs : 0);
  header.push_back(static_cast<char>(flags));
  bytes.insert(header_size, header);
  std::string front = std::string(magic) + (is_split(bytes) ? stamped_split : stamped);
  append_u32(front, crc32_of(std::string_view(bytes).substr(crc_end)));
  bytes.replace(0, front.size(), front);
}

Stamp stamp_of_block(std::string_view bytes) {
  if (bytes.size() < stamped_header_size || bytes.substr(0, 3) != magic || !has_stamp(bytes)) return {};
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
  return with_front(plain, rest.append(stream));
}

std::string seal_block(std::string_view points, const SealedNames& names) {
  std::string stream;
  deflate(points, stream);
  std::string rest;
  append_u32(rest, static_cast<std::uint32_t>(points.size() + names.columns.size()));
  append_u32(rest, static_cast<std::uint32_t>(stream.size()));
  return with_front(plain_split, rest.append(stream).append(names.stream));
}

SealedNames seal_names(std::string&& columns) {
  SealedNames names;
  deflate(columns, names.stream);
  names.columns = std::move(columns);
  return names;
}

std::size_t names_of_block(std::string_view bytes) {
  if (bytes.size() < header_size || !is_split(bytes) || bytes.size() < header_of(bytes)) return bytes.size();
  const std::size_t header = header_of(bytes);
  return header + std::min<std::size_t>(u32_at(bytes, header - number_size), bytes.size() - header);
}

Status check_block(std::string_view bytes) {
  if (bytes.size() < header_size) return damaged("too short");
  if (bytes.substr(0, 3) != magic) return damaged("no block at all");
  if (bytes[3] < plain || bytes[3] > stamped_split) return damaged("of an unknown version");
  if (bytes.size() < header_of(bytes)) return damaged("too short");
  if (u32_at(bytes, 8) > columns_max) return damaged("too large");
  if (u32_at(bytes, 4) != crc32_of(bytes.substr(crc_end))) return damaged("wrong checksum");
  return Ok{};
}

Result<BlockColumns> unseal_block(std::string_view bytes) {
  if (Status whole = check_block(bytes); !whole) return whole.error();
  const std::size_t length = u32_at(bytes, 8);
  const std::size_t header = header_of(bytes);
  const std::size_t end = names_of_block(bytes);
  Result<std::string> points = inflate(bytes.substr(header, end - header), length);
  if (!points) return points.error();
  BlockColumns columns{.points = std::move(*points), .names = {}};
  if (is_split(bytes)) {
    Result<std::string> names = inflate(bytes.substr(end), length - columns.points.size());
    if (!names) return names.error();
    columns.names = std::move(*names);
  }
  if (columns.points.size() + columns.names.size() != length) return damaged("wrong length");
  return columns;
}

}  // namespace scops
