#include "collectors/pull/dramatiq/settings.hpp"

#include <array>

#include "core/config/redis_rows.hpp"

namespace scops::dramatiq {
namespace {

constexpr std::array own_rows{
    option<&DramatiqSettings::key_space>({
        .name = "namespace",
        .fallback = "dramatiq",
        .help = "What the application's RedisBroker has as its namespace: the part of keys before the colon.",
    }),
    option<&DramatiqSettings::queues_include>({
        .name = "queues_include",
        .fallback = "[]",
        .help = "Globs of queues to send, as in the tag queue; empty: all.",
    }),
    option<&DramatiqSettings::queues_exclude>({
        .name = "queues_exclude",
        .fallback = "[]",
        .help = "Globs of queues to leave out: *.DQ are the delayed messages, *.XQ the dead ones.",
    }),
    option<&DramatiqSettings::queues_max>({
        .name = "queues_max",
        .fallback = "1000",
        .help = "Most queues that are known at a time; more are left out.",
        .min = "1",
        .max = "100000",
    }),
    option<&DramatiqSettings::scan_count>({
        .name = "scan_count",
        .fallback = "1000",
        .help =
            "Keys that the Redis looks through at a time (COUNT of SCAN): it serves nobody else meanwhile.",
        .min = "10",
        .max = "10000",
    }),
    option<&DramatiqSettings::scan_budget>({
        .name = "scan_budget",
        .fallback = "1s",
        .help = "Longest that a capture looks for queues; the next one goes on where it stopped.",
        .min = "1ms",
        .max = "10s",
    }),
};

constexpr auto rows = join_rows(own_rows, own_redis_rows<DramatiqSettings>());

}  // namespace

Section dramatiq_section() {
  return section<DramatiqSettings>("dramatiq", "Sizes of Dramatiq's queues in Redis.", rows);
}

}  // namespace scops::dramatiq
