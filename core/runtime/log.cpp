#include "core/runtime/log.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace scops::log {

namespace {

constexpr std::int64_t first_window_s = 60;
constexpr std::int64_t last_window_s = 3600;
constexpr std::size_t tracked_lines = 64;  // the oldest is forgotten first: memory stays bounded
constexpr std::size_t longest_value = 500;
constexpr std::size_t longest_line = 4096;  // PIPE_BUF
constexpr int patience_ms = 200;

struct Repeat {
  std::string key;
  std::int64_t next_s = 0;  // not written again before
  std::int64_t window_s = first_window_s;
  std::uint64_t held_back = 0;
};

struct Masked {
  std::string owner;  // empty: it does not change
  std::string secret;
};

struct State {
  std::mutex mutex;
  Level level = Level::info;
  Layout layout = Layout::text;
  Sink sink = nullptr;
  std::vector<Masked> secrets;  // the longest first: one may be a part of another
  std::deque<Repeat> repeats;
  bool unread = false;  // the last line found no room
};

// Made at the first line: no static constructor, and no destructor that a late line could outlive.
State& state() {
  static auto* const the_state = new State;  // NOLINT(cppcoreguidelines-owning-memory)
  return *the_state;
}

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warn", "error"};
constexpr std::array<int, 4> journal_priorities = {7, 6, 4, 3};  // sd-daemon(3)

// systemd sets JOURNAL_STREAM to "device:inode" of the journal's socket; standard error may have been
// redirected since.
bool writes_to_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  struct stat info {};
  return stream != nullptr && fstat(STDERR_FILENO, &info) == 0 &&
         fmt::format("{}:{}", info.st_dev, info.st_ino) == stream;
}

std::int64_t now_s() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

void append_json(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      line += ' ';
    } else {
      line += c;
    }
  }
  line += '"';
}

bool is_plain(std::string_view text) {
  return !text.empty() && text.find_first_of(" \"=\\\t\n\r") == std::string_view::npos;
}

void append_field(std::string& line, Layout layout, std::string_view key, std::string_view value) {
  const std::string_view shown = value.substr(0, longest_value);
  if (layout == Layout::json) {
    line += line.empty() ? "{" : ",";
    append_json(line, key);
    line += ':';
    append_json(line, shown);
    return;
  }
  if (!line.empty()) line += ' ';
  line += key;
  line += '=';
  if (is_plain(shown)) {
    line += shown;
  } else {
    append_json(line, shown);
  }
}

// Before quoting, so that an escaped character inside a secret cannot hide it.
std::string hide(std::string value, const std::vector<Masked>& secrets) {
  for (const auto& [owner, secret] : secrets) {
    for (auto at = value.find(secret); at != std::string::npos; at = value.find(secret, at + 3)) {
      value.replace(at, secret.size(), "***");
    }
  }
  return value;
}

// The same one twice is one.
void add_secret(State& log, std::string_view owner, std::string_view secret) {
  if (secret.size() < 4) return;  // masking "a" would make every line unreadable
  std::vector<Masked>& all = log.secrets;
  if (std::any_of(all.begin(), all.end(), [&](const Masked& one) { return one.secret == secret; })) return;
  const auto place = std::find_if(all.begin(), all.end(),
                                  [&](const Masked& one) { return one.secret.size() < secret.size(); });
  all.insert(place, Masked{std::string(owner), std::string(secret)});
}

// How often the line was held back since it was last written; nothing when it must be held back again.
std::optional<std::uint64_t> admit(State& log, std::string key) {
  const std::int64_t now = now_s();
  for (Repeat& repeat : log.repeats) {
    if (repeat.key != key) continue;
    if (now < repeat.next_s) {
      ++repeat.held_back;
      return std::nullopt;
    }
    // Quiet for a whole further window: this is a new incident, start with a short window again.
    const bool calm = now - repeat.next_s > repeat.window_s;
    repeat.window_s = calm ? first_window_s : std::min(repeat.window_s * 2, last_window_s);
    repeat.next_s = now + repeat.window_s;
    return std::exchange(repeat.held_back, 0);
  }
  if (log.repeats.size() == tracked_lines) log.repeats.pop_front();
  log.repeats.push_back({.key = std::move(key), .next_s = now + first_window_s});
  return 0;
}

// A closed or full standard error must not stop the agent: what cannot be written is lost. A pipe that has
// room takes a line of at most PIPE_BUF without blocking. Once nobody has read for a while, no line is waited
// for.
bool has_room(State& log) {
  pollfd one{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  const bool room = ::poll(&one, 1, log.unread ? 0 : patience_ms) > 0;
  log.unread = !room;
  return room;
}

void write_line(State& log, Level level, std::string& line) {
  if (log.sink != nullptr) {
    log.sink(line);
    return;
  }
  static const bool journal = writes_to_journal();
  if (journal) line.insert(0, fmt::format("<{}>", journal_priorities[static_cast<std::size_t>(level)]));
  line.resize(std::min(line.size(), longest_line - 1));
  line += '\n';
  if (!has_room(log)) return;
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

void log_line(Level level, std::string_view stage, std::string_view event,
              std::initializer_list<Field> fields) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  if (level < log.level) return;
  std::uint64_t repeated = 0;
  if (level >= Level::warn) {
    const auto held_back =
        admit(log, fmt::format("{}/{}/{}", stage, event, fields.size() == 0 ? "" : fields.begin()->value));
    if (!held_back) return;
    repeated = *held_back;
  }
  std::string line;
  append_field(line, log.layout, "level", level_names[static_cast<std::size_t>(level)]);
  append_field(line, log.layout, "stage", stage);
  append_field(line, log.layout, "event", event);
  for (const Field& field : fields) append_field(line, log.layout, field.key, hide(field.value, log.secrets));
  if (repeated > 0) append_field(line, log.layout, "repeated", fmt::format("{}", repeated));
  if (log.layout == Layout::json) line += '}';
  write_line(log, level, line);
}

}  // namespace

void configure(Level level, Layout layout) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  log.level = level;
  log.layout = layout;
}

void mask(std::string_view secret) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  add_secret(log, {}, secret);
}

void mask_current(std::string_view owner, std::string_view secret) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  std::erase_if(log.secrets, [&](const Masked& one) { return one.owner == owner && one.secret != secret; });
  add_secret(log, owner, secret);
}

std::string masked(std::string text) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  return hide(std::move(text), log.secrets);
}

void unmask() {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  log.secrets.clear();
}

void set_sink(Sink sink) {
  State& log = state();
  const std::scoped_lock lock(log.mutex);
  log.sink = sink;
  log.repeats.clear();
}

void debug(std::string_view stage, std::string_view event, std::initializer_list<Field> fields) {
  log_line(Level::debug, stage, event, fields);
}
void info(std::string_view stage, std::string_view event, std::initializer_list<Field> fields) {
  log_line(Level::info, stage, event, fields);
}
void warn(std::string_view stage, std::string_view event, std::initializer_list<Field> fields) {
  log_line(Level::warn, stage, event, fields);
}
void error(std::string_view stage, std::string_view event, std::initializer_list<Field> fields) {
  log_line(Level::error, stage, event, fields);
}

}  // namespace scops::log
