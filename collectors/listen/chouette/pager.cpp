#include "collectors/listen/chouette/pager.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops::chouette {
namespace {

// Of values that are read in one go where some are known to be long.
constexpr std::size_t careful_bytes = 1U << 20U;

// A part of a page on its way to the visitor.
class Visitor {
 public:
  Visitor(RedisClient& redis, const QueueNames& names, const Page& page, std::size_t limit,
          const Visit& visit)
      : redis_(redis), names_(names), page_(page), ids_(page.ids), limit_(limit), visit_(visit) {}

  // The next `size` values in one reply.
  Status read(std::size_t size) {
    const auto replies = redis_.pipeline(FetchValues(names_, ids_, size));
    if (!replies) return within("HMGET " + names_.values, replies.error());
    const auto values = checked("HMGET " + names_.values, replies->at(0));
    if (!values) return values.error();
    for (std::size_t i = 0; i < size && !enough_; ++i) {
      const RedisValue value = values->at(i);
      const bool large = value.text().size() > limit_;
      give({.state = value.is_nil() ? Found::State::missing
                     : large        ? Found::State::too_large
                                    : Found::State::there,
            .value = value.text()});
    }
    return Ok{};
  }

  // All of them by their lengths, which are asked first.
  Status read_carefully() {
    const auto replies = redis_.pipeline(AskEach("HSTRLEN", names_.values, page_.ids));
    if (!replies) return within("HSTRLEN " + names_.values, replies.error());
    std::vector<std::size_t> lengths;
    for (std::size_t i = 0; i < page_.ids.count(); ++i) {
      lengths.push_back(static_cast<std::size_t>(std::max<std::int64_t>(0, replies->at(i).integer())));
    }
    while (next_ < lengths.size() && !enough_) {
      if (lengths[next_] > limit_) {
        give({.state = Found::State::too_large, .value = {}});
        continue;
      }
      std::size_t end = next_;
      for (std::size_t sum = 0; end < lengths.size() && lengths[end] <= limit_; ++end) {
        sum += lengths[end];
        if (sum > careful_bytes && end > next_) break;
      }
      if (Status part = read(end - next_); !part) return part;
    }
    return Ok{};
  }

 private:
  void give(const Found& found) { enough_ = !visit_(ids_.next(), page_.times[next_++], found); }

  RedisClient& redis_;
  const QueueNames& names_;
  const Page& page_;
  PackedIds::Reader ids_;
  std::size_t next_ = 0;
  bool enough_ = false;
  std::size_t limit_;
  const Visit& visit_;
};

}  // namespace

std::string score_text(TimeMs time) { return fmt::format("{}.{:03}", time / 1000, time % 1000); }

std::optional<TimeMs> score_time(std::string_view score) {
  const auto seconds = to_number(score);
  constexpr double most = 1e15;
  if (!seconds || std::fabs(*seconds) > most) return std::nullopt;
  return static_cast<TimeMs>(std::floor(*seconds * 1000));
}

Result<bool> Pager::next(Page& into, std::size_t most) {
  into.ids.clear();
  into.times.clear();
  while (into.ids.empty()) {
    const Result<RedisValue> reply = checked("ZRANGEBYSCORE " + names_.keys, read(most));
    if (!reply) return reply.error();
    if (reply->size() < 2) return false;
    for (std::size_t i = 0; i + 1 < reply->size(); i += 2) {
      const std::string_view id = reply->at(i).text();
      const std::string_view score = reply->at(i + 1).text();
      const bool same = score == score_;
      taken_ = same ? taken_ + 1 : 1;
      // Within a score they come in the order of their bytes: this one was given, or came in front of those
      // that were and has to wait for the next round.
      if (same && id <= id_) continue;
      score_ = score;
      id_ = id;
      into.ids.add(id);
      into.times.push_back(score_time(score).value_or(0));
    }
    range_.from = score_;
  }
  return true;
}

// Ids can be so long that a page of them is no reply that the client takes.
Result<RedisValue> Pager::read(std::size_t most) {
  for (;;) {
    most = std::min(most, size_max_);
    Result<RedisValue> reply =
        redis_.command({"ZRANGEBYSCORE", names_.keys, range_.from, range_.to, "WITHSCORES", "LIMIT",
                        fmt::to_string(taken_), fmt::to_string(most)});
    const bool too_large = !reply && reply.error().kind == ErrorKind::drop;
    if (!too_large) return reply;
    if (most > 1) {
      size_max_ = std::max<std::size_t>(1, most / 16);
    } else if (Status removed = remove_next(); !removed) {
      return removed.error();
    }
  }
}

// Without its id, by its rank: what clients add meanwhile is newer and comes behind it.
Status Pager::remove_next() {
  const bool open = range_.from.starts_with('(');
  const auto before = checked("ZCOUNT", redis_.command({"ZCOUNT", names_.keys, "-inf",
                                                        open ? range_.from.substr(1) : "(" + range_.from}));
  if (!before) return before.error();
  const std::string rank = fmt::to_string(static_cast<std::uint64_t>(before->integer()) + taken_);
  const auto removed =
      checked("ZREMRANGEBYRANK", redis_.command({"ZREMRANGEBYRANK", names_.keys, rank, rank}));
  if (!removed) return removed.error();
  log::warn("collect", "id_too_large", {{"key", printable(names_.keys)}});
  return Ok{};
}

Status visit_values(RedisClient& redis, const QueueNames& names, const Page& page, std::size_t limit,
                    const Visit& visit) {
  Visitor visitor(redis, names, page, limit, visit);
  Status status = visitor.read(page.ids.count());
  if (status || status.error().kind != ErrorKind::drop) return status;
  return visitor.read_carefully();
}

}  // namespace scops::chouette
