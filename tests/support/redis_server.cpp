#include "tests/support/redis_server.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "core/io/files.hpp"
#include "core/io/redis_link.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/spawn.hpp"

namespace scops::test {
namespace {

std::string slot_of(const RedisServer& server, std::string_view key) {
  return server.run({"CLUSTER", "KEYSLOT", key});
}

}  // namespace

std::uint16_t free_port() {
  // Below the range that the kernel takes ports of its own from; by process, so that parallel tests differ.
  static unsigned tried = static_cast<unsigned>(::getpid()) * 37U;
  for (int i = 0; i < 1000; ++i) {
    const auto port =
        static_cast<std::uint16_t>(12'000U + tried++ % 10'000U);  // a cluster's bus: 10,000 above
    const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return port;
  }
  throw std::runtime_error("no free port");
}

RedisServer::RedisServer(RedisOptions options) : options_(std::move(options)) {
  if (!options_.config.empty()) std::ofstream(folder_ / "redis.conf") << options_.config;
  start();
}

RedisServer::~RedisServer() { kill(); }

std::string RedisServer::socket() const { return options_.unix_socket ? folder_ / "redis.sock" : ""; }

// The server is in Debian's redis-tools too, as redis-check-rdb, and goes by the name that it is called by;
// the package redis-server would leave a daemon running on the developer's machine.
std::string RedisServer::program() const {
  const std::string same = "/usr/bin/redis-check-rdb";
  if (::access(same.c_str(), X_OK) != 0) return "redis-server";
  const std::string link = folder_ / "redis-server";
  std::error_code is_there;
  std::filesystem::create_symlink(same, link, is_there);
  return link;
}

std::vector<std::string> RedisServer::command_line() const {
  std::vector<std::string> words = {program()};
  if (!options_.config.empty()) words.push_back(folder_ / "redis.conf");
  const std::vector<std::string> own = {"--dir",  folder_.path(), "--save", "",
                                        "--bind", "127.0.0.1",    "--port", std::to_string(port_)};
  words.insert(words.end(), own.begin(), own.end());
  const auto add = [&words](std::initializer_list<std::string> more) {
    words.insert(words.end(), more.begin(), more.end());
  };
  if (options_.unix_socket) add({"--unixsocket", socket()});
  if (options_.appendonly) add({"--appendonly", "yes", "--appendfsync", "always"});
  if (!options_.password.empty()) add({"--requirepass", options_.password});
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  return words;
}

void RedisServer::launch() {
  if (port_ == 0 && !options_.unix_socket) port_ = free_port();
  pid_ = spawn(command_line(), folder_ / "log");
}

void RedisServer::start() {
  launch();
  for (int i = 0; i < 20 && !options_.unix_socket; ++i) {
    // Another test may have taken the port since.
    ::usleep(20'000);
    if (::waitpid(pid_, nullptr, WNOHANG) == 0) break;
    port_ = 0;
    launch();
  }
  wait_until_up();
}

// Without a client, which would log each attempt.
void RedisServer::wait_until_up() const {
  const RedisAddress address{"127.0.0.1", port_, socket()};
  const auto answers = [&address] {
    const Deadline deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    auto link = RedisLink::connect(address, nullptr, deadline);
    if (!link || !link.value().write_some("PING\r\n") || !link.value().wait(false, deadline)) return false;
    std::array<char, 64> answer{};
    const auto came = link.value().read_some(answer);
    // A replica or one that wants a password says so, and is up.
    return came && came.value() > 0 && !std::string_view(answer.data(), came.value()).starts_with("-LOADING");
  };
  if (eventually(answers)) return;
  throw std::runtime_error("redis-server does not start: " + read_file(folder_ / "log").value_or(""));
}

void RedisServer::stop() {
  if (pid_ > 0) {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
}

void RedisServer::kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
}

void RedisServer::pause() const { ::kill(pid_, SIGSTOP); }
void RedisServer::resume() const { ::kill(pid_, SIGCONT); }

RedisTarget RedisServer::target() const {
  RedisTarget target;
  target.host = "127.0.0.1";
  target.port = port_;
  target.socket = socket();
  target.password = options_.password;
  return target;
}

std::string RedisServer::run(std::initializer_list<std::string_view> arguments) const {
  const SystemClock clock;
  RedisClient client(target(), clock);
  return redis_run(client, arguments);
}

RedisCluster::RedisCluster() {
  const std::vector<std::string> arguments = {"--cluster-enabled", "yes", "--cluster-node-timeout", "1000"};
  std::vector<std::string> words = {"redis-cli", "--cluster", "create"};
  for (int i = 0; i < 3; ++i) {
    nodes_.push_back(std::make_unique<RedisServer>(RedisOptions{.arguments = arguments}));
    words.push_back("127.0.0.1:" + std::to_string(nodes_.back()->port()));
  }
  words.insert(words.end(), {"--cluster-replicas", "0", "--cluster-yes"});
  int status = -1;
  ::waitpid(spawn(words, nodes_.front()->folder() + "/create.log"), &status, 0);
  if (status != 0) throw std::runtime_error("redis-cli --cluster create failed");
  const bool formed = eventually([this] {
    for (const auto& node : nodes_) {
      if (node->run({"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) return false;
    }
    return true;
  });
  if (!formed) throw std::runtime_error("the cluster does not come up");
}

std::size_t RedisCluster::owner(std::string_view key) const {
  const int slot = std::stoi(slot_of(*nodes_.front(), key));
  const SystemClock clock;
  RedisClient client(target(), clock);
  const auto slots = client.command({"CLUSTER", "SLOTS"});
  if (!slots) throw std::runtime_error(slots.error().text);
  for (std::size_t i = 0; i < slots.value().size(); ++i) {
    const RedisValue range = slots.value().at(i);
    if (slot < range.at(0).integer() || slot > range.at(1).integer()) continue;
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      if (nodes_[node]->port() == range.at(2).at(1).integer()) return node;
    }
  }
  throw std::runtime_error("nobody serves the key");
}

std::string redis_text(const RedisValue& value) {
  if (value.type() == RedisType::integer) return std::to_string(value.integer());
  if (value.type() != RedisType::list) return std::string(value.text());
  std::string lines;
  for (std::size_t i = 0; i < value.size(); ++i) lines += (i == 0 ? "" : "\n") + redis_text(value.at(i));
  return lines;
}

std::string redis_run(RedisClient& client, std::initializer_list<std::string_view> arguments) {
  const auto answer = client.command(arguments);
  if (!answer) throw std::runtime_error(answer.error().text);
  return redis_text(answer.value());
}

}  // namespace scops::test
