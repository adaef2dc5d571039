#include "tests/support/container_engine.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "core/io/files.hpp"
#include "core/io/json.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/spawn.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* cgroups = "/sys/fs/cgroup";

std::string shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  return command;
}

bool has_program(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

// Groups are removed from the innermost outwards, once nothing runs in them.
void remove_group(const fs::path& path) {
  std::error_code error;
  std::vector<fs::path> inner;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    if (entry.is_directory(error)) inner.push_back(entry.path());
  }
  for (const fs::path& child : inner) remove_group(child);
  ::rmdir(path.c_str());
}

void remove_groups(const std::string& name) {
  std::error_code error;
  remove_group(fs::path(cgroups) / name);
  for (const auto& controller : fs::directory_iterator(cgroups, error)) {
    const fs::path group = controller.path() / name;
    if (fs::exists(group, error)) remove_group(group);
  }
}

}  // namespace

ContainerEngine::ContainerEngine(Kind kind)
    : kind_(kind), group_(fmt::format("scops-test-{}", ::getpid())), client_({}, "scops/test") {
  std::string why = why_not();
  if (why.empty()) why = start();
  ready_ = why.empty();
  if (ready_) return;
  not_tested(fmt::format("against a real {}: {}", kind == Kind::dockerd ? "dockerd" : "podman", why));
}

ContainerEngine::~ContainerEngine() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);  // unshare; its child is killed with it, and everything in the child's namespace
  ::waitpid(pid_, nullptr, 0);
  const auto gone = [this] {
    remove_groups(group_);
    std::error_code error;
    for (const auto& controller : fs::directory_iterator(cgroups, error)) {
      if (fs::exists(controller.path() / group_, error)) return false;
    }
    return true;
  };
  (void)eventually(gone, std::chrono::seconds(5));
}

std::string ContainerEngine::why_not() const {
  if (!has_program("unshare") || !has_program("tar")) return "no unshare or tar (packages util-linux, tar)";
  if (!fs::exists("/bin/busybox")) return "no /bin/busybox (package busybox-static)";
  if (kind_ == Kind::dockerd && !has_program("dockerd")) return "no dockerd (package docker.io)";
  if (kind_ == Kind::podman && !has_program("podman"))
    return "no podman (packages podman, runc, containernetworking-plugins)";
  if (::getuid() != 0) return "it needs root";
  return "";
}

// Returns why it did not start.
std::string ContainerEngine::start() {
  // What engines keep outside their own folders is hidden from them, and theirs from others.
  std::vector<std::string> words{"unshare",
                                 "--fork",
                                 "--pid",
                                 "--mount",
                                 "--net",
                                 "--mount-proc",
                                 "--kill-child",
                                 "sh",
                                 "-c",
                                 "mkdir -p /var/lib/cni && for at in /run /dev/shm /var/lib/cni; do "
                                 "mount -t tmpfs none $at || exit 1; done; exec \"$@\"",
                                 "sh"};
  if (kind_ == Kind::dockerd) {
    words.insert(words.end(),
                 {"dockerd", "-H", "unix://" + socket(), "--data-root", folder_ / "data", "--exec-root",
                  folder_ / "exec", "-p", folder_ / "pid", "--cgroup-parent=/" + group_});
  } else {
    fs::create_directory(folder_ / "net");
    std::ofstream(folder_ / "containers.conf") << "[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = "
                                                  "\"file\"\nruntime = \"runc\"\n[network]\n"
                                               << "network_config_dir = \"" << folder_ / "net"
                                               << "\"\n";
    words.insert(words.end(), {"env", "CONTAINERS_CONF=" + (folder_ / "containers.conf"), "podman", "--root",
                               folder_ / "data", "--runroot", folder_ / "exec", "system", "service",
                               "--time=0", "unix://" + socket()});
  }
  pid_ = spawn(words, folder_ / "log");
  const auto answers = [this] {
    const auto pong = client_.perform({.url = "http://engine/_ping", .unix_socket = socket()}, {});
    return pong && pong->status == 200;
  };
  if (!eventually(answers)) {
    return "it does not start (root, cgroups and namespaces needed): " +
           read_file(folder_ / "log").value_or("");
  }
  make_image();
  return "";
}

void ContainerEngine::make_image() {
  fs::create_directories(folder_ / "image/bin");
  fs::create_directories(folder_ / "image/tmp");
  fs::copy_file("/bin/busybox", folder_ / "image/bin/busybox");
  for (const char* name : {"sh", "sleep", "nc", "dd", "cat", "true", "false"}) {
    fs::create_symlink("busybox", folder_ / ("image/bin/" + std::string(name)));
  }
  shell(fmt::format("tar -C '{}' -cf '{}' .", folder_ / "image", folder_ / "image.tar"));
  const std::string image = read_file(folder_ / "image.tar", 64U << 20U).value_or("");
  post("/images/create?fromSrc=-&repo=localhost/bb", image, "application/x-tar");
}

void ContainerEngine::run(const std::string& name, const std::string& script, const std::string& host,
                          const std::string& more) {
  // podman would raise limits further than a test may.
  std::string body = R"({"Image":"localhost/bb","Cmd":["/bin/sh","-c",)";
  append_json_string(body, script);
  body += R"(],"HostConfig":{"Ulimits":[{"Name":"nofile","Soft":1024,"Hard":4096},)";
  body += R"({"Name":"nproc","Soft":1024,"Hard":4096}],"CgroupParent":"/)" + group_ + '"';
  body += (host.empty() ? "" : ",") + host + "}" + (more.empty() ? "" : ",") + more + "}";
  post("/containers/create?name=" + name, body);
  post("/containers/" + name + "/start");
}

std::string ContainerEngine::post(const std::string& path, std::string_view body, std::string_view type) {
  HttpRequest request{.method = HttpMethod::post, .url = "http://engine/v1.41" + path, .body = body};
  request.headers = {"Content-Type: " + std::string(type)};
  request.unix_socket = socket();
  request.timeout = std::chrono::seconds(30);
  const auto response = client_.perform(request, {});
  if (!response) throw std::runtime_error(path + ": " + response.error().text);
  if (response->status >= 300) throw std::runtime_error(path + ": " + response->body);
  return response->body;
}

bool ContainerEngine::pause(const std::string& name) {
  std::string why;
  const auto paused = [&] {
    try {
      post("/containers/" + name + "/pause");
      return true;
    } catch (const std::runtime_error& error) {
      why = error.what();
      return false;
    }
  };
  if (eventually(paused, std::chrono::seconds(15))) return true;
  WARN("not tried with a paused container: " << why << read_file(folder_ / "log").value_or(""));
  return false;
}

std::string ContainerEngine::address(const std::string& name) {
  const std::string text = get("/containers/" + name + "/json");
  constexpr std::string_view key = "\"IPAddress\":\"";
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return "";
  return text.substr(at + key.size(), text.find('"', at + key.size()) - at - key.size());
}

std::string ContainerEngine::get(const std::string& path) {
  const auto response = client_.perform({.url = "http://engine/v1.41" + path, .unix_socket = socket()}, {});
  return response ? response->body : "";
}

}  // namespace scops::test
