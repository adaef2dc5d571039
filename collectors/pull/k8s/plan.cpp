#include "collectors/pull/k8s/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/model/text.hpp"

namespace scops::k8s {
namespace {

using Leaves = std::span<const std::string_view>;

// Numbers that one group takes out of one object.
struct Row {
  Kind kind;
  std::string_view group;
  std::string_view path;  // of the object; empty: the record itself
  Leaves leaves;
};

constexpr std::array<std::string_view, 1> nano_cores{"usageNanoCores"};
constexpr std::array<std::string_view, 1> core_seconds{"usageCoreNanoSeconds"};
constexpr std::array<std::string_view, 2> both_cpu{"usageNanoCores", "usageCoreNanoSeconds"};
constexpr std::array<std::string_view, 2> pod_memory{"rssBytes", "usageBytes"};
constexpr std::array<std::string_view, 2> working_set{"workingSetBytes", "availableBytes"};
constexpr std::array<std::string_view, 4> memory{"rssBytes", "usageBytes", "availableBytes",
                                                 "workingSetBytes"};
constexpr std::array<std::string_view, 2> faults{"pageFaults", "majorPageFaults"};
constexpr std::array<std::string_view, 2> traffic{"rxBytes", "txBytes"};
constexpr std::array<std::string_view, 2> traffic_errors{"rxErrors", "txErrors"};
constexpr std::array<std::string_view, 2> swap{"swapAvailableBytes", "swapUsageBytes"};
constexpr std::array<std::string_view, 2> space{"availableBytes", "usedBytes"};
constexpr std::array<std::string_view, 1> inodes{"inodesFree"};
constexpr std::array<std::string_view, 6> storage{"availableBytes", "capacityBytes", "usedBytes",
                                                  "inodes",         "inodesFree",    "inodesUsed"};
constexpr std::array<std::string_view, 4> pressure{"avg10", "avg60", "avg300", "total"};
constexpr std::array<std::string_view, 2> processes{"maxpid", "curproc"};
constexpr std::array<std::string_view, 1> process_count{"process_count"};
constexpr std::array<std::string_view, 3> accelerator{"memoryTotal", "memoryUsed", "dutyCycle"};

// psi is Linux's pressure stall information, in summaries since Kubernetes 1.34.
constexpr std::array plan_rows{
    Row{Kind::node, "cpu", "cpu", both_cpu},
    Row{Kind::node, "memory", "memory", memory},
    Row{Kind::node, "ram", "memory", memory},  // the name that the Python agent listens to
    Row{Kind::node, "filesystem", "fs", space},
    Row{Kind::node, "inodes", "fs", inodes},
    Row{Kind::node, "network", "network", traffic},
    Row{Kind::node, "network_errors", "network", traffic_errors},
    Row{Kind::node, "image_filesystem", "runtime.imageFs", storage},
    Row{Kind::node, "image_filesystem", "runtime.containerFs", storage},
    Row{Kind::node, "page_faults", "memory", faults},
    Row{Kind::node, "processes", "rlimit", processes},
    Row{Kind::node, "psi", "cpu.psi.some", pressure},
    Row{Kind::node, "psi", "cpu.psi.full", pressure},
    Row{Kind::node, "psi", "memory.psi.some", pressure},
    Row{Kind::node, "psi", "memory.psi.full", pressure},
    Row{Kind::node, "psi", "io.psi.some", pressure},
    Row{Kind::node, "psi", "io.psi.full", pressure},
    Row{Kind::node, "swap", "swap", swap},
    Row{Kind::pod, "cpu", "cpu", nano_cores},
    Row{Kind::pod, "memory", "memory", pod_memory},
    Row{Kind::pod, "network", "network", traffic},
    Row{Kind::pod, "network_errors", "network", traffic_errors},
    Row{Kind::pod, "cpu_total", "cpu", core_seconds},
    Row{Kind::pod, "working_set", "memory", working_set},
    Row{Kind::pod, "page_faults", "memory", faults},
    Row{Kind::pod, "processes", "process_stats", process_count},
    Row{Kind::pod, "psi", "cpu.psi.some", pressure},
    Row{Kind::pod, "psi", "cpu.psi.full", pressure},
    Row{Kind::pod, "psi", "memory.psi.some", pressure},
    Row{Kind::pod, "psi", "memory.psi.full", pressure},
    Row{Kind::pod, "psi", "io.psi.some", pressure},
    Row{Kind::pod, "psi", "io.psi.full", pressure},
    Row{Kind::pod, "swap", "swap", swap},
    Row{Kind::pod, "ephemeral_storage", "ephemeral-storage", storage},
    Row{Kind::volume, "volumes", "", storage},
    Row{Kind::container, "cpu", "cpu", both_cpu},
    Row{Kind::container, "memory", "memory", memory},
    Row{Kind::container, "page_faults", "memory", faults},
    Row{Kind::container, "psi", "cpu.psi.some", pressure},
    Row{Kind::container, "psi", "cpu.psi.full", pressure},
    Row{Kind::container, "psi", "memory.psi.some", pressure},
    Row{Kind::container, "psi", "memory.psi.full", pressure},
    Row{Kind::container, "psi", "io.psi.some", pressure},
    Row{Kind::container, "psi", "io.psi.full", pressure},
    Row{Kind::container, "swap", "swap", swap},
    Row{Kind::container, "rootfs", "rootfs", storage},
    Row{Kind::container, "logs", "logs", storage},
    Row{Kind::accelerator, "accelerators", "", accelerator},
};

// By kind: the key of the option, and what metrics begin with.
struct KindWords {
  std::string_view key;
  std::string_view prefix;
};
constexpr std::array<KindWords, kinds> words{{{"node", "k8s.node."},
                                              {"pods", "k8s.pod."},
                                              {"pods", "k8s.pod.volume."},
                                              {"containers", "k8s.container."},
                                              {"containers", "k8s.container.accelerator."}}};

// What may be added up over containers where a pod has no number of its own. Not the available memory, which
// a pod has only when each of its containers has a limit, and no counters: they go back when one restarts.
constexpr std::array<std::string_view, 4> summable{"cpu.usageNanoCores", "memory.usageBytes",
                                                   "memory.rssBytes", "memory.workingSetBytes"};

const KindWords& words_of(Kind kind) { return words[static_cast<std::size_t>(kind)]; }

std::string path_of(const Row& row, std::string_view leaf) {
  return row.path.empty() ? std::string(leaf) : fmt::format("{}.{}", row.path, leaf);
}

std::string metric_name(const Row& row, const std::string& path) {
  std::string name = std::string(words_of(row.kind).prefix) + path;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

}  // namespace

int Fields::find(int at, std::string_view key) const {
  if (at == none) return none;
  int child = nodes_[static_cast<std::size_t>(at)].first;
  while (child != none && nodes_[static_cast<std::size_t>(child)].key != key)
    child = nodes_[static_cast<std::size_t>(child)].next;
  return child;
}

int Fields::add(std::string_view path, std::string name) {
  int at = 0;
  int owner = none;
  while (!path.empty()) {
    const std::string_view key = cut(path, '.');
    int child = find(at, key);
    if (child == none) {
      child = static_cast<int>(nodes_.size());
      nodes_.push_back({.key = std::string(key), .next = nodes_[static_cast<std::size_t>(at)].first});
      nodes_[static_cast<std::size_t>(at)].first = child;
    }
    if (owner == none) owner = child;
    at = child;
  }
  Node& leaf = nodes_[static_cast<std::size_t>(at)];
  if (leaf.slot == none) {
    leaf.slot = static_cast<int>(names_.size());
    names_.emplace_back();
    owners_.push_back(owner);
  }
  if (!name.empty()) names_[static_cast<std::size_t>(leaf.slot)] = std::move(name);
  return leaf.slot;
}

Plan::Plan(const TextMap& wanted) : fields(kinds) {
  for (const Row& row : plan_rows) {
    const auto groups = wanted.find(std::string(words_of(row.kind).key));
    if (groups == wanted.end()) continue;
    if (std::find(groups->second.begin(), groups->second.end(), row.group) == groups->second.end()) continue;
    for (const std::string_view leaf : row.leaves) {
      const std::string path = path_of(row, leaf);
      const int slot = fields[static_cast<std::size_t>(row.kind)].add(path, metric_name(row, path));
      const auto* const sum = std::find(summable.begin(), summable.end(), path);
      if (row.kind != Kind::pod || sum == summable.end()) continue;
      sums.push_back({fields[static_cast<std::size_t>(Kind::container)].add(*sum, {}), slot});
    }
  }
}

Plan Plan::all() {
  TextMap wanted;
  for (const Row& row : plan_rows) wanted[std::string(words_of(row.kind).key)].emplace_back(row.group);
  return Plan(wanted);
}

}  // namespace scops::k8s
