// The agent's own numbers: counters and gauges with a name and Prometheus labels, shown on /metrics and
// /status. Made once at start-up and kept by reference; updating one is a relaxed atomic store.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace scops {

class Stat {
 public:
  void add(double amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

class Stats {
 public:
  enum class Type : std::uint8_t { counter, gauge };

  // The stat of that name and labels (`collector="host"`), made at the first call; the reference stays valid
  // as long as the Stats. `name` is a Prometheus name with unit, counters end in _total. Any thread.
  Stat& counter(std::string_view name, std::string_view help, std::string_view labels = {});
  Stat& gauge(std::string_view name, std::string_view help, std::string_view labels = {});

  // `visit(name, labels, value)` for each, sorted by name and labels. Any thread.
  using Visitor = std::function<void(std::string_view name, std::string_view labels, double value)>;
  void visit(const Visitor& visitor) const;

  // All of them in the Prometheus text format 0.0.4.
  [[nodiscard]] std::string prometheus() const;

 private:
  struct Family {
    Type type;
    std::string help;
    std::map<std::string, Stat, std::less<>> stats;  // by labels; map: references stay valid
  };
  Stat& find(Type type, std::string_view name, std::string_view help, std::string_view labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace scops
