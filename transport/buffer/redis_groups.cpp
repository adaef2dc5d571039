// The streams of redis_streams.hpp as consumer groups read them.

#include <algorithm>
#include <utility>

#include "core/model/text.hpp"
#include "transport/buffer/redis_failure.hpp"
#include "transport/buffer/redis_streams.hpp"

namespace scops {

namespace {

constexpr std::string_view claims_at_once = "64";
// There is never anything after it. The very last id does not do: Redis then does not look at the consumer.
constexpr std::string_view beyond_all = "18446744073709551615-18446744073709551614";

RedisStreams::Entries to_entries(const RedisValue& list, Kind kind) {
  if (list.is_error()) return redis_failure(list);
  std::vector<RedisEntry> entries;
  for (std::size_t i = 0; i < list.size(); ++i) {
    std::optional<RedisEntry> entry = to_entry(list.at(i), kind);
    if (!entry) return Error{ErrorKind::retry, "redis: a list of entries that is none"};
    entries.push_back(std::move(*entry));
  }
  return entries;
}

}  // namespace

RedisStreams::Entries RedisStreams::range(Kind kind, StreamId from, std::size_t count) {
  const Result<RedisValue> reply =
      client_.command({"XRANGE", key(kind), from.text(), "+", "COUNT", std::to_string(count)});
  if (!reply) return reply.error();
  return to_entries(*reply, kind);
}

RedisStreams::Entries RedisStreams::range_back(Kind kind, StreamId from, std::size_t count) {
  const Result<RedisValue> reply =
      client_.command({"XREVRANGE", key(kind), from.text(), "-", "COUNT", std::to_string(count)});
  if (!reply) return reply.error();
  return to_entries(*reply, kind);
}

RedisStreams::Entries RedisStreams::history(Kind kind, std::string_view output, StreamId after,
                                            std::size_t count) {
  return read_group(kind, output, after.text(), count);
}

RedisStreams::Entries RedisStreams::fresh(Kind kind, std::string_view output, std::size_t count) {
  return read_group(kind, output, ">", count);
}

RedisStreams::Entries RedisStreams::read_group(Kind kind, std::string_view output, std::string_view from,
                                               std::size_t count) {
  const Result<RedisValue> reply = client_.command(
      {"XREADGROUP", "GROUP", output, consumer_, "COUNT", std::to_string(count), "STREAMS", key(kind), from});
  if (!reply) return reply.error();
  if (reply->is_error()) return redis_failure(*reply);
  return to_entries(reply->at(0).at(1), kind);  // [[key, entries]], or nil
}

Result<std::vector<RedisStreams::Group>> RedisStreams::groups(Kind kind) {
  const Result<RedisValue> reply = client_.command({"XINFO", "GROUPS", key(kind)});
  if (!reply) return reply.error();
  if (!reply->is_error()) return to_groups(*reply);
  Error error = redis_failure(*reply);
  if (error.kind == ErrorKind::absent && reply->error_code() != "WRONGTYPE") return std::vector<Group>();
  return error;
}

Status RedisStreams::make_group(Kind kind, const std::string& output) {
  const Result<RedisValue> reply = client_.command({"XGROUP", "CREATE", key(kind), output, "0", "MKSTREAM"});
  if (!reply) return reply.error();
  if (!reply->is_error() || reply->error_code() == "BUSYGROUP" || reply->error_code() == "OOM") return Ok{};
  return redis_failure(*reply);
}

Result<StreamId> RedisStreams::last_id(Kind kind) {
  const Result<RedisValue> reply = client_.command({"XINFO", "STREAM", key(kind)});
  if (!reply) return reply.error();
  if (reply->is_error()) return redis_failure(*reply);
  return to_last_id(*reply);
}

Result<std::optional<StreamId>> RedisStreams::pending(Kind kind, std::string_view output, StreamId from,
                                                      bool own) {
  std::vector<std::string_view> arguments = {"XPENDING", key(kind), output};
  const std::string first = from.text();
  arguments.insert(arguments.end(), {first, "+", "1"});
  if (own) arguments.push_back(consumer_);
  const Result<RedisValue> reply = client_.command(arguments);
  if (!reply) return reply.error();
  if (reply->is_error()) return redis_failure(*reply);
  return to_stream_id(reply->at(0).at(0).text());
}

Result<RedisStreams::Acked> RedisStreams::ack(Kind kind, std::string_view output,
                                              std::span<const StreamId> ids, Names others) {
  CommandList list;
  for (const StreamId id : ids) list.add({"XACK", key(kind), output, list.keep(id)});
  list.add({"XINFO", "GROUPS", key(kind)});
  for (const std::string& other : others) {
    for (const StreamId id : ids) {
      const std::string_view text = list.keep(id);
      list.add({"XPENDING", key(kind), other, text, text, "1"});
    }
  }
  const Result<RedisValue> replies = client_.pipeline(list);
  if (!replies) return replies.error();
  Acked acked;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (replies->at(i).is_error()) return redis_failure(replies->at(i));
  }
  acked.groups = to_groups(replies->at(ids.size()));
  std::size_t at = ids.size() + 1;
  for (std::size_t other = 0; other < others.size(); ++other) {
    std::vector<bool>& waits = acked.waits.emplace_back();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      const RedisValue pending = replies->at(at++);
      // Without its group nobody waits; of any other error that cannot be said.
      if (pending.is_error() && pending.error_code() != "NOGROUP") return redis_failure(pending);
      waits.push_back(!pending.is_error() && pending.size() != 0);
    }
  }
  return acked;
}

Result<std::vector<RedisStreams::Consumer>> RedisStreams::others(Kind kind, std::string_view output) {
  // Whoever reads is alive.
  if (const Entries alive = read_group(kind, output, beyond_all, 1); !alive) return alive.error();
  const Result<RedisValue> reply = client_.command({"XINFO", "CONSUMERS", key(kind), output});
  if (!reply) return reply.error();
  if (reply->is_error()) return redis_failure(*reply);
  std::vector<Consumer> consumers = to_consumers(*reply);
  std::erase_if(consumers, [this](const Consumer& consumer) { return consumer.name == consumer_; });
  return consumers;
}

Result<std::size_t> RedisStreams::take_over(Kind kind, std::string_view output, const Consumer& from,
                                            Duration idle) {
  const Result<RedisValue> pending =
      client_.command({"XPENDING", key(kind), output, "-", "+", claims_at_once, from.name});
  if (!pending) return pending.error();
  if (pending->is_error()) return redis_failure(*pending);
  const std::string least = std::to_string(idle.count());
  CommandList list;
  std::vector<std::string_view> claim = {"XCLAIM", key(kind), output, consumer_, least};
  for (std::size_t i = 0; i < pending->size(); ++i)
    claim.push_back(list.keep(std::string(pending->at(i).at(0).text())));
  if (pending->size() == 0) return std::size_t{0};
  claim.emplace_back("JUSTID");
  const Result<RedisValue> claimed = client_.command(claim);
  if (!claimed) return claimed.error();
  if (claimed->is_error()) return redis_failure(*claimed);
  return claimed->size();
}

Status RedisStreams::claim(Kind kind, std::string_view output, std::span<const StreamId> ids, Duration idle) {
  const std::string least = std::to_string(idle.count());
  CommandList list;
  std::vector<std::string_view> claim = {"XCLAIM", key(kind), output, consumer_, least};
  for (const StreamId id : ids) claim.push_back(list.keep(id));
  claim.insert(claim.end(), {"FORCE", "JUSTID"});
  const Result<RedisValue> claimed = client_.command(claim);
  if (!claimed) return claimed.error();
  return claimed->is_error() ? Status(redis_failure(*claimed)) : Status(Ok{});
}

Status RedisStreams::forget(Kind kind, std::string_view output, const Consumer& consumer) {
  const Result<RedisValue> done =
      client_.command({"XGROUP", "DELCONSUMER", key(kind), output, consumer.name});
  if (!done) return done.error();
  return done->is_error() ? Status(redis_failure(*done)) : Status(Ok{});
}

}  // namespace scops
