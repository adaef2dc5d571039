#include "collectors/listen/chouette/lease.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "collectors/listen/chouette/queue_commands.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops::chouette {

Lease::Lease(RedisClient& redis, const Clock& clock, std::string key, std::string agent, Duration ttl)
    : redis_(redis),
      clock_(clock),
      key_(std::move(key)),
      agent_(std::move(agent) + "#"),
      self_(fmt::format("{}{:08x}", agent_, std::random_device{}())),
      ttl_(fmt::to_string(ttl.count())),
      ttl_ms_(ttl.count()) {}

Result<bool> Lease::hold() {
  held_ = false;
  constexpr int attempts = 3;  // it may expire, or be given back, between two commands
  for (int i = 0; i < attempts; ++i) {
    const Result<Answer> answer = try_once();
    if (!answer) return within("lease", answer.error());
    if (*answer == Answer::again) continue;
    held_since_ = clock_.steady();
    return *answer == Answer::ours;
  }
  return false;
}

Result<bool> Lease::still_held() {
  if (clock_.steady() - held_since_ < ttl_ms_ / 3) return true;
  return hold();
}

Result<Lease::Answer> Lease::try_once() {
  const auto set = redis_.command({"SET", key_, self_, "NX", "PX", ttl_});
  if (!set) return set.error();
  const bool full = set->error_code() == "OOM";
  if (set->is_error() && !full) return checked("SET", set).error();
  if (!full && !set->is_nil()) {
    held_ = true;
    return Answer::ours;
  }
  return ask_holder(full);
}

// There is such a key, or Redis is full.
Result<Lease::Answer> Lease::ask_holder(bool full) {
  const auto holder = redis_.command({"GET", key_});
  if (!holder) return holder.error();
  if (holder->error_code() == "WRONGTYPE") {
    const auto moved = checked("RENAME", redis_.command({"RENAME", key_, key_ + ".foreign"}));
    if (!moved) return moved.error();
    return Answer::again;
  }
  if (holder->is_error()) return checked("GET", holder).error();
  if (holder->is_nil()) return full ? Answer::ours : Answer::again;
  if (holder->text() != self_) {
    return holder->text().starts_with(agent_) ? take_over() : theirs(std::string(holder->text()));
  }
  const auto prolonged = checked("PEXPIRE", redis_.command({"PEXPIRE", key_, ttl_}));
  if (!prolonged) return prolonged.error();
  held_ = prolonged->integer() == 1;
  return held_ ? Answer::ours : Answer::again;
}

Result<Lease::Answer> Lease::take_over() {
  const auto taken = redis_.command({"SET", key_, self_, "XX", "PX", ttl_});
  if (!taken) return taken.error();
  if (taken->is_error()) return checked("SET", taken).error();
  held_ = !taken->is_nil();
  return held_ ? Answer::ours : Answer::again;
}

Result<Lease::Answer> Lease::theirs(const std::string& holder) {
  if (!said_) {
    log::info("collect", "lease_held", {{"key", key_}, {"holder", printable(holder)}});
    said_ = true;
  }
  // Whoever made it that way, one without an end would keep everybody off for ever.
  const auto left = checked("PTTL", redis_.command({"PTTL", key_}));
  if (left && left->integer() == -1) (void)redis_.command({"PEXPIRE", key_, ttl_});
  return Answer::theirs;
}

void Lease::release() {
  if (!held_) return;
  held_ = false;
  const auto holder = redis_.command({"GET", key_});
  if (holder && holder->text() == self_ && !holder->is_error()) (void)redis_.command({"DEL", key_});
}

RedisCommands::Guard Lease::guard() const {
  if (!held_) return {};
  return {key_, self_};
}

}  // namespace scops::chouette
