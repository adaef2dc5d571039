#include "transport/buffer/redis_sums.hpp"

#include <algorithm>
#include <utility>

#include "core/model/text.hpp"

namespace scops {

namespace {

std::uint64_t positive(std::int64_t value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(value, 0));
}

// Anybody may write into the hash: no sum of ours overflows.
std::int64_t plus(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? 0 : sum;
}

std::int64_t minus(std::int64_t value) {
  std::int64_t result = 0;
  return __builtin_sub_overflow(std::int64_t{0}, value, &result) ? 0 : result;
}

}  // namespace

RedisSums::Size RedisSums::size(Kind kind) const {
  const Sum& sum = of(kind);
  if (sum.blocks == 0) return {};
  return {sum.blocks, positive(plus(sum.records, sum.owed_records)),
          positive(plus(sum.bytes, sum.owed_bytes))};
}

void RedisSums::ask(Kind kind, CommandList& to) const {
  const std::string name(kind_name(kind));
  to.add({"HMGET", hash_, to.keep(name + ".records"), to.keep(name + ".bytes")});
  to.add({"XLEN", streams_.at(slot(kind))});
}

void RedisSums::answered(Kind kind, const RedisValue& replies, std::size_t first) {
  Sum& sum = of(kind);
  const RedisValue values = replies.at(first);
  sum.records = to_int(values.at(0).text()).value_or(0);
  sum.bytes = to_int(values.at(1).text()).value_or(0);
  if (const RedisValue blocks = replies.at(first + 1); blocks.type() == RedisType::integer)
    set_blocks(kind, positive(blocks.integer()));
}

bool RedisSums::owes(Kind kind) const { return of(kind).owed_records != 0 || of(kind).owed_bytes != 0; }

void RedisSums::change(Kind kind, std::int64_t records, std::int64_t bytes, CommandList& to) const {
  const Sum& sum = of(kind);
  const std::string name(kind_name(kind));
  const auto number = [&](std::int64_t value) { return to.keep(std::to_string(value)); };
  to.add({"HINCRBY", hash_, to.keep(name + ".records"), number(plus(records, sum.owed_records))});
  to.add({"HINCRBY", hash_, to.keep(name + ".bytes"), number(plus(bytes, sum.owed_bytes))});
  to.add({"XLEN", streams_.at(slot(kind))});
}

void RedisSums::changed(Kind kind, std::int64_t records, std::int64_t bytes, const RedisValue& replies,
                        std::size_t first) {
  Sum& sum = of(kind);
  const auto note = [](const RedisValue& reply, std::int64_t change, std::int64_t& value,
                       std::int64_t& owed) {
    if (reply.type() == RedisType::integer) {
      value = reply.integer();
      owed = 0;
    } else {
      owed = plus(owed, change);
    }
  };
  note(replies.at(first), records, sum.records, sum.owed_records);
  note(replies.at(first + 1), bytes, sum.bytes, sum.owed_bytes);
  const RedisValue blocks = replies.at(first + 2);
  if (blocks.type() == RedisType::integer) set_blocks(kind, positive(blocks.integer()));
}

void RedisSums::owe(Kind kind, std::int64_t records, std::int64_t bytes) {
  Sum& sum = of(kind);
  sum.owed_records = plus(sum.owed_records, records);
  sum.owed_bytes = plus(sum.owed_bytes, bytes);
  set_blocks(kind, sum.blocks);  // an empty stream knows better
}

void RedisSums::set_blocks(Kind kind, std::uint64_t blocks) {
  Sum& sum = of(kind);
  sum.blocks = blocks;
  if (blocks != 0) return;
  sum.owed_records = minus(sum.records);
  sum.owed_bytes = minus(sum.bytes);
}

void RedisSums::hash_is_gone() {
  for (Sum& sum : sums_) {
    sum.owed_records = plus(sum.owed_records, std::exchange(sum.records, 0));
    sum.owed_bytes = plus(sum.owed_bytes, std::exchange(sum.bytes, 0));
  }
}

}  // namespace scops
