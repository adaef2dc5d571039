// The time that the kubelet writes beside each group of numbers: RFC 3339, to the second.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace scops::k8s {

// "2026-01-13T18:40:14Z", "2026-01-13T19:40:14.5+01:00" in Unix seconds; nothing for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_sample_time(std::string_view text);

}  // namespace scops::k8s
