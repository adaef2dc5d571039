#include "core/io/redis_exchange.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/model/text.hpp"

namespace scops {
namespace {

constexpr std::size_t buffer_max = 65'536;
constexpr std::size_t piece_size = 16'384;
constexpr std::size_t refusal_max = 512;

// Unasked, to other machines than its own, before it hangs up: the first that comes.
constexpr std::string_view protected_mode = "-DENIED ";

// Somebody else's protocol: say which, where it shows.
std::string_view speaks(std::string_view bytes) {
  if (bytes.starts_with("HTTP/") || bytes.starts_with("<"))
    return "the server speaks HTTP, it is not a Redis";
  if (bytes.starts_with("\x15\x03")) return "the server speaks TLS (tls is off)";
  if (bytes.starts_with("SSH-")) return "the server speaks SSH, it is not a Redis";
  return {};
}

}  // namespace

RedisExchange::RedisExchange(RedisLink& link, RedisReplies& replies, std::string& buffer, const Plan& plan,
                             Deadline deadline)
    : link_(link), replies_(replies), buffer_(buffer), plan_(plan), deadline_(deadline) {
  buffer_.clear();
  buffer_.reserve(buffer_max);
  replies_.expect_one();
  // Before anything is sent: what cannot be answered must not be asked.
  if (plan_.skipped == 0) check_plan();
}

void RedisExchange::check_plan() {
  if (!plan_.list) return replies_.expect_one();
  if (Status fits = replies_.expect_list(*plan_.list); !fits) fail(fits.error());
}

void RedisExchange::fail(Error error) {
  if (!failed_) failed_ = std::move(error);
}

void RedisExchange::begin(std::size_t arguments) {
  if (pending_ != 0 || arguments == 0 || begun_ == expected()) {
    return fail({ErrorKind::bug, "a command has not the arguments that it announced"});
  }
  if (begun_ == plan_.skipped + 1 && !failed_ && !effect_end_) effect_end_ = written_;
  ++begun_;
  pending_ = arguments;
  std::array<char, 24> head{};
  char* const end = fmt::format_to(head.data(), "*{}\r\n", arguments);
  put({head.data(), static_cast<std::size_t>(end - head.data())});
}

void RedisExchange::argument(std::string_view text) {
  if (pending_ == 0) return fail({ErrorKind::bug, "a command has not the arguments that it announced"});
  --pending_;
  std::array<char, 24> head{};
  char* const end = fmt::format_to(head.data(), "${}\r\n", text.size());
  put({head.data(), static_cast<std::size_t>(end - head.data())});
  put(text);
  put("\r\n");
}

void RedisExchange::command(std::span<const std::string_view> arguments) {
  begin(arguments.size());
  for (const std::string_view text : arguments) argument(text);
}

void RedisExchange::put(std::string_view bytes) {
  if (failed_) return;
  written_ += bytes.size();
  if (bytes.size() > buffer_max - buffer_.size()) {
    send(buffer_);
    buffer_.clear();
  }
  if (bytes.size() > buffer_max) return send(bytes);  // from where it lies
  buffer_.append(bytes);
}

void RedisExchange::send(std::string_view bytes) {
  while (!bytes.empty() && !failed_) {
    const Result<std::size_t> went = link_.write_some(bytes);
    if (!went) {
      // The server may have said why before it hung up.
      read_what_came();
      return fail(went.error());
    }
    handed_ += *went;
    bytes.remove_prefix(*went);
    if (bytes.empty()) return;
    read_what_came();
    if (*went > 0 || failed_) continue;
    if (const Status ready = link_.wait(true, deadline_); !ready) fail(ready.error());
  }
}

void RedisExchange::read_what_came() {
  std::array<char, piece_size> room;  // NOLINT: filled before it is read
  while (!failed_ && answered_ < expected()) {
    const Result<std::size_t> came = link_.read_some(room);
    if (!came) return fail(came.error());
    if (*came == 0) return;
    const std::string_view bytes(room.data(), *came);
    if (answered_ == 0 && replies_.idle() && bytes.starts_with(protected_mode)) {
      return fail(
          {ErrorKind::retry, "the server is in protected mode: other machines need a password there"});
    }
    replies_.feed(bytes);
    take_replies();
    if (failed_ && failed_->kind == ErrorKind::retry && !speaks(bytes).empty()) failed_->text = speaks(bytes);
    if (!failed_ && std::chrono::steady_clock::now() >= deadline_ && answered_ < expected()) {
      fail({ErrorKind::retry, "timeout: the answer has no end"});
    }
  }
}

void RedisExchange::take_replies() {
  while (answered_ < expected()) {
    const Result<bool> whole = replies_.next();
    if (!whole) return fail(whole.error());
    if (!*whole) return;
    if (answered_ == begun_) return fail({ErrorKind::retry, "the answer is to no question"});
    if (answered_++ >= plan_.skipped) continue;
    if (refusal_.empty() && replies_.root().is_error())
      refusal_ = replies_.root().text().substr(0, refusal_max);
    if (answered_ == plan_.skipped) {
      check_plan();
    } else {
      replies_.expect_one();
    }
  }
}

Result<RedisValue> RedisExchange::finish() {
  if (pending_ != 0 || begun_ != expected()) {
    fail({ErrorKind::bug, fmt::format("{} commands were announced, {} made", expected(), begun_)});
  }
  if (!effect_end_ && !failed_) effect_end_ = written_;
  send(buffer_);
  while (!failed_ && answered_ < expected()) {
    read_what_came();
    if (failed_ || answered_ == expected()) break;
    if (const Status ready = link_.wait(false, deadline_); !ready) fail(ready.error());
  }
  if (!failed_ && !replies_.idle()) fail({ErrorKind::retry, "the answer is to no question"});
  if (failed_) return *failed_;
  return replies_.root();
}

}  // namespace scops
