#include "transport/buffer/redis_entry.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/model/stamp.hpp"
#include "core/model/text.hpp"

namespace scops {

namespace {

constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
constexpr unsigned kind_bits = 2;

// What somebody else's entry holds, for whoever looks at it later.
std::string dump(const RedisValue& fields) {
  std::string text;
  for (std::size_t i = 0; i + 1 < fields.size() && text.size() < damaged_bytes_max; i += 2) {
    for (const RedisValue& part : {fields.at(i), fields.at(i + 1)}) {
      text.append(part.text().substr(0, damaged_bytes_max)).push_back(' ');
    }
  }
  text.resize(std::min(text.size(), damaged_bytes_max));
  return text;
}

// Fills in the block from fields that are ours.
bool read_fields(const RedisValue& fields, Block& block) {
  if (fields.size() != 6) return false;
  if (fields.at(0).text() != "b" || fields.at(2).text() != "n" || fields.at(4).text() != "t") return false;
  const auto records = to_uint(fields.at(3).text());
  const auto newest = to_int(fields.at(5).text());
  if (!records || *records > std::numeric_limits<std::uint32_t>::max() || !newest) return false;
  block.records = static_cast<std::uint32_t>(*records);
  block.newest = std::clamp(*newest, -farthest_time, farthest_time);
  block.bytes = fields.at(1).text();
  return true;
}

}  // namespace

std::string_view kind_name(Kind kind) {
  constexpr std::string_view names[] = {"", "metrics", "events", "logs"};
  return names[slot(kind)];
}

std::string StreamId::text() const { return std::to_string(time) + '-' + std::to_string(number); }

StreamId StreamId::next() const {
  if (number != largest) return {time, number + 1};
  return time != largest ? StreamId{time + 1, 0} : *this;
}

StreamId StreamId::before() const {
  if (number != 0) return {time, number - 1};
  return time != 0 ? StreamId{time - 1, largest} : *this;
}

std::optional<StreamId> to_stream_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto time = to_uint(text.substr(0, dash));
  const auto number = to_uint(text.substr(dash + 1));
  if (!time || !number) return std::nullopt;
  return StreamId{*time, *number};
}

BlockId to_block_id(StreamId id, Kind kind) {
  return {id.time, (id.number << kind_bits) | static_cast<std::uint64_t>(kind)};
}

std::optional<StreamPlace> to_place(BlockId id) {
  const std::uint64_t kind = id.minor & ((1U << kind_bits) - 1);
  if (kind == 0) return std::nullopt;
  return StreamPlace{static_cast<Kind>(kind), {id.major, id.minor >> kind_bits}};
}

std::optional<RedisEntry> to_entry(const RedisValue& value, Kind kind) {
  if (value.type() != RedisType::list || value.size() != 2) return std::nullopt;
  const auto id = to_stream_id(value.at(0).text());
  if (!id) return std::nullopt;
  RedisEntry entry;
  entry.id = *id;
  const RedisValue fields = value.at(1);
  // Redis 5 and 6 say nil for an entry that was deleted, some versions an empty list.
  if (fields.is_nil() || (fields.type() == RedisType::list && fields.size() == 0)) {
    entry.gone = true;
    return entry;
  }
  entry.sized = read_fields(fields, entry.block);
  if (!entry.sized) {
    entry.problem = "not an entry of ours";
    entry.block.bytes = dump(fields);
  } else if (const Status whole = check_block(entry.block.bytes); !whole) {
    entry.problem = whole.error().text;
  } else if (id->number > largest >> kind_bits || id->time == largest) {
    entry.problem = "an id that Redis does not give";
  }
  entry.block.kind = kind;
  entry.block.id = to_block_id(*id, kind);
  return entry;
}

void CommandList::append(const CommandList& other) {
  commands_.insert(commands_.end(), other.commands_.begin(), other.commands_.end());
}

void CommandList::write(RedisWriter& to) const {
  for (const auto& command : commands_) {
    to.begin(command.size());
    for (const std::string_view argument : command) to.argument(argument);
  }
}

}  // namespace scops
