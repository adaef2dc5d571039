// Values with units, as people write them in settings, and back. Nothing here knows about options.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/config/option.hpp"

namespace scops {

// true, yes, on, 1 and false, no, off, 0, in any case.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

// "0.8" or "80%".
[[nodiscard]] std::optional<double> parse_ratio(std::string_view text);

// "30s", "500ms", "5m", "4h", "1d", "0.5s"; a bare number counts seconds. No sign; rounded to milliseconds.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

// "4096", "64KiB", "10MB" (K, M, G, T; with i powers of 1024, without powers of 1000), in any case.
[[nodiscard]] std::optional<Bytes> parse_bytes(std::string_view text);

// A JSON list of texts; numbers in it become their shortest text.
[[nodiscard]] std::optional<TextList> parse_list(std::string_view text);

// A JSON object of such lists; of equal keys the last counts.
[[nodiscard]] std::optional<TextMap> parse_map(std::string_view text);

// The shortest text that parses to the same value: "90s", "4h", "64KiB", "10MB", ["cpu","fs"],
// {"pods":["cpu"]}.
[[nodiscard]] std::string print_ratio(double value);
[[nodiscard]] std::string print_duration(Duration value);
[[nodiscard]] std::string print_bytes(Bytes value);
[[nodiscard]] std::string print_list(const TextList& value);
[[nodiscard]] std::string print_map(const TextMap& value);

}  // namespace scops
