// A real dockerd or podman of the test's own, in namespaces of its own (processes, mounts, network): all that
// it starts and mounts goes with it, however the test ends. Its image is made of busybox; nothing is pulled.
// Needs root, cgroups that can be written, and Debian's packages: docker.io, podman, runc,
// containernetworking-plugins, busybox-static.
//
//   ContainerEngine engine(ContainerEngine::Kind::dockerd);
//   if (!engine.ready()) return;  // said why; failed in CI
//   engine.run("web", "sleep 1000");
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "core/io/http_client.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

class ContainerEngine {
 public:
  enum class Kind { dockerd, podman };

  // Starts it, and gives it the image. Where that is not possible, says loudly why and what to install; with
  // CI in the environment that is a failure of the test.
  explicit ContainerEngine(Kind kind);
  ~ContainerEngine();  // kills it and everything in it
  ContainerEngine(const ContainerEngine&) = delete;
  ContainerEngine& operator=(const ContainerEngine&) = delete;

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] std::string socket() const { return folder_ / "engine.sock"; }
  // A container that runs `script` in a shell. `host` and `more` are members of HostConfig and of the body,
  // as JSON: R"("NetworkMode":"none")".
  void run(const std::string& name, const std::string& script, const std::string& host = "",
           const std::string& more = "");
  // POST, which must work: "/containers/web/pause".
  std::string post(const std::string& path, std::string_view body = {},
                   std::string_view type = "application/json");
  std::string get(const std::string& path);
  // Freezing a busy container with cgroup v1 is a game of chances, as runc's freezer.go says: asked again for
  // 15 s. False, said loudly, where the engine cannot.
  [[nodiscard]] bool pause(const std::string& name);
  // Of a container on the engine's own network.
  std::string address(const std::string& name);

 private:
  [[nodiscard]] std::string start();
  [[nodiscard]] std::string why_not() const;
  void make_image();

  Kind kind_;
  TempDir folder_;
  std::string group_;  // parent of its cgroups
  HttpClient client_;
  pid_t pid_ = -1;
  bool ready_ = false;
};

}  // namespace scops::test
