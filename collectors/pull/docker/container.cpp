#include "collectors/pull/docker/container.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "collectors/pull/docker/documents.hpp"
#include "core/io/json_walk.hpp"
#include "core/model/text.hpp"

namespace scops::docker {
namespace {

constexpr std::size_t id_max = 128;
constexpr std::size_t tags_max = 32;       // of one container
constexpr std::size_t tag_bytes = 200;     // of a label's value; intakes cut longer ones
constexpr std::size_t label_bytes = 2048;  // of all labels of a container: half of what a series may have
constexpr std::size_t states_max = 16;     // told apart; there are seven in Docker, some more in podman

constexpr std::array<std::string_view, 7> usual_states{"created",  "running", "paused", "restarting",
                                                       "removing", "exited",  "dead"};

// Ids become part of URLs, whoever may have written them.
bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= id_max && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
  });
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// "/web", or "/other/alias" for a link of another container to this one: the name is the one without a second
// slash.
void take_name(std::string_view text, std::string& name, bool& is_link) {
  text = without_slash(text);
  const bool link = text.find('/') != std::string_view::npos;
  if (text.empty() || !(name.empty() || (is_link && !link))) return;
  name = text;
  is_link = link;
}

// Engines before API 1.23 say the state only in words: "Up 4 hours (Paused)", "Exited (1) 3 seconds ago",
// "Exit 0".
std::string_view state_in_words(std::string_view status) {
  if (status.starts_with("Up")) return status.ends_with("(Paused)") ? "paused" : "running";
  if (status.starts_with("Exit")) return "exited";
  if (status.starts_with("Restarting")) return "restarting";
  if (status.starts_with("Created")) return "created";
  if (status.starts_with("Removal")) return "removing";
  if (status.starts_with("Dead")) return "dead";
  return {};
}

std::string_view health_in_words(std::string_view status) {
  if (status.ends_with("(healthy)")) return "healthy";
  if (status.ends_with("(unhealthy)")) return "unhealthy";
  if (status.ends_with("(health: starting)")) return "starting";
  return {};
}

//   Exited (137) 2 seconds ago      Exit 0
std::optional<double> code_in_words(std::string_view status) {
  const bool told = status.starts_with("Exit") || status.starts_with("Restarting (");
  if (!told) return std::nullopt;
  next_word(status);
  std::string_view code = next_word(status);
  if (code.starts_with('(') && code.ends_with(')')) code = code.substr(1, code.size() - 2);
  const std::optional<std::int64_t> number = to_int(code);
  return number ? std::optional(static_cast<double>(*number)) : std::nullopt;
}

// An entry under construction.
struct Entry {
  Container container;
  std::string image, project, service;
  std::string status;  // in words
  std::size_t label_bytes = 0;
  bool name_is_link = false;
};

void take_label(std::string_view key, std::string_view value, const TagChoice& choice, Entry& entry) {
  if (key == "com.docker.compose.project") entry.project = value;
  if (key == "com.docker.compose.service") entry.service = value;
  if (key == "io.podman.compose.project" && entry.project.empty()) entry.project = value;
  if (key == "io.podman.compose.service" && entry.service.empty()) entry.service = value;
  if (choice.labels == nullptr || value.empty() || value.size() > tag_bytes) return;
  std::vector<TextTag>& tags = entry.container.tags;
  const std::size_t bytes = entry.label_bytes + key.size() + value.size();
  if (tags.size() == tags_max || bytes > label_bytes || !matches_any(*choice.labels, key)) return;
  tags.push_back({std::string(key), std::string(value)});
  entry.label_bytes = bytes;
}

void read_member(JsonReader& json, std::string_view key, JsonToken token, const TagChoice& choice,
                 Entry& entry) {
  Container& container = entry.container;
  if (key == "Id") {
    if (is_id(text_of(json, token))) container.id = json.text();
  } else if (key == "Names" && token == JsonToken::array) {
    (void)each_element(json, [&](JsonToken element) {
      take_name(text_of(json, element), container.name, entry.name_is_link);
    });
  } else if (key == "Image") {
    entry.image = text_of(json, token);
  } else if (key == "State") {
    container.state = to_lower(text_of(json, token));
  } else if (key == "Status") {
    entry.status = text_of(json, token);
  } else if (key == "Health" && token == JsonToken::object) {  // API 1.52
    (void)each_member(json, [&](std::string_view name, JsonToken value) {
      if (name == "Status") container.health = text_of(json, value);
    });
  } else if (key == "Labels" && token == JsonToken::object) {
    (void)each_member(json, [&](std::string_view label, JsonToken value) {
      take_label(label, text_of(json, value), choice, entry);
    });
  }
}

void complete(Entry& entry, const TagChoice& choice) {
  Container& container = entry.container;
  if (container.name.empty()) container.name = container.id.substr(0, id_shown);
  if (container.state.empty()) container.state = state_in_words(entry.status);
  if (container.health.empty()) container.health = health_in_words(entry.status);
  container.exit_code = code_in_words(entry.status);
  const auto add = [&container](bool wanted, std::string_view key, std::string& value) {
    if (wanted && !value.empty()) container.tags.push_back({std::string(key), std::move(value)});
  };
  container.tags.insert(container.tags.begin(), {"container", container.name});
  add(choice.image, "image", entry.image);
  add(choice.compose, "compose_project", entry.project);
  add(choice.compose, "compose_service", entry.service);
}

void keep(Container&& container, const ListChoice& choice, ContainerList& into) {
  if (!container.state.empty()) {
    const bool known = into.states.find(container.state) != into.states.end();
    if (known || into.states.size() < states_max) ++into.states[container.state];
  }
  if (into.containers.size() < choice.containers_max) {
    into.containers.push_back(std::move(container));
    return;
  }
  ++into.left_out;
  if (!container.may_run()) return;
  // The list begins with the newest: those that have ended must not keep out one that runs.
  const auto ended = std::find_if(into.containers.begin(), into.containers.end(),
                                  [](const Container& kept) { return !kept.may_run(); });
  if (ended != into.containers.end()) *ended = std::move(container);
}

void read_state_member(JsonReader& json, std::string_view key, JsonToken token, Inspection& into) {
  if (key == "Status") into.state = to_lower(text_of(json, token));
  if (key == "ExitCode" && token == JsonToken::number) into.exit_code = json.number();
  if (key == "OOMKilled" && (token == JsonToken::yes || token == JsonToken::no)) {
    into.oom_killed = token == JsonToken::yes;
  }
  const bool is_health = key == "Health" || key == "Healthcheck";  // the second in older podman
  if (!is_health || token != JsonToken::object) return;
  (void)each_member(json, [&](std::string_view name, JsonToken value) {
    if (name == "Status") into.health = text_of(json, value);
  });
}

}  // namespace

// What is not known to be without numbers is asked: podman has states of its own.
bool Container::may_run() const {
  return !is_one_of(
      state, {"created", "configured", "initialized", "restarting", "removing", "exited", "stopped", "dead"});
}

bool parse_list(JsonReader& json, JsonToken first, const ListChoice& choice, ContainerList& into) {
  if (first != JsonToken::array) return false;
  return each_element(json, [&](JsonToken token) {
    if (token != JsonToken::object) return;
    Entry entry;
    const bool whole = each_member(json, [&](std::string_view key, JsonToken value) {
      read_member(json, key, value, choice.tags, entry);
    });
    if (!whole || entry.container.id.empty()) return;
    complete(entry, choice.tags);
    if (choice.names.passes(entry.container.name)) keep(std::move(entry.container), choice, into);
  });
}

bool parse_inspection(JsonReader& json, JsonToken first, Inspection& into) {
  if (first != JsonToken::object) return false;
  return each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "Name") into.name = without_slash(text_of(json, token));
    if (key == "RestartCount") into.restarts = count_of(json, token);
    if (key != "State" || token != JsonToken::object) return;
    (void)each_member(
        json, [&](std::string_view name, JsonToken value) { read_state_member(json, name, value, into); });
  });
}

void emit_states(const ContainerList& list, Emit& emit) {
  const auto send = [&emit](std::string_view state, std::size_t count) {
    emit.gauge("docker.containers", static_cast<double>(count), std::array{Tag{"state", state}});
  };
  for (const std::string_view state : usual_states) {
    const auto found = list.states.find(state);
    send(state, found == list.states.end() ? 0 : found->second);
  }
  for (const auto& [state, count] : list.states) {
    const bool usual = std::find(usual_states.begin(), usual_states.end(), state) != usual_states.end();
    if (!usual) send(state, count);
  }
}

// A container that was stopped keeps its last health, which says nothing any more.
void emit_health(std::string_view state, std::string_view health, std::span<const Tag> tags, Emit& emit) {
  if (state != "running") return;
  if (health == "healthy") emit.gauge("docker.health", 1, tags);
  if (health == "unhealthy") emit.gauge("docker.health", 0, tags);
}

// One that runs has none yet, whatever an engine puts there.
void emit_exit_code(std::string_view state, std::optional<double> code, std::span<const Tag> tags,
                    Emit& emit) {
  const bool ended = is_one_of(state, {"exited", "stopped", "dead", "restarting"});
  if (ended && code) emit.gauge("docker.exit_code", *code, tags);
}

void emit_inspection(const Inspection& inspection, const Groups& groups, std::span<const Tag> tags,
                     Emit& emit) {
  if (groups.restarts && inspection.restarts) emit.gauge("docker.restarts", *inspection.restarts, tags);
  if (groups.health) emit_health(inspection.state, inspection.health, tags, emit);
  if (groups.exit_code) emit_exit_code(inspection.state, inspection.exit_code, tags, emit);
  if (groups.oom && inspection.oom_killed) {
    emit.gauge("docker.oom_killed", *inspection.oom_killed ? 1 : 0, tags);
  }
}

bool emit_images(JsonReader& json, JsonToken first, std::size_t images_max, Emit& emit) {
  if (first != JsonToken::array) return false;
  std::size_t sent = 0;
  std::string name;
  return each_element(json, [&](JsonToken token) {
    if (token != JsonToken::object) return;
    std::optional<double> size;
    name.clear();
    const bool whole = each_member(json, [&](std::string_view key, JsonToken value) {
      if (key == "Size") size = count_of(json, value);
      if (key != "RepoTags" || value != JsonToken::array) return;
      (void)each_element(json, [&](JsonToken element) {
        if (name.empty()) name = text_of(json, element);
      });
    });
    const bool named = !name.empty() && !name.starts_with("<none>");
    if (!whole || !named || !size || sent == images_max) return;
    ++sent;
    emit.gauge("docker.image.size", *size, std::array{Tag{"image", name}});
  });
}

void view_tags(const std::vector<TextTag>& tags, std::vector<Tag>& into) {
  into.clear();
  for (const TextTag& tag : tags) into.push_back({tag.key, tag.value});
}

}  // namespace scops::docker
