#include "collectors/listen/chouette/packed_ids.hpp"

#include <optional>

namespace scops::chouette {
namespace {

constexpr std::size_t piece_size = 64U << 10U;
constexpr std::size_t uuid_bytes = 16;
constexpr std::string_view digits = "0123456789abcdef";

bool has_dash(std::size_t index) { return index == 8 || index == 13 || index == 18 || index == 23; }

// "123e4567-e89b-42d3-a456-426614174000", in lower case only: the way back must give the same text.
std::optional<std::array<char, uuid_bytes>> pack_uuid(std::string_view id) {
  constexpr std::size_t length = 36;
  if (id.size() != length) return std::nullopt;
  std::array<char, uuid_bytes> packed{};
  std::size_t nibbles = 0;
  for (std::size_t i = 0; i < length; ++i) {
    if (has_dash(i)) {
      if (id[i] != '-') return std::nullopt;
      continue;
    }
    const std::size_t value = digits.find(id[i]);
    if (value == std::string_view::npos) return std::nullopt;
    char& byte = packed.at(nibbles++ / 2);
    byte = static_cast<char>(static_cast<std::size_t>(static_cast<unsigned char>(byte)) << 4U | value);
  }
  return packed;
}

void unpack_uuid(std::string_view packed, std::array<char, 36>& into) {
  std::size_t nibbles = 0;
  for (std::size_t i = 0; i < into.size(); ++i) {
    if (has_dash(i)) {
      into.at(i) = '-';
      continue;
    }
    const auto byte = static_cast<unsigned char>(packed[nibbles / 2]);
    into.at(i) = digits[nibbles++ % 2 == 0 ? byte >> 4U : byte & 0xFU];
  }
}

}  // namespace

void PackedIds::add(std::string_view id) {
  if (pieces_.empty() || pieces_.back().size() + id.size() + 10 > piece_size) {
    pieces_.emplace_back();
    // The first stays as small as it is: most windows are.
    if (pieces_.size() > 1) pieces_.back().reserve(piece_size);
  }
  std::string& bytes = pieces_.back();
  if (const auto uuid = pack_uuid(id)) {
    append_varint(bytes, 0);
    bytes.append(uuid->data(), uuid->size());
  } else {
    append_varint(bytes, id.size() + 1);
    bytes += id;
  }
  ++count_;
}

void PackedIds::clear() {
  pieces_.clear();
  count_ = 0;
}

std::size_t PackedIds::bytes() const {
  std::size_t sum = 0;
  for (const std::string& piece : pieces_) sum += piece.size();
  return sum;
}

std::string_view PackedIds::Reader::next() {
  if (rest_.left() == 0) {
    rest_ = ByteReader(pieces_.front());
    pieces_ = pieces_.subspan(1);
  }
  const std::uint64_t length = rest_.varint();
  if (length > 0) return rest_.bytes(length - 1);
  unpack_uuid(rest_.bytes(uuid_bytes), uuid_);
  return {uuid_.data(), uuid_.size()};
}

}  // namespace scops::chouette
