#include "collectors/listen/chouette/orphans.hpp"

#include <algorithm>
#include <functional>

#include "collectors/listen/chouette/taker.hpp"
#include "core/io/log_block.hpp"

namespace scops::chouette {
namespace {

constexpr std::size_t parts_a_look = 10;
constexpr std::string_view part_size = "100";

}  // namespace

Status Orphans::look(RecordParser& parser) {
  make_room();
  for (std::size_t i = 0; i < parts_a_look; ++i) {
    const auto reply = checked("HSCAN " + names_.values, scan());
    if (!reply) {
      cursor_ = "0";
      return reply.error().kind == ErrorKind::drop ? look_by_names() : reply.error();
    }
    cursor_ = reply->at(0).text();
    collect_old(reply->at(1), parser);
    if (Status erased = erase_without_key(); !erased) return erased;
    if (cursor_ == "0") break;
  }
  return Ok{};
}

// Where a part is too large for a reply, a value at a time.
Result<RedisValue> Orphans::scan() {
  Result<RedisValue> reply = redis_.command({"HSCAN", names_.values, cursor_, "COUNT", part_size});
  if (reply || reply.error().kind != ErrorKind::drop) return reply;
  return redis_.command({"HSCAN", names_.values, cursor_, "COUNT", "1"});
}

// One value is more than the client takes, and there is no way past it: those that are too long for any
// record are found by their names.
Status Orphans::look_by_names() {
  const auto names = checked("HKEYS " + names_.values, redis_.command({"HKEYS", names_.values}));
  if (!names) return names.error();
  PackedIds all;
  for (std::size_t i = 0; i < names->size(); ++i) all.add(names->at(i).text());
  const auto lengths = redis_.pipeline(AskEach("HSTRLEN", names_.values, all));
  if (!lengths) return within("HSTRLEN " + names_.values, lengths.error());
  old_.clear();
  PackedIds::Reader ids(all);
  for (std::size_t i = 0; i < all.count(); ++i) {
    const std::string_view id = ids.next();
    const bool monster = lengths->at(i).integer() > static_cast<std::int64_t>(log_record_max);
    if (monster && old_by_first_sight(id)) old_.add(id);
  }
  return erase_without_key();
}

void Orphans::collect_old(const RedisValue& pairs, RecordParser& parser) {
  old_.clear();
  const TimeMs now = clock_.wall();
  for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
    const std::string_view id = pairs.at(i).text();
    const auto time = parser.time_of(pairs.at(i + 1).text());
    const bool known = time && *time <= now + future_max;
    if (known ? *time < now - ttl_.count() : old_by_first_sight(id)) old_.add(id);
  }
}

// What is old goes when it is found in Redis; after as long again it has gone without us.
void Orphans::make_room() {
  if (first_seen_.size() < remembered_max) return;
  const std::int64_t now = clock_.boot();
  std::erase_if(first_seen_, [&](const auto& seen) { return now - seen.second > 2 * ttl_.count(); });
}

bool Orphans::old_by_first_sight(std::string_view id) {
  const std::int64_t now = clock_.boot();
  const std::size_t hash = std::hash<std::string_view>{}(id);
  const auto known = first_seen_.find(hash);
  if (known != first_seen_.end()) return now - known->second > ttl_.count();
  if (first_seen_.size() < remembered_max) first_seen_.emplace(hash, now);
  return false;
}

Status Orphans::erase_without_key() {
  if (old_.empty()) return Ok{};
  const auto scores = redis_.pipeline(AskEach("ZSCORE", names_.keys, old_));
  if (!scores) return within("ZSCORE " + names_.keys, scores.error());
  PackedIds without_key;
  PackedIds::Reader ids(old_);
  for (std::size_t i = 0; i < old_.count(); ++i) {
    const std::string_view id = ids.next();
    if (scores->at(i).is_nil()) without_key.add(id);
  }
  if (without_key.empty()) return Ok{};
  if (Status erased = run_erase(redis_, names_, without_key); !erased) return erased;
  PackedIds::Reader gone(without_key);
  for (std::size_t i = 0; i < without_key.count(); ++i) {
    first_seen_.erase(std::hash<std::string_view>{}(gone.next()));
  }
  losses_.note(Flaw::no_key, without_key.count());
  losses_.count();
  return Ok{};
}

}  // namespace scops::chouette
