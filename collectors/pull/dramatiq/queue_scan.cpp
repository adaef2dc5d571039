#include "collectors/pull/dramatiq/queue_scan.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/model/text.hpp"
#include "core/runtime/memory.hpp"

namespace scops::dramatiq {
namespace {

constexpr std::string_view suffix = ".msgs";
constexpr std::size_t key_max = 512;    // bytes; Dramatiq's own names are identifiers
constexpr std::size_t cursor_max = 20;  // digits of a 64 bit number
constexpr std::int64_t short_ms = 20;   // a scan that took less can be made each second
constexpr std::int64_t rest = 50;       // times as long as a longer one took

constexpr std::uint64_t queues_share = 16;  // of the memory cap

// Of a queue that is known.
std::size_t bytes_of(std::string_view key) {
  constexpr std::size_t node = 96;  // of the map
  return key.size() + node;
}

bool is_cursor(std::string_view text) {
  return !text.empty() && text.size() <= cursor_max && to_uint(text).has_value();
}

}  // namespace

std::optional<std::string_view> queue_of_key(std::string_view key, std::string_view key_space) {
  if (!key.starts_with(key_space)) return std::nullopt;
  key.remove_prefix(key_space.size());
  if (!key.starts_with(':')) return std::nullopt;
  key.remove_prefix(1);
  if (!key.ends_with(suffix) || key.size() == suffix.size()) return std::nullopt;
  key.remove_suffix(suffix.size());
  return key;
}

// https://redis.io/docs/latest/commands/keys/: \ escapes.
std::string key_pattern(std::string_view key_space) {
  constexpr std::string_view special = "*?[]\\^-";
  std::string pattern;
  for (const char c : key_space) {
    if (special.find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  pattern += ":*";
  pattern += suffix;
  return pattern;
}

void LeftOut::add(std::string_view key, std::string_view why) {
  if (count++ == 0) first = fmt::format("'{}' {}", printable(key), why);
}

QueueScan::QueueScan(const DramatiqSettings& settings, RedisClient& redis, const Clock& clock)
    : settings_(settings),
      filter_{settings.queues_include, settings.queues_exclude},
      pattern_(key_pattern(settings.key_space)),
      count_(std::to_string(settings.scan_count)),
      redis_(redis),
      clock_(clock),
      bytes_max_(memory::share(queues_share, 1U << 20U, SIZE_MAX)) {}

Status QueueScan::look() {
  const std::int64_t began = clock_.steady();
  if (cursor_ == "0" && began < next_ms_) return Ok{};
  const std::int64_t spent_before = spent_ms_;
  do {
    const Result<bool> through = step();
    spent_ms_ = spent_before + clock_.steady() - began;
    if (!through) {
      begin_again();
      return through.error();
    }
    if (through.value()) {
      finish();
      return Ok{};
    }
  } while (clock_.steady() - began < settings_.scan_budget.count());
  return Ok{};
}

Result<bool> QueueScan::step() {
  const bool first = cursor_ == "0";
  const auto answer = redis_.command({"SCAN", cursor_, "MATCH", pattern_, "COUNT", count_});
  if (!answer) return answer.error();
  const RedisValue& reply = answer.value();
  if (reply.is_error()) {
    return Error{ErrorKind::retry,
                 fmt::format("redis {}: SCAN: {}", redis_.where(), printable(reply.text(), 200))};
  }
  if (reply.size() != 2 || !is_cursor(reply.at(0).text()) || reply.at(1).type() != RedisType::list) {
    return Error{ErrorKind::retry,
                 fmt::format("redis {}: SCAN is not answered as by a Redis", redis_.where())};
  }
  const RedisValue keys = reply.at(1);
  for (std::size_t i = 0; i < keys.size(); ++i) take(keys.at(i).text());
  if (first) connection_ = redis_.connection();
  if (redis_.connection() !=
      connection_) {  // perhaps another server: a cursor is of use only where it comes from
    begin_again();
    return false;
  }
  cursor_ = reply.at(0).text();
  return cursor_ == "0";
}

void QueueScan::take(std::string_view key) {
  const std::optional<std::string_view> queue = queue_of_key(key, settings_.key_space);
  if (!queue || !filter_.passes(*queue)) return;
  if (const auto known = queues_.find(key); known != queues_.end()) {
    known->second.seen = scan_;
  } else if (key.size() > key_max) {
    leaving_out_.add(key, "is too long");
  } else if (printable(*queue, key_max) != *queue) {
    leaving_out_.add(key, "is not text");
  } else if (queues_.size() >= static_cast<std::size_t>(settings_.queues_max)) {
    leaving_out_.add(key, "is one too many, see SCOPS_DRAMATIQ_QUEUES_MAX");
  } else if (bytes_ + bytes_of(key) > bytes_max_) {
    leaving_out_.add(key, "does not fit the memory, see SCOPS_AGENT_MEMORY_MAX");
  } else {
    bytes_ += bytes_of(key);
    memory::taking(bytes_of(key));
    queues_.emplace(key, Queue{scan_});
  }
}

QueueScan::Queues::iterator QueueScan::forget(Queues::iterator queue) {
  bytes_ -= bytes_of(queue->first);
  return queues_.erase(queue);
}

void QueueScan::begin_again() {
  cursor_ = "0";
  ++scan_;
  spent_ms_ = 0;
  leaving_out_ = {};
}

void QueueScan::finish() {
  next_ms_ = spent_ms_ < short_ms ? 0 : clock_.steady() + rest * spent_ms_;
  left_out_ = std::move(leaving_out_);
  complete_ = scan_;
  begin_again();
}

}  // namespace scops::dramatiq
