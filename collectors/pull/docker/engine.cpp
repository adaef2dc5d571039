#include "collectors/pull/docker/engine.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stop_token>
#include <utility>

#include "collectors/pull/docker/documents.hpp"
#include "core/io/files.hpp"
#include "core/io/json_reader.hpp"
#include "core/io/json_walk.hpp"
#include "core/model/text.hpp"

namespace scops::docker {
namespace {

constexpr int newest_known = 44;   // of the API, 1.x: Docker 25
constexpr int oldest_usable = 19;  // before it, stats cannot be asked for once
constexpr std::size_t version_max = 65'536;

Error refused(std::string text) { return {ErrorKind::refused, std::move(text)}; }

bool is_host(std::string_view text) {
  constexpr std::string_view marks = ".-_:[]";
  return !text.empty() && std::all_of(text.begin(), text.end(), [marks](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

bool has_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
}

Result<EnginePlace> socket_place(std::string_view path, bool any_tls) {
  sockaddr_un address{};
  if (any_tls) return refused("docker.tls and its files are for tcp://, not for a unix socket");
  if (!path.starts_with('/')) return refused("docker.socket: the path of a unix socket begins with /");
  if (path.size() >= sizeof address.sun_path) return refused("docker.socket: the path is too long");
  return EnginePlace{.socket = std::string(path), .base = "http://docker"};
}

Result<EnginePlace> tcp_place(std::string_view host, bool tls) {
  if (host.ends_with('/')) host.remove_suffix(1);
  if (!is_host(host)) return refused("docker.socket: tcp:// wants a host and a port, tcp://192.0.2.1:2376");
  const std::string_view port = has_port(host) ? "" : tls ? ":2376" : ":2375";
  return EnginePlace{.socket = {}, .base = fmt::format("{}://{}{}", tls ? "https" : "http", host, port)};
}

HttpTls tls_of(const DockerSettings& settings) {
  return {.ca_file = settings.tls_ca,
          .cert_file = settings.tls_cert,
          .key_file = settings.tls_key,
          .verify = settings.tls_verify};
}

// "1.41": 41. Nothing for another major version.
std::optional<int> minor_of(std::string_view version) {
  const std::string_view major = cut(version, '.');
  const std::optional<std::uint64_t> minor = to_uint(version);
  if (major != "1" || !minor || *minor > 9999) return std::nullopt;
  return static_cast<int>(*minor);
}

// Is "4.3.1" before 4.4?
bool is_before_4_4(std::string_view version) {
  const std::uint64_t major = to_uint(cut(version, '.')).value_or(99);
  const std::uint64_t minor = to_uint(cut(version, '.')).value_or(99);
  return major < 4 || (major == 4 && minor < 4);
}

// The errno of connecting to a unix socket; 0 when it works.
int try_connect(const std::string& path) {
  const Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the interface of sockets
  return ::connect(probe.get(), generic, sizeof address) == 0 ? 0 : errno;
}

std::string permission_hint(const std::string& path) {
  struct stat status {};
  std::string group = "its group";
  if (::stat(path.c_str(), &status) == 0) group = fmt::format("its group, {}", status.st_gid);
  return fmt::format(
      "{}: permission denied: run scops with {} (docker run --group-add, systemd SupplementaryGroups=), or "
      "set SCOPS_DOCKER_SOCKET to a read-only proxy of the socket",
      path, group);
}

}  // namespace

Result<EnginePlace> engine_place(const DockerSettings& settings) {
  const std::string_view socket = settings.socket;
  const bool files = !settings.tls_ca.empty() || !settings.tls_cert.empty() || !settings.tls_key.empty();
  const bool secure = socket.starts_with("https://");
  if (!settings.tls_key.empty() && settings.tls_cert.empty())
    return refused("docker.tls_key needs docker.tls_cert");
  if (socket.starts_with("unix://")) return socket_place(socket.substr(7), settings.tls || files);
  if (socket.find("://") == std::string_view::npos) return socket_place(socket, settings.tls || files);
  if (files && !settings.tls && !secure)
    return refused("docker.tls_ca, docker.tls_cert and docker.tls_key need docker.tls");
  if (secure) return tcp_place(socket.substr(8), true);
  if (socket.starts_with("tcp://")) return tcp_place(socket.substr(6), settings.tls);
  if (socket.starts_with("http://")) return tcp_place(socket.substr(7), settings.tls);
  return refused("docker.socket is a path, unix:///path or tcp://host:port");
}

Result<EngineVersion> choose_version(std::string_view body) {
  JsonReader json;
  json.start(body);
  if (json.next() != JsonToken::object) return EngineVersion{};
  std::optional<int> newest;
  std::optional<int> oldest;
  std::string release;
  bool is_podman = false;
  const auto read_component = [&](std::string_view key, JsonToken token) {
    if (key == "Name" && text_of(json, token) == "Podman Engine") is_podman = true;
  };
  const bool whole = each_member(json, [&](std::string_view key, JsonToken token) {
    if (key == "ApiVersion") newest = minor_of(text_of(json, token));
    if (key == "MinAPIVersion") oldest = minor_of(text_of(json, token));
    if (key == "Version") release = text_of(json, token);
    if (key != "Components" || token != JsonToken::array) return;
    (void)each_element(json, [&](JsonToken element) {
      if (element == JsonToken::object) (void)each_member(json, read_component);
    });
  });
  if (!whole || !newest) return EngineVersion{};
  if (*newest < oldest_usable) {
    return Error{ErrorKind::drop,
                 fmt::format("the engine speaks API 1.{}, 1.{} is the oldest that is understood", *newest,
                             oldest_usable)};
  }
  const int chosen = std::max(std::min(*newest, newest_known), oldest.value_or(0));
  return EngineVersion{.api_minor = chosen, .swaps_network = is_podman && is_before_4_4(release)};
}

Engine::Engine(const DockerSettings& settings, EnginePlace place, std::string user_agent)
    : settings_(settings), place_(std::move(place)), client_(tls_of(settings), std::move(user_agent)) {}

Status Engine::negotiate(std::chrono::milliseconds timeout) {
  if (negotiated_) return Ok{};
  version_ = {};
  HttpRequest question = request("/version", version_max);
  question.timeout = timeout;
  const Result<std::string> body = get(question);
  // A proxy in front of the engine may not let that through: then it is asked in its own default version.
  const bool forbidden = !body && last_status_ >= 400 && last_status_ < 500;
  if (!body && !forbidden) return body.error();
  if (body) {
    const Result<EngineVersion> version = choose_version(*body);
    if (!version) return version.error();
    version_ = *version;
  }
  negotiated_ = true;
  return Ok{};
}

HttpRequest Engine::request(std::string_view path, std::size_t body_max) const {
  HttpRequest request;
  const std::string version = version_.api_minor == 0 ? "" : fmt::format("/v1.{}", version_.api_minor);
  request.url = fmt::format("{}{}{}", place_.base, version, path);
  request.unix_socket = place_.socket;
  request.body_max = body_max;
  request.timeout = settings_.timeout;
  request.connect_timeout = std::min<std::chrono::milliseconds>(request.connect_timeout, settings_.timeout);
  request.direct = true;  // an engine is this machine, or near it
  return request;
}

Result<std::string> Engine::get(const HttpRequest& request) {
  last_status_ = 0;
  Result<HttpResponse> response = client_.perform(request, std::stop_token{});
  if (!response) {
    const std::string hint = this->hint();
    if (!hint.empty()) return Error{ErrorKind::retry, hint};
    if (!place_.socket.empty()) return within(place_.socket, response.error());
    Error error = within(place_.base, response.error());
    error.text += ": see SCOPS_DOCKER_SOCKET, and for TLS SCOPS_DOCKER_TLS and the options beside it";
    return error;
  }
  last_status_ = response->status;
  if (response->status != 200) return Error{ErrorKind::retry, refusal(*response)};
  if (!response->whole) {
    const bool too_long = response->body.size() >= request.body_max;
    return Error{ErrorKind::retry, too_long ? "the engine's answer is longer than SCOPS_DOCKER_BODY_MAX"
                                            : "the engine's answer did not end: see SCOPS_DOCKER_TIMEOUT"};
  }
  return std::move(response->body);
}

void Engine::get_all(std::span<const HttpRequest> requests, std::chrono::milliseconds deadline,
                     const HttpDone& done) {
  client_.perform_all(requests,
                      {.parallel = static_cast<std::size_t>(settings_.parallel), .deadline = deadline},
                      std::stop_token{}, done);
}

std::string Engine::hint() const {
  if (place_.socket.empty()) return {};
  const std::string& path = place_.socket;
  switch (try_connect(path)) {
    case EACCES:
    case EPERM:
      return permission_hint(path);
    case ENOENT:
    case ENOTDIR:
      return fmt::format(
          "{}: no such socket: start the engine, in a container mount it (docker run -v {}:{}), or set "
          "SCOPS_DOCKER_SOCKET, for podman to /run/podman/podman.sock",
          path, path, path);
    case ECONNREFUSED:
    case ENOTSOCK:
      return fmt::format("{}: nobody listens there: start the engine, or set SCOPS_DOCKER_SOCKET", path);
    default:
      return {};
  }
}

std::string refusal(const HttpResponse& response) {
  std::string message;
  JsonReader json;
  json.start(response.body);
  if (json.next() == JsonToken::object) {
    (void)each_member(json, [&](std::string_view key, JsonToken token) {
      if (key == "message") message = text_of(json, token);
    });
  }
  if (message.empty())
    message = trim(response.body);  // of proxies, and of a TLS port that is spoken to plainly
  const std::string_view advice =
      response.status == 403 ? "; whatever stands before it must let GET /containers and /images pass" : "";
  return fmt::format("the engine answers HTTP {}: '{}'{}", response.status, printable(message), advice);
}

}  // namespace scops::docker
