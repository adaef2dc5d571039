// Which numbers of a summary are wanted, and under which names they are sent: the option `metrics`, turned
// into one small tree for each kind of object, so that reading one is a walk along its keys.
//
// Fields are those of k8s.io/kubelet pkg/apis/stats/v1alpha1; a metric is named after its path there:
// node.memory.rssBytes is k8s.node.memory.rssBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"

namespace scops::k8s {

enum class Kind : std::uint8_t { node, pod, volume, container, accelerator };
inline constexpr std::size_t kinds = 5;

// The wanted numbers of one kind of object. Each has a slot in a row of values.
class Fields {
 public:
  static constexpr int none = -1;

  // What `key` means in the object at `at` (0: the whole), or `none` when nothing of it is wanted.
  [[nodiscard]] int find(int at, std::string_view key) const;
  // The slot of a number, `none` for what is an object or nothing.
  [[nodiscard]] int slot(int at) const {
    return at == none ? none : nodes_[static_cast<std::size_t>(at)].slot;
  }
  [[nodiscard]] std::size_t slots() const { return names_.size(); }
  // Of the metric; empty when the number is only wanted for a sum.
  [[nodiscard]] const std::string& name(std::size_t slot) const { return names_[slot]; }
  // The outermost object that the number is in: "cpu" for cpu.psi.some.total.
  [[nodiscard]] int owner(std::size_t slot) const { return owners_[slot]; }

  // Adds `path` ("cpu.psi.some.total"), or names what is there already; gives its slot.
  int add(std::string_view path, std::string name);

 private:
  struct Node {
    std::string key;
    int next = none;   // sibling
    int first = none;  // child
    int slot = none;
  };
  std::vector<Node> nodes_{Node{}};
  std::vector<std::string> names_;
  std::vector<int> owners_;
};

// A number of pods that older kubelets give for containers only.
struct Sum {
  int container_slot = 0;
  int pod_slot = 0;
};

struct Plan {
  // `wanted` as the option says it: "node", "pods" and "containers" with lists of groups.
  explicit Plan(const TextMap& wanted);
  // Every group.
  static Plan all();

  [[nodiscard]] const Fields& of(Kind kind) const { return fields[static_cast<std::size_t>(kind)]; }

  std::vector<Fields> fields;  // by kind
  std::vector<Sum> sums;
};

}  // namespace scops::k8s
