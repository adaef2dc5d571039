// The value of one option: parsed by its row (type, choices, limits), printed, described, stored.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/config/option.hpp"
#include "core/model/result.hpp"

namespace scops {

using OptionValue =
    std::variant<std::string, Secret, bool, std::int64_t, double, Duration, Bytes, TextList, TextMap>;

// ErrorKind::refused says in few words what is wrong ("not a duration", "out of range"), never the text
// itself. Line ends at the end of `text` do not count; choices come back in the spelling of the row.
[[nodiscard]] Result<OptionValue> parse_value(const Option& option, std::string_view text);

// One line that parses to the same value; *** for a secret that is set.
[[nodiscard]] std::string print_value(const OptionValue& value);

// `value` must come from parse_value for the same option.
void store_value(const Option& option, void* settings, OptionValue value);

// What a row allows: "1s to 1d", "at least 1", "debug, info or warn", "a JSON list of texts".
[[nodiscard]] std::string allowed_values(const OptionText& row, OptionType type);

// A value that would do, where that says more than allowed_values: "30s", ["cpu","fs"]; else empty.
[[nodiscard]] std::string example_value(const OptionText& row, OptionType type);

// Appends it, unless it is there already: what is named twice counts once.
void add_once(TextList& list, std::string member);

// The choices of a row, in its order.
[[nodiscard]] std::vector<std::string_view> split_names(std::string_view separated_by_bars);

}  // namespace scops
