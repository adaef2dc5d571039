#include "collectors/listen/chouette/queue_commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/text.hpp"

namespace scops::chouette {
namespace {

constexpr std::size_t ids_a_command = 500;
constexpr std::size_t ids_a_pipeline = 20000;

std::size_t commands_for(std::size_t ids) { return (ids + ids_a_command - 1) / ids_a_command; }

void write_command(RedisWriter& to, std::string_view command, std::string_view key, PackedIds::Reader& ids,
                   std::size_t size) {
  to.begin(size + 2);
  to.argument(command);
  to.argument(key);
  for (std::size_t i = 0; i < size; ++i) to.argument(ids.next());
}

// All must succeed.
Status run_all(RedisClient& redis, const RedisCommands& commands) {
  const Result<RedisValue> replies = redis.pipeline(commands);
  if (!replies) return within("erase", replies.error());
  for (std::size_t i = 0; i < replies->size(); ++i) {
    if (const auto reply = checked("erase", replies->at(i)); !reply) return reply.error();
  }
  return Ok{};
}

}  // namespace

QueueNames::QueueNames(std::string_view prefix, std::string_view queue)
    : label(queue),
      keys(fmt::format("{}:{}.keys", prefix, queue)),
      values(fmt::format("{}:{}.values", prefix, queue)) {}

std::size_t Erase::count() const { return 2 * commands_for(ids_.count()); }

void Erase::write(RedisWriter& to) const {
  PackedIds::Reader ids(ids_);
  for (std::size_t left = ids_.count(); left > 0;) {
    const std::size_t size = std::min(left, ids_a_command);
    PackedIds::Reader again = ids;
    write_command(to, "ZREM", names_.keys, ids, size);
    write_command(to, "HDEL", names_.values, again, size);
    left -= size;
  }
}

std::size_t EraseSome::count() const { return commands_for(size_); }

void EraseSome::write(RedisWriter& to) const {
  PackedIds::Reader ids = from_;
  for (std::size_t left = size_; left > 0;) {
    const std::size_t size = std::min(left, ids_a_command);
    write_command(to, command_, key_, ids, size);
    left -= size;
  }
}

void FetchValues::write(RedisWriter& to) const {
  PackedIds::Reader ids = from_;
  write_command(to, "HMGET", names_.values, ids, size_);
}

void AskEach::write(RedisWriter& to) const {
  PackedIds::Reader ids(ids_);
  for (std::size_t i = 0; i < ids_.count(); ++i) write_command(to, command_, key_, ids, 1);
}

Result<RedisValue> checked(std::string_view what, Result<RedisValue> reply) {
  if (!reply) return within(std::string(what), reply.error());
  if (!reply->is_error()) return reply;
  return Error{ErrorKind::retry, fmt::format("{}: {}", what, printable(reply->text()))};
}

// A key at a time: in a cluster they may be on different nodes.
Status run_erase(RedisClient& redis, const QueueNames& names, const PackedIds& ids) {
  PackedIds::Reader reader(ids);
  for (std::size_t left = ids.count(); left > 0;) {
    const std::size_t size = std::min(left, ids_a_pipeline);
    const EraseSome keys("ZREM", names.keys, reader, size);
    const EraseSome values("HDEL", names.values, reader, size);
    for (const EraseSome* const part : {&keys, &values}) {
      if (Status status = run_all(redis, *part); !status) return status;
    }
    for (std::size_t i = 0; i < size; ++i) (void)reader.next();
    left -= size;
  }
  return Ok{};
}

}  // namespace scops::chouette
