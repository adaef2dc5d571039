#include "core/io/redis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/io/redis_connect.hpp"
#include "core/io/redis_exchange.hpp"
#include "core/io/redis_reply.hpp"
#include "core/io/redis_verdict.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t first_wait_ms = 100;
constexpr std::int64_t longest_wait_ms = 5000;
constexpr int hops_max = 5;

// A question that may have to be asked again, of another node.
struct Question {
  std::span<const std::string_view> command = {};
  const RedisCommands* pipeline = nullptr;
  std::span<const RedisCommands* const> transaction = {};
  bool is_transaction = false;
};

}  // namespace

class RedisClient::Impl {
 public:
  Impl(RedisTarget target, const Clock& clock)
      : target_(std::move(target)),
        clock_(clock),
        replies_(target_.reply_max),
        connector_(target_, replies_, buffer_) {}

  Result<RedisValue> ask(const Question& question);

  [[nodiscard]] bool outcome_unknown() const { return unknown_; }
  [[nodiscard]] std::uint64_t connection() const { return connections_ + (link_ ? 0 : 1); }
  [[nodiscard]] std::string where() const;

 private:
  Status connect();
  Status open(const RedisAddress& address);
  [[nodiscard]] bool still_there();
  void answered();
  Error lost(Error error);
  Result<RedisValue> once(const Question& question);
  Result<RedisValue> plain(std::span<const std::string_view> command);
  Result<RedisValue> piped(const RedisCommands& commands);
  Result<RedisValue> transacted(std::span<const RedisCommands* const> commands);
  Result<bool> open_transaction(const RedisCommands::Guard& guard, Deadline deadline);
  Result<RedisValue> simple(std::span<const std::string_view> command, Deadline deadline);
  [[nodiscard]] Deadline deadline() const { return SteadyClock::now() + target_.timeout; }

  RedisTarget target_;
  const Clock& clock_;
  RedisReplies replies_;
  std::string buffer_;
  RedisConnector connector_;
  std::optional<RedisLink> link_;
  RedisAddress node_;                     // at the other end of link_
  std::optional<RedisAddress> moved_to_;  // instead of the target
  bool asking_ = false;                   // the next command is let in during a move
  bool unknown_ = false;
  std::uint64_t connections_ = 0;

  std::int64_t wait_ms_ = first_wait_ms;  // after the next failure; 0: it was well until then
  std::int64_t next_attempt_ms_ = 0;      // of the steady clock, as the next one
  std::int64_t asked_ms_ = 0;             // when the present question came
  Error last_error_{ErrorKind::retry, {}};
  bool reported_ = false;  // the loss
};

std::string RedisClient::Impl::where() const {
  if (!target_.sentinels.empty()) return fmt::format("master '{}'", target_.sentinel_master);
  return RedisAddress{target_.host, target_.port, target_.socket}.name();
}

Status RedisClient::Impl::connect() {
  if (link_ && still_there()) return Ok{};
  const bool ended = link_.has_value();
  link_.reset();
  if (ended && target_.tells_of_end)
    return Error{ErrorKind::absent, fmt::format("redis {}: the connection has ended", node_.name())};
  if (clock_.steady() < next_attempt_ms_) {
    return Error{ErrorKind::retry, "not connected, waiting for the next attempt: " + last_error_.text};
  }
  if (moved_to_) {
    const Status opened = open(*moved_to_);
    if (opened) return Ok{};
    moved_to_.reset();  // that node has failed: at the next attempt the target may know another
    return lost(opened.error());
  }
  const Result<RedisAddress> address = connector_.find();
  if (!address) return lost(address.error());
  if (const Status opened = open(*address); !opened) return lost(opened.error());
  return Ok{};
}

Status RedisClient::Impl::open(const RedisAddress& address) {
  link_.reset();
  Result<RedisLink> link = connector_.connect(address);
  if (!link) return link.error();
  link_.emplace(std::move(*link));
  node_ = address;
  ++connections_;
  return Ok{};
}

// A server closes idle connections, or was restarted: found out before anything is sent, it costs nothing.
bool RedisClient::Impl::still_there() {
  char nothing = 0;
  const Result<std::size_t> came = link_->read_some({&nothing, 1});
  return came && came.value() == 0;
}

void RedisClient::Impl::answered() {
  wait_ms_ = 0;
  if (!std::exchange(reported_, false)) return;
  log::info("agent", "redis_connected", {{"server", where()}});
}

Error RedisClient::Impl::lost(Error error) {
  link_.reset();
  // What took long to fail will take as long again: our callers must not spend their time here.
  const std::int64_t now = clock_.steady();
  next_attempt_ms_ = now + std::max(wait_ms_, 3 * (now - asked_ms_));
  wait_ms_ = std::clamp(2 * wait_ms_, first_wait_ms, longest_wait_ms);
  last_error_ = error;
  if (!std::exchange(reported_, true)) {
    log::warn("agent", "redis_lost", {{"server", where()}, {"error", error.text}});
  }
  return error;
}

Result<RedisValue> RedisClient::Impl::ask(const Question& question) {
  unknown_ = false;
  asked_ms_ = clock_.steady();
  for (int hops = 0; hops <= hops_max; ++hops) {
    if (const Status connected = connect(); !connected) return connected.error();
    Result<RedisValue> answer = once(question);
    if (!answer && answer.error().kind == ErrorKind::retry) {
      return lost(redis_error(node_.name(), answer.error().text));
    }
    if (!answer) {  // a reply above the limit, a command badly made: the server is well
      link_.reset();
      return within("redis " + node_.name(), answer.error());
    }
    const RedisVerdict verdict = question.pipeline != nullptr
                                     ? judge_pipeline(answer.value(), node_)
                                     : judge_reply(answer.value(), node_, question.is_transaction);
    if (!verdict.moved && verdict.trouble.empty()) {
      answered();
      return answer;
    }
    unknown_ = verdict.done_in_part;
    if (!verdict.trouble.empty()) {
      const Error error = redis_error(node_.name(), verdict.trouble);
      return verdict.stay ? error : lost(error);
    }
    moved_to_ = verdict.moved;
    asking_ = verdict.ask;
    link_.reset();
  }
  if (question.is_transaction) {  // each node says that one of the keys is another's: nothing was done
    replies_.expect_one();
    replies_.set_error(fmt::format("{}CROSSSLOT the keys are on different nodes", redis_aborted));
    moved_to_.reset();
    return replies_.root();
  }
  return lost(redis_error(node_.name(), "the cluster sends us from node to node"));
}

Result<RedisValue> RedisClient::Impl::once(const Question& question) {
  if (question.is_transaction) return transacted(question.transaction);
  if (question.pipeline != nullptr) return piped(*question.pipeline);
  return plain(question.command);
}

Result<RedisValue> RedisClient::Impl::plain(std::span<const std::string_view> command) {
  const bool asking = std::exchange(asking_, false);
  RedisExchange exchange(*link_, replies_, buffer_, {.skipped = asking ? 1U : 0U}, deadline());
  if (asking) {
    exchange.command({"ASKING"});
    moved_to_.reset();
  }
  exchange.command(command);
  Result<RedisValue> answer = exchange.finish();
  if (!answer) unknown_ = exchange.may_have_run();
  return answer;
}

Result<RedisValue> RedisClient::Impl::piped(const RedisCommands& commands) {
  RedisExchange exchange(*link_, replies_, buffer_, {.list = commands.count()}, deadline());
  commands.write(exchange);
  Result<RedisValue> answer = exchange.finish();
  if (!answer) unknown_ = exchange.may_have_run();
  return answer;
}

Result<RedisValue> RedisClient::Impl::simple(std::span<const std::string_view> command, Deadline deadline) {
  RedisExchange exchange(*link_, replies_, buffer_, {}, deadline);
  exchange.command(command);
  return exchange.finish();
}

// False: the reason is the root of the replies, nil when the guard does not hold. MULTI is answered before
// anything follows it: where it is refused, the commands would be done one by one.
Result<bool> RedisClient::Impl::open_transaction(const RedisCommands::Guard& guard, Deadline deadline) {
  const bool guarded = !guard.key.empty();
  RedisExchange exchange(*link_, replies_, buffer_, {.list = guarded ? 3U : 1U}, deadline);
  if (guarded) {
    exchange.command({"WATCH", guard.key});
    exchange.command({"GET", guard.key});
  }
  exchange.command({"MULTI"});
  const Result<RedisValue> opened = exchange.finish();
  if (!opened) return opened.error();
  const RedisValue& answers = opened.value();
  std::string refusal;
  for (std::size_t i = 0; i < answers.size() && refusal.empty(); ++i) {
    if (answers.at(i).is_error()) refusal = answers.at(i).text();
  }
  const bool holds =
      !guarded || (answers.at(1).type() == RedisType::text && answers.at(1).text() == guard.value);
  if (refusal.empty() && holds) return true;
  // DISCARD forgets what is watched too.
  const std::string_view undo = answers.at(answers.size() - 1).is_error() ? "UNWATCH" : "DISCARD";
  if (const auto undone = simple(std::span(&undo, 1), deadline); !undone) return undone.error();
  replies_.expect_one();  // nil
  if (!refusal.empty()) replies_.set_error(refusal);
  return false;
}

Result<RedisValue> RedisClient::Impl::transacted(std::span<const RedisCommands* const> commands) {
  RedisCommands::Guard guard;
  std::size_t count = 0;
  for (const RedisCommands* const some : commands) {
    count += some->count();
    if (RedisCommands::Guard other = some->guard(); !other.key.empty()) {
      if (!guard.key.empty()) return Error{ErrorKind::bug, "a transaction has one guard"};
      guard = std::move(other);
    }
  }
  const Deadline limit = deadline();
  const Result<bool> opened = open_transaction(guard, limit);
  if (!opened) return opened.error();
  if (!opened.value()) return replies_.root();
  RedisExchange exchange(*link_, replies_, buffer_, {.skipped = count}, limit);
  for (const RedisCommands* const some : commands) some->write(exchange);
  exchange.command({"EXEC"});
  Result<RedisValue> answer = exchange.finish();
  if (!answer) unknown_ = exchange.may_have_run();
  if (!answer || !answer.value().is_error()) return answer;
  // The reason instead of "Transaction discarded because of previous errors."
  constexpr std::string_view because = "Transaction discarded because of: ";
  std::string_view text = answer.value().text();
  if (text.starts_with(redis_aborted)) text.remove_prefix(redis_aborted.size());
  if (text.starts_with(because)) text.remove_prefix(because.size());
  if (!exchange.refusal().empty()) text = exchange.refusal();
  replies_.set_error(fmt::format("{}{}", redis_aborted, text));
  return replies_.root();
}

RedisClient::RedisClient(RedisTarget target, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(target), clock)) {}
RedisClient::~RedisClient() = default;

Result<RedisValue> RedisClient::command(std::initializer_list<std::string_view> arguments) {
  return command(std::span(arguments.begin(), arguments.size()));
}

Result<RedisValue> RedisClient::command(std::span<const std::string_view> arguments) {
  return impl_->ask({.command = arguments});
}

Result<RedisValue> RedisClient::pipeline(const RedisCommands& commands) {
  return impl_->ask({.pipeline = &commands});
}

Result<RedisValue> RedisClient::transaction(std::span<const RedisCommands* const> commands) {
  return impl_->ask({.transaction = commands, .is_transaction = true});
}

bool RedisClient::outcome_unknown() const { return impl_->outcome_unknown(); }
std::uint64_t RedisClient::connection() const { return impl_->connection(); }
std::string RedisClient::where() const { return impl_->where(); }

}  // namespace scops
