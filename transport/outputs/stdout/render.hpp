// Records as people and programs read them: a table, or one JSON object a line. Pure; everything is appended.
// `scops check`, `scops parse` and the stdout output all print through these.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/model/log.hpp"
#include "core/model/metric.hpp"

namespace scops {

// {"metric":"host.la","type":"gauge","tags":{"period":"1m"},"value":0.5,"timestamp":1700000000.25}
// with a line end. Timestamps are Unix seconds; a bare tag has the value ""; a key that occurs more than once
// has a list; a value that is not finite is null.
void append_json_line(std::string& into, const Metric& metric);
void append_json_lines(std::string& into, const SampleSet& set);

// A heading ("2024-05-01 12:00:00 UTC, 14 points") and a line for each sample, sorted by metric and tags as
// the set is: time, metric, value, tags. Control characters, which could steer a terminal, become '?'.
// Nothing for an empty set.
void append_table(std::string& into, const SampleSet& set);

// Log records as they are, one a line: line ends between members become blanks.
void append_log_json(std::string& into, std::span<const LogRecord> logs);

// A heading ("2024-05-01 12:00:00 UTC, 2 logs") and a line for each: time, level, service, and the message's
// text, or its JSON where it is no text. Lines are cut at `width` characters. Nothing for no logs.
void append_log_table(std::string& into, std::span<const LogRecord> logs, std::size_t width);

}  // namespace scops
