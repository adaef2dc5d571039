#include "collectors/pull/docker/formats.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "collectors/pull/docker/container.hpp"
#include "collectors/pull/docker/documents.hpp"
#include "collectors/pull/docker/stats.hpp"
#include "core/io/json_walk.hpp"
#include "core/model/text.hpp"

namespace scops::docker {
namespace {

constexpr std::size_t containers_max = 10'000;

void reject(std::size_t number, std::string_view what, std::string_view document, Emit& emit) {
  emit.trouble("document " + std::to_string(number),
               {ErrorKind::drop, std::string(what) + ": '" + printable(document) + "'"});
}

// Calls `read(json, first)` for each document, and rejects those of which it makes nothing or that are none.
template <class Read>
void each_document(std::string_view input, std::string_view what, Emit& emit, const Read& read) {
  JsonReader json;
  std::size_t number = 0;
  for (std::string_view document = cut_document(input); !document.empty(); document = cut_document(input)) {
    ++number;
    json.start(document);
    if (!read(json, json.next()) || json.next() != JsonToken::end) reject(number, what, document, emit);
  }
}

void format_list(std::string_view input, Emit& emit) {
  const ListChoice choice{.tags = {.image = true, .compose = true, .labels = nullptr},
                          .names = {},
                          .containers_max = containers_max};
  std::vector<Tag> tags;
  each_document(input, "no list of containers", emit, [&](JsonReader& json, JsonToken first) {
    ContainerList list;
    if (!parse_list(json, first, choice, list)) return false;
    emit_states(list, emit);
    for (const Container& container : list.containers) {
      view_tags(container.tags, tags);
      emit_health(container.state, container.health, tags, emit);
      emit_exit_code(container.state, container.exit_code, tags, emit);
    }
    return true;
  });
}

// The last reading of each container, for documents that come without an earlier one.
using Readings = std::map<std::string, CpuTimes, std::less<>>;

void emit_document(const ContainerStats& stats, Readings& readings, Emit& emit) {
  const std::string_view name = stats.name.empty() ? stats.id.substr(0, id_shown) : stats.name;
  const Tag tag{"container", name};
  const std::span<const Tag> tags(&tag, name.empty() ? 0 : 1);
  const std::string key(stats.id.empty() ? stats.name : stats.id);
  const auto earlier = readings.find(key);
  const bool use_earlier = !stats.before.total && earlier != readings.end();
  emit_stats(stats, use_earlier ? &earlier->second : nullptr, all_groups(), tags, emit);
  const bool remember = !stats.stopped && (earlier != readings.end() || readings.size() < containers_max);
  if (remember && !key.empty()) readings[key] = stats.cpu;
}

void format_stats(std::string_view input, Emit& emit) {
  Readings readings;
  const auto read_one = [&](JsonReader& json, JsonToken first) {
    ContainerStats stats;
    if (!parse_stats(json, first, stats) || !stats.recognised) return false;
    emit_document(stats, readings, emit);
    return true;
  };
  each_document(input, "no container's stats", emit, [&](JsonReader& json, JsonToken first) {
    if (first != JsonToken::array) return read_one(json, first);
    bool all = true;
    const bool whole = each_element(json, [&](JsonToken element) { all = read_one(json, element) && all; });
    return whole && all;
  });
}

void format_inspect(std::string_view input, Emit& emit) {
  const auto read_one = [&](JsonReader& json, JsonToken first) {
    Inspection inspection;
    if (!parse_inspection(json, first, inspection) || inspection.state.empty()) return false;
    const Tag tag{"container", inspection.name};
    const std::span<const Tag> tags(&tag, inspection.name.empty() ? 0 : 1);
    emit_inspection(inspection, all_groups(), tags, emit);
    return true;
  };
  each_document(input, "no container's inspection", emit, [&](JsonReader& json, JsonToken first) {
    if (first != JsonToken::array) return read_one(json, first);  // `docker inspect` prints a list
    bool all = true;
    const bool whole = each_element(json, [&](JsonToken element) { all = read_one(json, element) && all; });
    return whole && all;
  });
}

void format_images(std::string_view input, Emit& emit) {
  each_document(input, "no list of images", emit, [&](JsonReader& json, JsonToken first) {
    return emit_images(json, first, containers_max, emit);
  });
}

}  // namespace

constinit const std::array<Format, 4> docker_formats{
    Format{"docker-list", "Answers of an engine to GET /containers/json.", format_list},
    Format{"docker-stats", "Answers of an engine to GET /containers/ID/stats.", format_stats},
    Format{"docker-inspect", "Answers of an engine to GET /containers/ID/json.", format_inspect},
    Format{"docker-images", "Answers of an engine to GET /images/json.", format_images},
};

}  // namespace scops::docker
