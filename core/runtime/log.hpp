// One line an event on standard error:
//   level=warn stage=dispatch event=send_failed output=datadog error="HTTP 503"
// JSON by option; journald priority prefixes ("<4>") when standard error is the journal. A line that repeats
// (same level, stage, event and `key`) is written at once, then at most once in a window that doubles from
// one minute to one hour, with repeated=N. Registered secrets are masked wherever they would appear. May be
// used from any thread, also before configure().
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace scops::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Layout : std::uint8_t { text, json };

struct Field {
  std::string_view key;
  std::string value;
};

void configure(Level level, Layout layout);

// `secret` is replaced by *** in every later line (texts shorter than 4 characters are ignored).
void mask(std::string_view secret);
// The same for a secret that changes, in the place of what was masked for the same `owner` before.
void mask_current(std::string_view owner, std::string_view secret);
// `text` as a line would show it: for pages and for errors that are printed.
[[nodiscard]] std::string masked(std::string text);

// `stage` is collect, pipeline, buffer, dispatch or agent; `event` is a fixed snake_case name.
void debug(std::string_view stage, std::string_view event, std::initializer_list<Field> fields = {});
void info(std::string_view stage, std::string_view event, std::initializer_list<Field> fields = {});
// Rate-limited: fields named in `fields` do not tell lines apart except the first one.
void warn(std::string_view stage, std::string_view event, std::initializer_list<Field> fields = {});
void error(std::string_view stage, std::string_view event, std::initializer_list<Field> fields = {});

// Forgets all secrets; for tests.
void unmask();

// Where lines go, with none of them held back yet; for tests. The default writes to file descriptor 2.
using Sink = void (*)(std::string_view line);
void set_sink(Sink sink);

}  // namespace scops::log
