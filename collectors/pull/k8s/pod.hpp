// One pod of a summary: its own numbers, and those of its containers, volumes and accelerators. All are kept
// until the pod ends, because its name may come last. Buffers are reused from pod to pod.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "collectors/proc/name_filter.hpp"
#include "collectors/pull/k8s/plan.hpp"
#include "collectors/pull/k8s/record.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/collector.hpp"

namespace scops::k8s {

struct PodFilter {
  NameFilter namespaces;
  NameFilter names;
};

class PodReader {
 public:
  // All outlive this. Views of names are good until `json` starts with another text.
  PodReader(JsonReader& json, const Plan& plan, const PodFilter& filter)
      : json_(json), plan_(plan), filter_(filter) {}

  // Reads the object that the last token of `json` began; false when the text turns out bad.
  bool read(const Freshness& freshness);
  // Without a name and a namespace its numbers are nobody's.
  [[nodiscard]] bool is_named() const { return !name_.empty() && !namespace_.empty(); }
  // Of both.
  [[nodiscard]] std::size_t hash() const;
  void emit(Emit& emit) const;
  // How many containers and the like were beyond what one pod may have.
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  void start() { left_out_ = 0; }  // another summary

  // Of containers, volumes and accelerators together, of one pod. Kubernetes has no limit of its own; more
  // than a dozen are rare.
  static constexpr std::size_t parts_max = 512;

 private:
  // A container, or what it or the pod has several of.
  struct Part {
    Kind kind{};
    std::string_view name = {};                       // of a container or volume
    std::string_view claim = {};                      // volumes: the persistent one behind it
    std::string_view make = {}, model = {}, id = {};  // accelerators
    std::size_t container = 0;                        // accelerators: whose, as an index into parts_
    std::size_t begin = 0;                            // of its values
  };

  void member(std::string_view key, JsonToken first);
  void read_reference();
  void read_parts(Kind kind, std::size_t container);
  void read_part(Kind kind, std::size_t container);
  void part_member(std::size_t part, std::string_view key, JsonToken first);
  void read_claim(std::size_t part);
  std::span<double> row_of(Kind kind);
  void add_up();
  [[nodiscard]] double sum(int container_slot) const;
  void emit_part(const Part& part, Emit& emit) const;

  JsonReader& json_;
  const Plan& plan_;
  const PodFilter& filter_;
  const Freshness* freshness_ = nullptr;

  std::string_view name_, namespace_;
  std::array<std::vector<double>, kinds> rows_;  // what is being read: an accelerator in a container in a pod
  std::vector<Part> parts_;
  std::vector<double> values_;
  std::size_t left_out_ = 0;
};

}  // namespace scops::k8s
