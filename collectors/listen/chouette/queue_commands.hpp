// A queue's two keys, and the commands that go through ids of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "collectors/listen/chouette/packed_ids.hpp"
#include "core/io/redis.hpp"

namespace scops::chouette {

struct QueueNames {
  QueueNames(std::string_view prefix, std::string_view queue);

  std::string label;   // "metrics:raw"
  std::string keys;    // a sorted set of ids, by the time of the record
  std::string values;  // a hash: id, record
};

// Removes records: ZREM and HDEL, some hundred ids a command. Names and ids outlive it.
class Erase final : public RedisCommands {
 public:
  Erase(const QueueNames& names, const PackedIds& ids, Guard guard = {})
      : names_(names), ids_(ids), guard_(std::move(guard)) {}

  [[nodiscard]] std::size_t count() const override;
  void write(RedisWriter& to) const override;
  [[nodiscard]] Guard guard() const override { return guard_; }

 private:
  const QueueNames& names_;
  const PackedIds& ids_;
  Guard guard_;
};

// The same for one of the keys and the next `size` ids.
class EraseSome final : public RedisCommands {
 public:
  EraseSome(std::string_view command, std::string_view key, const PackedIds::Reader& from, std::size_t size)
      : command_(command), key_(key), from_(from), size_(size) {}

  [[nodiscard]] std::size_t count() const override;
  void write(RedisWriter& to) const override;

 private:
  std::string_view command_;
  std::string_view key_;
  PackedIds::Reader from_;
  std::size_t size_;
};

// Asks for the values of the next `size` ids.
class FetchValues final : public RedisCommands {
 public:
  FetchValues(const QueueNames& names, const PackedIds::Reader& from, std::size_t size)
      : names_(names), from_(from), size_(size) {}

  [[nodiscard]] std::size_t count() const override { return 1; }
  void write(RedisWriter& to) const override;

 private:
  const QueueNames& names_;
  PackedIds::Reader from_;
  std::size_t size_;
};

// Asks something about each of the ids: `command` key id.
class AskEach final : public RedisCommands {
 public:
  AskEach(std::string_view command, std::string_view key, const PackedIds& ids)
      : command_(command), key_(key), ids_(ids) {}

  [[nodiscard]] std::size_t count() const override { return ids_.count(); }
  void write(RedisWriter& to) const override;

 private:
  std::string_view command_;
  std::string_view key_;
  const PackedIds& ids_;
};

// A reply that is an error of the server becomes an Error, which names `what` was asked.
[[nodiscard]] Result<RedisValue> checked(std::string_view what, Result<RedisValue> reply);

// Removes records without a transaction, which a Redis at its memory limit refuses. In parts that a slow
// board finishes in time; after an Error some may be gone.
[[nodiscard]] Status run_erase(RedisClient& redis, const QueueNames& names, const PackedIds& ids);

}  // namespace scops::chouette
