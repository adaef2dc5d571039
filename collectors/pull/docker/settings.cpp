#include "collectors/pull/docker/settings.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace scops::docker {
namespace {

constexpr std::array rows{
    option<&DockerSettings::metrics>({
        .name = "metrics",
        .fallback = R"(["memory","cpu"])",
        .help = "Groups of metrics to send; docs/collectors/docker.md lists what each holds.",
        .choices =
            "memory|cpu|cpu_percent|memory_working_set|memory_limit|network|block_io|pids|restarts|health|"
            "exit_code|oom|states|image_size",
    }),
    option<&DockerSettings::socket>({
        .name = "socket",
        .fallback = "/var/run/docker.sock",
        .help = "Where the engine listens: a path, unix:///path, or tcp://host:port; podman's is "
                "/run/podman/podman.sock.",
        .aliases = "DOCKER_SOCKET_PATH",
    }),
    option<&DockerSettings::tls>({
        .name = "tls",
        .fallback = "false",
        .help = "Speak TLS with an engine at tcp://; https:// does so by itself.",
    }),
    option<&DockerSettings::tls_ca>({
        .name = "tls_ca",
        .fallback = "",
        .help = "PEM file of authorities to trust instead of the system's.",
    }),
    option<&DockerSettings::tls_cert>({
        .name = "tls_cert",
        .fallback = "",
        .help = "PEM file of our own certificate, which engines at tcp:// usually ask for.",
    }),
    option<&DockerSettings::tls_key>({
        .name = "tls_key",
        .fallback = "",
        .help = "PEM file of the key of tls_cert.",
    }),
    option<&DockerSettings::tls_verify>({
        .name = "tls_verify",
        .fallback = "true",
        .help = "Check the engine's certificate; false lets anybody answer in its place.",
    }),
    option<&DockerSettings::tags>({
        .name = "tags",
        .fallback = "[]",
        .help =
            "Tags beside the container's name: image, and compose for compose_project and compose_service.",
        .choices = "image|compose",
    }),
    option<&DockerSettings::labels>({
        .name = "labels",
        .fallback = "[]",
        .help = "Globs of labels of containers that become tags under their own names.",
    }),
    option<&DockerSettings::containers_include>({
        .name = "containers_include",
        .fallback = "[]",
        .help = "Globs of names of containers to look at; empty: all.",
    }),
    option<&DockerSettings::containers_exclude>({
        .name = "containers_exclude",
        .fallback = "[]",
        .help = "Globs of names of containers to leave out; the engine is never asked about them.",
    }),
    option<&DockerSettings::containers_max>({
        .name = "containers_max",
        .fallback = "256",
        .help = "How many containers are looked at; what is beyond is left out, with a warning.",
        .min = "1",
        .max = "10000",
    }),
    option<&DockerSettings::parallel>({
        .name = "parallel",
        .fallback = "16",
        .help =
            "How many containers are asked about at a time; an old engine takes one or two seconds for each.",
        .min = "1",
        .max = "128",
    }),
    option<&DockerSettings::timeout>({
        .name = "timeout",
        .fallback = "15s",
        .help = "How long a capture may take; what has not answered by then is left out.",
        .min = "100ms",
        .max = "5m",
    }),
    option<&DockerSettings::body_max>({
        .name = "body_max",
        .fallback = "4MiB",
        .help = "Longest answer of the engine that is read, as its list of containers; what is longer is "
                "refused.",
        .min = "4KiB",
        .max = "256MiB",
    }),
};

bool holds(const TextList& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

Section docker_section() {
  return section<DockerSettings>("docker", "Containers of a Docker or Podman engine.", rows);
}

Groups groups_of(const DockerSettings& settings) {
  const auto wants = [&settings](std::string_view group) { return holds(settings.metrics, group); };
  return {.memory = wants("memory"),
          .cpu = wants("cpu"),
          .cpu_percent = wants("cpu_percent"),
          .memory_working_set = wants("memory_working_set"),
          .memory_limit = wants("memory_limit"),
          .network = wants("network"),
          .block_io = wants("block_io"),
          .pids = wants("pids"),
          .restarts = wants("restarts"),
          .health = wants("health"),
          .exit_code = wants("exit_code"),
          .oom = wants("oom"),
          .states = wants("states"),
          .image_size = wants("image_size")};
}

Groups all_groups() {
  return {.memory = true,
          .cpu = true,
          .cpu_percent = true,
          .memory_working_set = true,
          .memory_limit = true,
          .network = true,
          .block_io = true,
          .pids = true,
          .restarts = true,
          .health = true,
          .exit_code = true,
          .oom = true,
          .states = true,
          .image_size = true};
}

TagChoice tags_of(const DockerSettings& settings) {
  return {.image = holds(settings.tags, "image"),
          .compose = holds(settings.tags, "compose"),
          .labels = settings.labels.empty() ? nullptr : &settings.labels};
}

}  // namespace scops::docker
