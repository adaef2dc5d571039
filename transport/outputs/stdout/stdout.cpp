#include "transport/outputs/stdout/stdout.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "core/io/files.hpp"
#include "transport/outputs/stdout/render.hpp"

namespace scops {
namespace {

constexpr Option rows[] = {
    option<&StdoutSettings::format>(
        {.name = "format",
         .fallback = "auto",
         .help = "A table for people or JSON lines for programs; auto: a table on a terminal.",
         .choices = "auto|table|json"}),
};

// Of the terminal at start; wherever there is none, a line is as long as is still easy to read.
std::size_t line_width(int fd) {
  constexpr std::size_t width_without_terminal = 200;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return width_without_terminal;
  return size.ws_col;
}

using SteadyClock = std::chrono::steady_clock;

// Waits for room to write; false when stopped or out of time. In short turns, because poll() knows no stop
// token; only a reader that does not read costs these wake-ups.
bool wait_for_room(int fd, SteadyClock::time_point deadline, const std::stop_token& stop) {
  constexpr int turn_ms = 100;
  do {
    pollfd one{.fd = fd, .events = POLLOUT, .revents = 0};
    if (::poll(&one, 1, turn_ms) > 0) return true;  // also on an error: write() will say which
  } while (!stop.stop_requested() && SteadyClock::now() < deadline);
  return false;
}

// Writes `text` from `done` on, and counts in `done`. At most PIPE_BUF bytes at a time: a pipe that has room
// for so much does not block.
Status write_rest(int fd, const std::string& text, std::size_t& done, SteadyClock::time_point deadline,
                  const std::stop_token& stop) {
  constexpr std::size_t portion = 4096;
  while (done < text.size()) {
    if (!wait_for_room(fd, deadline, stop)) return Error{ErrorKind::retry, "nobody reads standard output"};
    const ssize_t count = ::write(fd, text.data() + done, std::min(portion, text.size() - done));
    if (count >= 0) {
      done += static_cast<std::size_t>(count);
    } else if (errno != EINTR && errno != EAGAIN) {
      return system_error("write", "standard output", errno);
    }
  }
  return Ok{};
}

// Of the line that is half out after so many bytes; 0 when none is.
std::size_t end_of_line(const std::string& text, std::size_t written) {
  return written == 0 ? 0 : text.find('\n', written - 1) + 1;
}

}  // namespace

Section stdout_section() {
  return section<StdoutSettings>("stdout", "Prints metrics and logs to standard output.", rows);
}

Stdout::Stdout(const StdoutSettings& settings, int fd)
    : fd_(fd),
      table_(settings.format == "table" || (settings.format == "auto" && ::isatty(fd) == 1)),
      width_(line_width(fd)) {}

OutputLimits Stdout::limits(Kind /*kind*/) const { return {.records = 10'000, .immediate = true}; }

Reply Stdout::send(const Payload& payload, std::chrono::milliseconds timeout, std::stop_token stop) {
  std::string text;
  if (payload.kind == Kind::logs) {
    table_ ? append_log_table(text, payload.logs, width_) : append_log_json(text, payload.logs);
  } else {
    table_ ? append_table(text, payload.metrics) : append_json_lines(text, payload.metrics);
  }
  Text& own = payload.kind == Kind::logs ? logs_ : metrics_;
  Text& other = payload.kind == Kind::logs ? metrics_ : logs_;
  const auto deadline = SteadyClock::now() + timeout;
  Status status = Ok{};
  if (other.written != 0) status = write_rest(fd_, other.text, other.written, deadline, stop);
  if (status && text != own.text) {  // not the one that got stuck
    own.text.resize(end_of_line(own.text, own.written));
    status = write_rest(fd_, own.text, own.written, deadline, stop);
    if (status) own = {std::move(text), 0};
  }
  if (status) status = write_rest(fd_, own.text, own.written, deadline, stop);
  Reply reply;
  if (!status) {
    reply.detail = status.error().text;
    return reply;
  }
  reply.verdict = Verdict::accepted;
  reply.bytes = own.text.size();
  own = {};
  return reply;
}

namespace {

Result<std::unique_ptr<Output>> make(const void* opaque, const OutputContext& /*context*/) {
  const auto& settings = *static_cast<const StdoutSettings*>(opaque);
  return std::unique_ptr<Output>(std::make_unique<Stdout>(settings, STDOUT_FILENO));
}

}  // namespace

constinit const OutputSpec stdout_output = {
    .name = "stdout",
    .help = "Prints each flush: a table on a terminal, else JSON lines.",
    .section = stdout_section,
    .make = make,
};

}  // namespace scops
