// What can be seen of a running agent from outside: /proc/PID, its threads, its sockets, its pages.
#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <set>
#include <system_error>

#include "core/io/http_client.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

// The inodes of its sockets.
std::set<std::string> sockets_of(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", pid), error)) {
    const std::string target = fs::read_symlink(entry.path(), error).string();
    if (target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

}  // namespace

std::string AgentProcess::proc(std::string_view file) const {
  return read_file(fmt::format("/proc/{}/{}", pid_, file), 16U << 20U).value_or("");
}

pid_t AgentProcess::thread(std::string_view name) const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/task", pid_), error)) {
    const std::string tid = entry.path().filename().string();
    if (trim(proc(fmt::format("task/{}/comm", tid))) == name)
      return static_cast<pid_t>(to_int(tid).value_or(0));
  }
  return 0;
}

// Columns of /proc/net/tcp: number, local address:port, remote, state (0A: listening), ..., the tenth is the
// inode.
std::vector<AgentProcess::Listener> AgentProcess::listeners() const {
  const std::set<std::string> sockets = sockets_of(pid_);
  std::vector<Listener> found;
  for (const char* table : {"net/tcp", "net/tcp6"}) {
    for (const std::string& line : lines_of(proc(table))) {
      std::string_view rest = line;
      std::array<std::string_view, 10> columns;
      for (std::string_view& column : columns) column = next_word(rest);
      if (columns[3] != "0A" || !sockets.contains(std::string(columns[9]))) continue;
      std::string_view port = columns[1];
      const std::string_view address = cut(port, ':');
      found.push_back({std::string(address), static_cast<int>(to_uint(port, 16).value_or(0))});
    }
  }
  return found;
}

AgentProcess::Page AgentProcess::page(const std::string& path) const {
  HttpClient client({}, "scops-test");
  HttpRequest request{.url = {}, .headers = {}, .body = {}, .body_max = 1 << 20};
  Page page;
  (void)eventually([&] {
    const auto found = listeners();
    if (found.empty()) return false;
    request.url = fmt::format("http://127.0.0.1:{}{}", found.front().port, path);
    const auto answer = client.perform(request, std::stop_token{});
    if (answer) page = {answer->status, answer->content_type, answer->body};
    return answer.has_value();
  });
  return page;
}

}  // namespace scops::test
