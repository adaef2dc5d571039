// Speaking with an engine: where it listens, which version of its API, and what to do when it does not
// answer.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/docker/settings.hpp"
#include "core/io/http_client.hpp"
#include "core/model/result.hpp"

namespace scops::docker {

// Out of the option `socket`.
struct EnginePlace {
  std::string socket;  // path of a unix socket, or
  std::string base;    // "https://host:2376"; of a socket a stand-in for it
};
// ErrorKind::refused says what is wrong with the options.
[[nodiscard]] Result<EnginePlace> engine_place(const DockerSettings& settings);

// The part of GET /version that is used.
struct EngineVersion {
  int api_minor = 0;  // of the API that we speak with it, 1.x; 0: unknown, so no version is asked for
  bool swaps_network = false;  // podman before 4.4 says sent for received (containers/podman issue 16618)
};
// Chooses what both sides speak, the newest that we know or the oldest that it still does. Quiet about what
// it does not understand; ErrorKind::drop when the engine is too old.
[[nodiscard]] Result<EngineVersion> choose_version(std::string_view body);

class Engine {
 public:
  // `settings` outlive it.
  Engine(const DockerSettings& settings, EnginePlace place, std::string user_agent);

  // Asks for the version, unless it is known.
  [[nodiscard]] Status negotiate(std::chrono::milliseconds timeout);
  void forget_version() { negotiated_ = false; }
  [[nodiscard]] const EngineVersion& version() const { return version_; }
  [[nodiscard]] bool has_one_shot() const { return version_.api_minor >= 41; }

  // A request for `path`, "/containers/json", in the version negotiated.
  [[nodiscard]] HttpRequest request(std::string_view path, std::size_t body_max) const;
  // Its body; the error says what to do about it.
  [[nodiscard]] Result<std::string> get(const HttpRequest& request);
  // The status of the last get(), 0 when there was no answer.
  [[nodiscard]] int last_status() const { return last_status_; }
  void get_all(std::span<const HttpRequest> requests, std::chrono::milliseconds deadline,
               const HttpDone& done);

 private:
  // What the user can do about a connection that does not come about; empty when nothing is known.
  [[nodiscard]] std::string hint() const;

  const DockerSettings& settings_;
  EnginePlace place_;
  HttpClient client_;
  EngineVersion version_;
  bool negotiated_ = false;
  int last_status_ = 0;
};

// "HTTP 500: no such thing", of an answer that is not 200: `message` is what engines put into the body.
[[nodiscard]] std::string refusal(const HttpResponse& response);

}  // namespace scops::docker
