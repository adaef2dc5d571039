// A real redis-server of the test's own: in a folder of its own, on a free loopback port or a unix socket. It
// dies with its RedisServer, and with the test, however that ends.
//
//   RedisServer redis({.appendonly = true});
//   RedisClient client(redis.target(), clock);
//   redis.kill();   // -9
//   redis.start();  // with what it had saved
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/redis.hpp"
#include "core/runtime/clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace scops::test {

struct RedisOptions {
  bool appendonly = false;                  // else nothing is saved
  bool unix_socket = false;                 // instead of a port
  std::string config = {};                  // content of a configuration file, which the server may write to
  std::string password = {};                // requirepass
  std::vector<std::string> arguments = {};  // further ones, a word each: {"--maxmemory", "4mb"}
};

class RedisServer {
 public:
  explicit RedisServer(RedisOptions options = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  // In the same folder and, for TCP, on the same port; returns when it answers PING.
  void start();
  // As start(), but without waiting for an answer.
  void launch();
  void wait_until_up() const;
  void stop();         // SIGTERM, and waits
  void kill();         // SIGKILL, and waits
  void pause() const;  // SIGSTOP: it keeps its connections and says nothing
  void resume() const;

  [[nodiscard]] std::uint16_t port() const { return port_; }  // 0 with a unix socket
  [[nodiscard]] std::string socket() const;                   // empty without one
  [[nodiscard]] const std::string& folder() const { return folder_.path(); }
  [[nodiscard]] RedisTarget target() const;

  // One command in a connection of its own, which must work. Text of the answer: lists one element a line,
  // integers in decimal, nil as nothing, errors with their code.
  std::string run(std::initializer_list<std::string_view> arguments) const;

 private:
  [[nodiscard]] std::string program() const;
  [[nodiscard]] std::vector<std::string> command_line() const;

  RedisOptions options_;
  TempDir folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

// Three masters without replicas. `target()` is one of them.
class RedisCluster {
 public:
  RedisCluster();

  [[nodiscard]] RedisServer& node(std::size_t index) { return *nodes_[index]; }
  [[nodiscard]] RedisTarget target() const { return nodes_.front()->target(); }
  // The node that serves `key`.
  [[nodiscard]] std::size_t owner(std::string_view key) const;

 private:
  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

// A loopback port that nobody listens on, and that the kernel does not give away by itself.
[[nodiscard]] std::uint16_t free_port();

// What RedisServer::run() does, over a client of the test's.
std::string redis_run(RedisClient& client, std::initializer_list<std::string_view> arguments);
[[nodiscard]] std::string redis_text(const RedisValue& value);

}  // namespace scops::test
