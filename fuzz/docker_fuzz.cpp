// Everything that an engine of containers says: the first byte says which answer it is, the rest is its body.

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pull/docker/container.hpp"
#include "collectors/pull/docker/documents.hpp"
#include "collectors/pull/docker/engine.hpp"
#include "collectors/pull/docker/formats.hpp"
#include "collectors/pull/docker/stats.hpp"

namespace {

using namespace scops;

// What no input may bring about: values that are not finite, or names and tags that are empty.
class CheckingEmit final : public Emit {
 public:
  void metric(const Metric& metric) override {
    if (!std::isfinite(metric.value) || metric.name.empty()) std::abort();
    for (const Tag& tag : metric.tags) {
      if (tag.key.empty() || tag.value.empty()) std::abort();
    }
  }
  void trouble(std::string_view part, const Error& error) override {
    if (part.empty() || error.text.empty()) std::abort();
  }
};

void fuzz_version(std::string_view text) {
  const auto version = docker::choose_version(text);
  if (version && (version->api_minor < 0 || version->api_minor > 9999)) std::abort();
}

void fuzz_documents(std::string_view text) {
  std::size_t total = 0;
  const std::size_t size = text.size();
  for (auto document = docker::cut_document(text); !document.empty(); document = docker::cut_document(text)) {
    total += document.size();
  }
  if (total > size) std::abort();
}

void fuzz_time(std::string_view text) { (void)docker::to_nanoseconds(text); }

void fuzz_refusal(std::string_view text) {
  HttpResponse response;
  response.status = 500;
  response.body = text;
  if (docker::refusal(response).find('\n') != std::string::npos) std::abort();
}

// With every label as a tag, which `scops parse` does not have.
void fuzz_labels(std::string_view text) {
  static const TextList globs{"*"};
  JsonReader json;
  json.start(text);
  docker::ContainerList list;
  const docker::ListChoice choice{.tags = {.image = true, .compose = true, .labels = &globs},
                                  .containers_max = 8};
  (void)docker::parse_list(json, json.next(), choice, list);
  if (list.containers.size() > 8) std::abort();
  for (const docker::Container& container : list.containers) {
    if (container.id.empty() || container.name.empty() || container.tags.size() > 40) std::abort();
  }
}

constexpr std::array others{fuzz_version, fuzz_documents, fuzz_time, fuzz_refusal, fuzz_labels};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  const std::size_t choice = data[0] % (docker::docker_formats.size() + others.size());
  if (choice < docker::docker_formats.size()) {
    CheckingEmit emit;
    docker::docker_formats.at(choice).parse(text, emit);
  } else {
    others.at(choice - docker::docker_formats.size())(text);
  }
  return 0;
}
