// What an engine says about one container: GET /containers/ID/stats, Docker Engine API 1.17 and later, cgroup
// v1 and v2, and podman's likeness of it. No I/O.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "collectors/pull/docker/settings.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/collector.hpp"

namespace scops::docker {

// Counters of processor time at one moment. What is not told is empty.
struct CpuTimes {
  std::int64_t read = 0;         // when, Unix nanoseconds; 0: not told, or never
  std::int64_t came = 0;         // when we had it, steady nanoseconds; 0: it is not a capture's
  std::optional<double> total;   // ns of the container, over all processors
  std::optional<double> kernel;  // ns of it in the kernel
  std::optional<double> system;  // ns of the host over all processors, idle ones too
  std::optional<double> online;  // processors
};

struct ContainerStats {
  std::string_view name, id;  // views of the document; the name without its slash
  bool stopped = false;       // read in the year 1: an answer about a container that does not run
  bool is_podman = false;
  bool recognised = false;       // has what makes such a document
  CpuTimes cpu, before;          // before: the engine's own earlier reading, where it took one
  std::optional<double> memory;  // bytes, page cache included
  std::optional<double> memory_limit;
  std::optional<double> inactive_file;        // cgroup v2
  std::optional<double> total_inactive_file;  // cgroup v1
  bool memory_told = false;                   // memory_stats has any member at all
  std::optional<double> received, sent;       // bytes, over all interfaces
  std::optional<double> read, written;        // bytes, over all devices
  std::optional<double> pids;
};

// Reads the document that `first`, the token just read, begins; false when it is none. Views of its text hold
// as long as that text.
[[nodiscard]] bool parse_stats(JsonReader& json, JsonToken first, ContainerStats& into);

// % of one processor: 100 for each that is busy all the time. Nothing without two readings, when a counter
// went back (the container was started anew), or when no time passed between them. Of `host_time` the
// host's processor time is the measure, as in `docker stats`; else, and where it is not told, the clock is:
// ours between two captures, which no one sets, otherwise that of the engine.
[[nodiscard]] std::optional<double> cpu_percentage(const CpuTimes& before, const CpuTimes& now,
                                                   bool host_time);

// Emits the groups wanted. `before` is our own earlier reading; null: none, then the engine's counts.
void emit_stats(const ContainerStats& stats, const CpuTimes* before, const Groups& groups,
                std::span<const Tag> tags, Emit& emit);

// Unix nanoseconds of a time of RFC 3339. Nothing for what is none, or is before 1970 or after April 2262, so
// also for the year 1 that stands for never.
[[nodiscard]] std::optional<std::int64_t> to_nanoseconds(std::string_view text);

}  // namespace scops::docker
