#include "transport/buffer/redis_streams.hpp"

#include <algorithm>
#include <utility>

#include "core/model/text.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/redis_failure.hpp"

namespace scops {

namespace {

constexpr std::string_view damaged_max = "16";  // entries that are kept as evidence

std::array<std::string, kind_slots> stream_keys(const std::string& prefix) {
  std::array<std::string, kind_slots> keys;
  for (const Kind kind : kinds) keys.at(slot(kind)) = prefix + std::string(kind_name(kind));
  return keys;
}

std::string prefix_of(const std::string& name) { return "{scops:" + name + "}:"; }

// Behind a new connection may be another Redis, or an older state of this one: what is there is looked at
// before anything is added to it.
RedisTarget telling_of_end(RedisTarget target) {
  target.tells_of_end = true;
  return target;
}

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// What was added for each kind.
struct Growth {
  std::int64_t blocks = 0, records = 0, bytes = 0;
};

std::array<Growth, kind_slots> growth_of(std::span<const Block* const> blocks) {
  std::array<Growth, kind_slots> growth;
  for (const Block* block : blocks) {
    Growth& kind = growth.at(static_cast<std::size_t>(block->kind));
    ++kind.blocks;
    kind.records += block->records;
    kind.bytes += number(block->bytes.size());
  }
  return growth;
}

}  // namespace

RedisStreams::RedisStreams(const RedisTarget& target, const std::string& name, std::string consumer,
                           const Clock& clock)
    : keys_(stream_keys(prefix_of(name))),
      size_key_(prefix_of(name) + "size"),
      damaged_key_(prefix_of(name) + "damaged"),
      consumer_(std::move(consumer)),
      client_(telling_of_end(target), clock),
      sums_(size_key_, keys_) {}

Status RedisStreams::own_keys() {
  std::vector<std::string> wrong;
  CommandList asking;
  for (const Kind kind : kinds) asking.add({"TYPE", key(kind)});
  asking.add({"TYPE", damaged_key_});
  asking.add({"TYPE", size_key_});
  const Result<RedisValue> types = client_.pipeline(asking);
  if (!types) return types.error();
  const std::string* keys[] = {&key(kinds[0]), &key(kinds[1]), &key(kinds[2]), &damaged_key_, &size_key_};
  for (std::size_t i = 0; i < std::size(keys); ++i) {
    const RedisValue type = types->at(i);
    if (type.is_error()) return redis_failure(type);
    const std::string_view wanted = keys[i] == &size_key_ ? "hash" : "stream";
    if (type.text() != wanted && type.text() != "none") wrong.push_back(*keys[i]);
  }
  for (const std::string& key : wrong) {
    if (Status done = set_aside(key); !done) return done;
  }
  return Ok{};
}

// Somebody else's, so it is kept; one before it under that name is not.
Status RedisStreams::set_aside(const std::string& key) {
  const std::string aside = key + ":foreign";
  const Result<RedisValue> renamed = client_.command({"RENAME", key, aside});
  if (!renamed) return renamed.error();
  if (renamed->is_error()) return redis_failure(*renamed);
  log::warn("buffer", "foreign_key_set_aside", {{"key", key}, {"kept_as", aside}});
  if (key == size_key_) sums_.hash_is_gone();
  return Ok{};
}

Status RedisStreams::refresh() {
  CommandList asking;
  for (const Kind kind : kinds) sums_.ask(kind, asking);
  Result<RedisValue> replies = client_.pipeline(asking);
  if (!replies) return replies.error();
  std::size_t at = 0;
  for (const Kind kind : kinds) {
    sums_.answered(kind, *replies, at);
    at += RedisSums::ask_commands;
  }
  return Ok{};
}

Status RedisStreams::pay() {
  CommandList paying;
  std::vector<Kind> owing;
  for (const Kind kind : kinds) {
    if (!sums_.owes(kind)) continue;
    sums_.change(kind, 0, 0, paying);
    owing.push_back(kind);
  }
  if (owing.empty()) return Ok{};
  const Result<RedisValue> replies = client_.pipeline(paying);
  if (!replies) return replies.error();
  for (std::size_t i = 0; i < owing.size(); ++i)
    sums_.changed(owing[i], 0, 0, *replies, i * RedisSums::change_commands);
  for (std::size_t i = 0; i < replies->size(); ++i) {
    const std::string_view text = replies->at(i).is_error() ? replies->at(i).text() : "";
    const bool no_number = text.find("integer") != std::string_view::npos;
    if (no_number || text.find("overflow") != std::string_view::npos) return set_aside(size_key_);
  }
  return Ok{};
}

Status RedisStreams::drop_all() {
  const Result<RedisValue> done =
      client_.command({"DEL", key(kinds[0]), key(kinds[1]), key(kinds[2]), size_key_, damaged_key_});
  if (!done) return done.error();
  return done->is_error() ? Status(redis_failure(*done)) : Status(Ok{});
}

Result<std::uint64_t> RedisStreams::server_time() {
  const Result<RedisValue> time = client_.command({"TIME"});
  if (!time) return time.error();
  if (time->is_error()) return redis_failure(*time);
  return to_uint(time->at(0).text()).value_or(0) * 1000 + to_uint(time->at(1).text()).value_or(0) / 1000;
}

Result<RedisStreams::Added> RedisStreams::add(std::span<const Block* const> blocks,
                                              const RedisCommands* together) {
  CommandList list;
  for (const Block* block : blocks) {
    list.add({"XADD", key(block->kind), "*", "b", block->bytes, "n",
              list.keep(std::to_string(block->records)), "t", list.keep(std::to_string(block->newest))});
  }
  const std::array<Growth, kind_slots> growth = growth_of(blocks);
  for (const Kind kind : kinds) {
    const Growth& grown = growth.at(slot(kind));
    if (grown.blocks != 0) sums_.change(kind, grown.records, grown.bytes, list);
  }
  const RedisCommands* const parts[] = {&list, together};
  const Result<RedisValue> replies =
      client_.transaction({parts, together == nullptr ? std::size_t{1} : std::size_t{2}});
  if (!replies) return replies.error();
  if (replies->is_nil()) return Error{ErrorKind::retry, "redis: another agent has the lease"};
  if (replies->is_error()) {
    refusal_ = redis_failure(*replies).text;
    return Added(std::nullopt);
  }
  std::size_t first = blocks.size();
  for (const Kind kind : kinds) {
    const Growth& grown = growth.at(slot(kind));
    if (grown.blocks == 0) continue;
    sums_.changed(kind, grown.records, grown.bytes, *replies, first);
    first += RedisSums::change_commands;
  }
  std::vector<StreamId> ids;
  bool exhausted = false;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const RedisValue reply = replies->at(i);
    ids.push_back((reply.is_error() ? std::nullopt : to_stream_id(reply.text())).value_or(StreamId{}));
    exhausted = exhausted || reply.text().find("exhausted") != std::string_view::npos;
  }
  if (std::find(ids.begin(), ids.end(), StreamId{}) == ids.end()) return Added(std::move(ids));
  if (Status undone = take_back(blocks, ids, exhausted); !undone) return undone.error();
  return Error{ErrorKind::absent, "redis: a key of ours is not a stream of ours"};
}

// A transaction runs to its end even if one of its commands fails. No id: that one was not added.
Status RedisStreams::take_back(std::span<const Block* const> blocks, std::span<const StreamId> ids,
                               bool exhausted) {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const Kind kind = blocks[i]->kind;
    const Removal removal = {ids[i], true, blocks[i]->records, blocks[i]->bytes.size()};
    if (ids[i] == StreamId{}) {
      sums_.owe(kind, -number(removal.records), -number(removal.bytes));
      if (!exhausted) continue;
      if (Status aside = set_aside(key(kind)); !aside) return aside;
      exhausted = false;
    } else if (auto removed = remove(kind, {&removal, 1}, Names()); !removed) {
      return removed.error();
    }
  }
  return Ok{};
}

Result<std::vector<bool>> RedisStreams::remove(Kind kind, std::span<const Removal> removals, Names outputs) {
  CommandList acks;
  for (const std::string& output : outputs) {
    std::vector<std::string_view> ack = {"XACK", key(kind), output};
    for (const Removal& removal : removals) ack.push_back(acks.keep(removal.id));
    acks.add(std::move(ack));
  }
  return remove(kind, removals, acks);
}

Result<bool> RedisStreams::remove_damaged(Kind kind, const RedisEntry& entry, Names outputs) {
  CommandList before;
  const std::string_view id = before.keep(entry.id);
  before.add({"XADD", damaged_key_, "MAXLEN", damaged_max, "*", "kind", kind_name(kind), "id", id, "why",
              entry.problem, "b", std::string_view(entry.block.bytes).substr(0, damaged_bytes_max)});
  for (const std::string& output : outputs) before.add({"XACK", key(kind), output, id});
  const Removal removal = {entry.id, entry.sized, entry.block.records, entry.block.bytes.size()};
  const Result<std::vector<bool>> removed = remove(kind, {&removal, 1}, before);
  if (!removed) return removed.error();
  return removed->front();
}

Result<std::vector<bool>> RedisStreams::remove(Kind kind, std::span<const Removal> removals,
                                               const CommandList& before) {
  if (removals.empty()) return std::vector<bool>();
  CommandList list;
  list.append(before);
  std::int64_t records = 0;
  std::int64_t bytes = 0;
  for (const Removal& removal : removals) {
    list.add({"XDEL", key(kind), list.keep(removal.id)});
    if (!removal.sized) continue;
    records -= number(removal.records);
    bytes -= number(removal.bytes);
  }
  const std::size_t first = before.count();
  const std::size_t sums = first + removals.size();
  sums_.change(kind, records, bytes, list);
  const RedisCommands* const whole = &list;
  Result<RedisValue> replies = client_.transaction({&whole, 1});
  if (!replies) return replies.error();
  // Full: single commands that free memory are taken all the same; what the sums lack is then owed.
  if (!replies->is_nil() && replies->is_error()) replies = client_.pipeline(list);
  if (!replies) return replies.error();
  std::vector<bool> removed;
  Status failure = Ok{};
  for (std::size_t i = 0; i < removals.size(); ++i) {
    const RedisValue reply = replies->at(first + i);
    removed.push_back(reply.integer() != 0);
    if (reply.type() != RedisType::integer) failure = redis_failure(reply);
  }
  sums_.changed(kind, records, bytes, *replies, sums);
  for (std::size_t i = 0; i < removals.size(); ++i) {
    if (!removed[i] && removals[i].sized)
      sums_.owe(kind, number(removals[i].records), number(removals[i].bytes));
  }
  if (!failure) return failure.error();
  return removed;
}

}  // namespace scops
