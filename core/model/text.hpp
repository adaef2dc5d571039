// Text as every parser here needs it: numbers, trimming, splitting, globs, nearest names.
// No locale, no allocation unless a std::string is returned, no recursion, nothing thrown.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace scops {

// The whole of `text` as a finite number; one leading '+' is allowed, blanks, "inf" and "nan" are not.
[[nodiscard]] std::optional<double> to_number(std::string_view text);

// The whole of `text` as an integer in T's range, base 10 (or 16 without a 0x prefix).
[[nodiscard]] std::optional<std::int64_t> to_int(std::string_view text, int base = 10);
[[nodiscard]] std::optional<std::uint64_t> to_uint(std::string_view text, int base = 10);

// `text` without blanks, tabs and line ends at both sides.
[[nodiscard]] std::string_view trim(std::string_view text);

// Cuts the part before `separator` off the front of `text` and returns it; the whole rest when there is
// none, with `text` then empty.
std::string_view cut(std::string_view& text, char separator);

// The next word of `text`, words being separated by any number of blanks and tabs; empty at the end.
std::string_view next_word(std::string_view& text);

// Does `text` match `pattern`, where * stands for any run of characters and ? for one (of UTF-8)? At most
// size of pattern times size of text steps.
[[nodiscard]] bool glob_match(std::string_view pattern, std::string_view text);
[[nodiscard]] bool matches_any(std::span<const std::string> patterns, std::string_view text);

// ASCII only: option names and protocol words, never user data.
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b);

// The known name that a typing mistake most likely meant: the smallest edit distance, ignoring case, if it
// is at most a third of the length; empty when none is near.
[[nodiscard]] std::string_view nearest_name(std::string_view wrong, std::span<const std::string_view> known);

// Printable single-line form of outside data for logs: control characters and bad bytes become '?', cut to
// `limit` characters.
[[nodiscard]] std::string printable(std::string_view data, std::size_t limit = 80);

// Is `data` valid UTF-8 as a whole? Overlong forms and surrogates are not.
[[nodiscard]] bool is_utf8(std::string_view data);

// The longest prefix-safe UTF-8 text of `data`: each byte that is no valid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string to_utf8(std::string_view data);

}  // namespace scops
