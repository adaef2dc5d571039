#include "collectors/listen/chouette/queue_commands.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/model/text.hpp"

namespace scops::chouette {
namespace {

constexpr std::size_t ids_a_command = 500;

void write_chunk(RedisWriter& to, std::string_view command, std::string_view key, PackedIds::Reader& ids,
                 std::size_t size) {
  to.begin(size + 2);
  to.argument(command);
  to.argument(key);
  for (std::size_t i = 0; i < size; ++i) to.argument(ids.next());
}

}  // namespace

QueueNames::QueueNames(std::string_view prefix, std::string_view queue)
    : label(queue),
      keys(fmt::format("{}:{}.keys", prefix, queue)),
      values(fmt::format("{}:{}.values", prefix, queue)) {}

std::size_t Erase::count() const { return 2 * ((ids_.count() + ids_a_command - 1) / ids_a_command); }

void Erase::write(RedisWriter& to) const {
  PackedIds::Reader ids(ids_);
  for (std::size_t left = ids_.count(); left > 0;) {
    const std::size_t size = std::min(left, ids_a_command);
    PackedIds::Reader again = ids;
    write_chunk(to, "ZREM", names_.keys, ids, size);
    write_chunk(to, "HDEL", names_.values, again, size);
    left -= size;
  }
}

void FetchValues::write(RedisWriter& to) const {
  PackedIds::Reader ids = from_;
  write_chunk(to, "HMGET", names_.values, ids, size_);
}

void AskEach::write(RedisWriter& to) const {
  PackedIds::Reader ids(ids_);
  for (std::size_t i = 0; i < ids_.count(); ++i) write_chunk(to, command_, key_, ids, 1);
}

Result<RedisValue> checked(std::string_view what, Result<RedisValue> reply) {
  if (!reply) return within(std::string(what), reply.error());
  if (!reply->is_error()) return reply;
  return Error{ErrorKind::retry, fmt::format("{}: {}", what, printable(reply->text()))};
}

Status run_erase(RedisClient& redis, const Erase& erase) {
  const Result<RedisValue> replies = checked("erase", redis.pipeline(erase));
  if (!replies) return replies.error();
  for (std::size_t i = 0; i < replies->size(); ++i) {
    if (const auto reply = checked("erase", replies->at(i)); !reply) return reply.error();
  }
  return Ok{};
}

}  // namespace scops::chouette
