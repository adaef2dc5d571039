// The series of a gateway as the default collectors read them, made up but lifelike: processor and load with
// two decimals that never rest, memory in pages, file systems of which every second one is read-only, byte
// counters of interfaces, temperatures in half degrees, and two series for each container, of which a third
// idle. The same numbers in every run.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "core/model/metric.hpp"

namespace scops::bench {

class Gateway {
 public:
  // The first `number` of: processor, load, memory, 5 file systems, 4 interfaces, 8 temperatures, memory of a
  // Jetson, then containers.
  explicit Gateway(std::size_t number) {
    add_host();
    add_board();
    add_containers(number);
    series_.resize(number);
    lines_.resize(number);
  }

  [[nodiscard]] const std::vector<Series>& series() const { return series_; }

  // What the next capture reads: a sample for each series.
  void capture(TimeMs time, std::vector<Sample>& into) {
    for (std::uint32_t i = 0; i < lines_.size(); ++i) {
      Line& line = lines_[i];
      double value = line.value;
      if (line.kind == Kind::noise) value += line.step * chance();
      if (line.kind == Kind::walk) value = line.value = std::max(0.0, line.value + line.step * chance());
      if (line.kind == Kind::counter) value = line.value += line.step * (1 + chance() / 3);
      // Divided where it is a decimal, so that it is the double that its decimal means.
      const double steps = std::round(value / line.unit);
      into.push_back({i, time, line.unit < 1 ? steps / std::round(1 / line.unit) : steps * line.unit});
    }
  }

 private:
  enum class Kind : std::uint8_t { still, noise, walk, counter };
  struct Line {
    Kind kind;
    double value, step, unit;
  };

  void add_host() {
    add("host.cpu.percentage", {}, {Kind::noise, 12, 2, 0.01});
    add("host.la", {"period:1m"}, {Kind::walk, 0.8, 0.1, 0.01});
    for (const char* part : {"used", "available"})
      add(fmt::format("host.memory.{}", part), {}, {Kind::walk, 2e9, 300 * page, page});
    for (const char* device : {"mmcblk0p1", "loop0", "nvme0n1p1", "loop1", "mmcblk0p2"}) {
      const bool fixed = device[0] == 'l' || device[8] == '2';
      for (const char* part : {"used", "free"})
        add(fmt::format("host.fs.{}", part), {fmt::format("device:/dev/{}", device)},
            {fixed ? Kind::still : Kind::walk, 1.2e10, 4 * page, page});
    }
    double rate = 300'000;
    for (const char* iface : {"eth0", "wlan0", "veth1", "docker0"}) {
      for (const char* way : {"sent", "recv"})
        add(fmt::format("host.network.bytes.{}", way), {fmt::format("iface:{}", iface)},
            {iface[0] == 'd' ? Kind::still : Kind::counter, 2e9 + rate, rate, 1});
      rate /= 10;
    }
  }

  void add_board() {
    for (const char* zone : {"CPU", "GPU", "SOC0", "SOC1", "SOC2", "CV0", "TJ", "Tboard"})
      add("tegrastats.temperature", {fmt::format("zone:{}", zone)}, {Kind::walk, 51, 0.4, 0.5});
    for (const char* part : {"used", "free"})
      add(fmt::format("tegrastats.ram.{}", part), {}, {Kind::walk, 2e9, 1 << 20, 1 << 20});
  }

  void add_containers(std::size_t number) {
    for (int i = 0; series_.size() < number; ++i) {
      const std::string container = fmt::format("container:app-{}", i);
      const double busy = std::array{0, 2, 20}.at(static_cast<std::size_t>(i % 3));
      add("docker.memory.usage", {container}, {busy == 0 ? Kind::still : Kind::walk, 8e7, 20 * page, page});
      add("docker.cpu.usage", {container}, {busy == 0 ? Kind::still : Kind::counter, 1e10, busy * 1e7, 1e7});
    }
  }
  static constexpr double page = 4096;

  void add(std::string name, std::vector<std::string> tags, const Line& line) {
    tags.insert(tags.end(), {"environment:production", "site:berlin-3"});
    std::sort(tags.begin(), tags.end());
    series_.push_back({.name = "Chouette." + std::move(name), .tags = std::move(tags)});
    lines_.push_back(line);
  }

  // About normal, mean 0, deviation 1: the sum of three even chances. xorshift64.
  double chance() {
    double sum = -1.5;
    for (int i = 0; i < 3; ++i) {
      seed_ ^= seed_ << 13U, seed_ ^= seed_ >> 7U, seed_ ^= seed_ << 17U;
      sum += static_cast<double>(seed_ >> 11U) * 0x1p-53;
    }
    return sum * 2;
  }

  std::vector<Series> series_;
  std::vector<Line> lines_;
  std::uint64_t seed_ = 88172645463325252U;
};

}  // namespace scops::bench
