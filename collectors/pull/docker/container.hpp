// What an engine's list of containers and its inspection of one say: GET /containers/json and
// /containers/ID/json, Docker Engine API 1.19 and later, and podman's likeness of them. No I/O.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/proc/name_filter.hpp"
#include "collectors/pull/docker/settings.hpp"
#include "core/io/json_reader.hpp"
#include "core/model/collector.hpp"

namespace scops::docker {

struct TextTag {
  std::string key, value;
};

inline constexpr std::size_t id_shown = 12;  // letters of an id, as `docker ps` shows it

// An entry of the list, with nothing that is not used.
struct Container {
  std::string id;                      // letters, digits, - and _ only: part of URLs
  std::string name;                    // without the slash; of a nameless one, the beginning of its id
  std::string state;                   // lower case: "running", "paused", "exited"...; empty when not told
  std::string health;                  // "healthy", "unhealthy", "starting"; empty: no check, or not told
  std::optional<double> exit_code;     // of one that does not run
  std::vector<TextTag> tags;           // its name, and what the options add
  [[nodiscard]] bool may_run() const;  // false for states in which an engine has no numbers
};

struct ListChoice {
  TagChoice tags = {};
  NameFilter names = {};
  std::size_t containers_max = 10'000;
};

struct ContainerList {
  std::vector<Container> containers;                       // that the choice lets in
  std::size_t left_out = 0;                                // beyond containers_max
  std::map<std::string, std::size_t, std::less<>> states;  // how many in each, left out or not
};

// Reads the list that `first`, the token just read, begins; false when it is none. What an entry lacks is
// empty, an entry without a usable id is skipped.
[[nodiscard]] bool parse_list(JsonReader& json, JsonToken first, const ListChoice& choice,
                              ContainerList& into);

struct Inspection {
  std::string name, state;  // as in Container
  std::string health;
  std::optional<double> exit_code, restarts;
  std::optional<bool> oom_killed;
};
[[nodiscard]] bool parse_inspection(JsonReader& json, JsonToken first, Inspection& into);

// How many containers are in each state: zeros for the usual states in which none is.
void emit_states(const ContainerList& list, Emit& emit);
void emit_health(std::string_view state, std::string_view health, std::span<const Tag> tags, Emit& emit);
void emit_exit_code(std::string_view state, std::optional<double> code, std::span<const Tag> tags,
                    Emit& emit);
void emit_inspection(const Inspection& inspection, const Groups& groups, std::span<const Tag> tags,
                     Emit& emit);

// Sizes of images, GET /images/json: emits one for each that has a name, at most `images_max`. False when it
// is no list.
[[nodiscard]] bool emit_images(JsonReader& json, JsonToken first, std::size_t images_max, Emit& emit);

// Views of the tags, in `into`.
void view_tags(const std::vector<TextTag>& tags, std::vector<Tag>& into);

}  // namespace scops::docker
