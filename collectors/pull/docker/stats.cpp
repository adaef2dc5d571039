#include "collectors/pull/docker/stats.hpp"

#include <cstddef>

#include "collectors/pull/docker/documents.hpp"
#include "core/io/json_walk.hpp"
#include "core/model/iso_time.hpp"

namespace scops::docker {
namespace {

// Beyond it a limit means none: 2^64-1, 2^63 less a page, and what other tools make of them.
constexpr double no_limit = 4611686018427387904.0;  // 2^62

void add_to(std::optional<double>& sum, std::optional<double> value) {
  if (value) sum = sum.value_or(0) + *value;
}

void read_time(JsonReader& json, JsonToken token, std::int64_t& into) {
  into = to_nanoseconds(text_of(json, token)).value_or(0);
}

void read_usage(JsonReader& json, CpuTimes& into, double& listed) {
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "total_usage") into.total = count_of(json, token);
    if (key == "usage_in_kernelmode") into.kernel = count_of(json, token);
    if (key == "percpu_usage" && token == JsonToken::array) {
      (void)each_element(json, [&listed](JsonToken /*one*/) { ++listed; });
    }
  });
}

// True when it is podman's, whose cpu_stats have a member of their own.
bool read_cpu(JsonReader& json, CpuTimes& into) {
  double listed = 0;  // processors, from before API 1.27
  bool is_podman = false;
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "cpu_usage" && token == JsonToken::object) read_usage(json, into, listed);
    if (key == "system_cpu_usage") into.system = count_of(json, token);
    if (key == "online_cpus") into.online = count_of(json, token);
    if (key == "cpu") is_podman = true;
  });
  if (into.online.value_or(0) == 0) {
    into.online.reset();
    if (listed > 0) into.online = listed;
  }
  return is_podman;
}

void read_memory(JsonReader& json, ContainerStats& into) {
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    into.memory_told = true;
    if (key == "usage") into.memory = count_of(json, token);
    if (key == "limit") into.memory_limit = count_of(json, token);
    if (key != "stats" || token != JsonToken::object) return;
    (void)each_member(json, [&](std::string_view name, JsonToken value) {
      if (name == "inactive_file") into.inactive_file = count_of(json, value);
      if (name == "total_inactive_file") into.total_inactive_file = count_of(json, value);
    });
  });
}

void read_interface(JsonReader& json, ContainerStats& into) {
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "rx_bytes") add_to(into.received, count_of(json, token));
    if (key == "tx_bytes") add_to(into.sent, count_of(json, token));
  });
}

void read_networks(JsonReader& json, ContainerStats& into) {
  bool stand_in = false;  // podman before 5: one sum of all, also where there is nothing to sum
  (void)each_member(json, [&](std::string_view name, JsonToken token) {
    stand_in = name == "network";
    if (token == JsonToken::object) read_interface(json, into);
  });
  if (stand_in && into.received == 0.0 && into.sent == 0.0) {
    into.received.reset();
    into.sent.reset();
  }
}

// Only reads and writes are added: "Sync", "Async" and "Total" count the same bytes again.
void read_device(JsonReader& json, ContainerStats& into) {
  char operation = '\0';
  std::optional<double> value;
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "op" && token == JsonToken::text && !json.text().empty()) operation = json.text().front();
    if (key == "value") value = count_of(json, token);
  });
  if (operation == 'r' || operation == 'R') add_to(into.read, value);
  if (operation == 'w' || operation == 'W') add_to(into.written, value);
}

void read_devices(JsonReader& json, ContainerStats& into) {
  (void)each_member(json, [&](std::string_view key, JsonToken token) {
    if (key != "io_service_bytes_recursive" || token != JsonToken::array) return;
    (void)each_element(json, [&](JsonToken device) {
      if (device == JsonToken::object) read_device(json, into);
    });
  });
}

// A Windows engine tells the number of its processors, and time in units of 100 ns.
void take_windows(CpuTimes& times) {
  constexpr double nanoseconds = 100;
  for (std::optional<double>* const time : {&times.total, &times.kernel}) {
    if (*time) **time *= nanoseconds;
  }
}

// What stands at the top of a document but for objects.
void read_plain(JsonReader& json, std::string_view key, JsonToken token, ContainerStats& into) {
  if (key == "read") {
    read_time(json, token, into.cpu.read);
    into.stopped = text_of(json, token).starts_with("0001-01-01");
  }
  if (key == "preread") read_time(json, token, into.before.read);
  if (key == "name") into.name = without_slash(text_of(json, token));
  if (key == "id" || key == "Id") into.id = text_of(json, token);
}

void read_object(JsonReader& json, std::string_view key, ContainerStats& into) {
  if (key == "cpu_stats" || key == "memory_stats") into.recognised = true;
  if (key == "cpu_stats") into.is_podman = read_cpu(json, into.cpu);
  if (key == "precpu_stats") (void)read_cpu(json, into.before);
  if (key == "memory_stats") read_memory(json, into);
  if (key == "networks") read_networks(json, into);
  if (key == "network") read_interface(json, into);  // before API 1.21
  if (key == "blkio_stats") read_devices(json, into);
  if (key == "pids_stats") {
    (void)each_member(json, [&](std::string_view name, JsonToken value) {
      if (name == "current") into.pids = count_of(json, value);
    });
  }
}

// Some answers are worth nothing: a preread in the year 1 stands for no earlier reading.
void forget_no_reading(ContainerStats& stats, bool preread_is_never) {
  const bool by_the_clock = stats.before.read != 0 && !stats.cpu.system;
  const bool none = preread_is_never || (stats.before.system.value_or(0) <= 0 && !by_the_clock);
  if (none) stats.before = {};
}

void emit_memory(const ContainerStats& stats, const Groups& groups, std::span<const Tag> tags, Emit& emit) {
  if (groups.memory && stats.memory) emit.gauge("docker.memory.usage", *stats.memory, tags);
  if (groups.memory_working_set && stats.memory) {
    const double idle =
        stats.total_inactive_file ? *stats.total_inactive_file : stats.inactive_file.value_or(0);
    emit.gauge("docker.memory.working_set", idle < *stats.memory ? *stats.memory - idle : *stats.memory,
               tags);
  }
  const double limit = stats.memory_limit.value_or(0);
  if (groups.memory_limit && limit > 0 && limit < no_limit) emit.gauge("docker.memory.limit", limit, tags);
}

void emit_cpu(const ContainerStats& stats, const CpuTimes* before, const Groups& groups,
              std::span<const Tag> tags, Emit& emit) {
  if (groups.cpu && stats.cpu.kernel) emit.gauge("docker.cpu.usage", *stats.cpu.kernel, tags);
  if (!groups.cpu_percent) return;
  const CpuTimes& earlier = before == nullptr ? stats.before : *before;
  const auto percentage = cpu_percentage(earlier, stats.cpu, !stats.is_podman);
  if (percentage) emit.gauge("docker.cpu.percentage", *percentage, tags);
}

}  // namespace

bool parse_stats(JsonReader& json, JsonToken first, ContainerStats& into) {
  if (first != JsonToken::object) return false;
  bool preread_is_never = false;
  bool is_windows = false;
  const bool whole = each_member(json, [&](std::string_view key, JsonToken token) {
    if (token == JsonToken::object) return read_object(json, key, into);
    if (key == "num_procs") is_windows = count_of(json, token).value_or(0) > 0;
    if (key == "preread") preread_is_never = text_of(json, token).starts_with("0001-01-01");
    read_plain(json, key, token, into);
  });
  forget_no_reading(into, preread_is_never);
  if (is_windows) {
    take_windows(into.cpu);
    take_windows(into.before);
  }
  return whole;
}

std::optional<double> cpu_percentage(const CpuTimes& before, const CpuTimes& now, bool host_time) {
  if (!before.total || !now.total) return std::nullopt;
  const double used = *now.total - *before.total;
  const bool went_back = used < 0 || (before.kernel && now.kernel && *now.kernel < *before.kernel);
  if (went_back) return std::nullopt;
  if (host_time && before.system && now.system && now.online) {
    const double passed = *now.system - *before.system;
    if (passed <= 0) return std::nullopt;
    return used / passed * *now.online * 100;
  }
  const bool ours = before.came != 0 && now.came != 0;
  if (!ours && before.read == 0) return std::nullopt;
  const std::int64_t passed = ours ? now.came - before.came : now.read - before.read;
  if (passed <= 0) return std::nullopt;
  return used / static_cast<double>(passed) * 100;
}

void emit_stats(const ContainerStats& stats, const CpuTimes* before, const Groups& groups,
                std::span<const Tag> tags, Emit& emit) {
  if (stats.stopped) return;
  emit_memory(stats, groups, tags, emit);
  emit_cpu(stats, before, groups, tags, emit);
  if (groups.network && stats.sent) emit.gauge("docker.network.bytes.sent", *stats.sent, tags);
  if (groups.network && stats.received) emit.gauge("docker.network.bytes.recv", *stats.received, tags);
  if (groups.block_io && stats.read) emit.gauge("docker.disk.bytes.read", *stats.read, tags);
  if (groups.block_io && stats.written) emit.gauge("docker.disk.bytes.written", *stats.written, tags);
  if (groups.pids && stats.pids) emit.gauge("docker.pids", *stats.pids, tags);
}

std::optional<std::int64_t> to_nanoseconds(std::string_view text) {
  constexpr std::int64_t second = 1'000'000'000;
  const auto time = parse_rfc3339(text);
  const bool fits = time && time->seconds >= 0 && time->seconds < INT64_MAX / second;
  return fits ? std::optional(time->seconds * second + time->nanoseconds) : std::nullopt;
}

}  // namespace scops::docker
