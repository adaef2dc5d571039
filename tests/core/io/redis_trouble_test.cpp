// Servers that are not what they should be. What a user reads is pinned here.
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>

#include <array>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/io/redis.hpp"
#include "tests/core/io/redis_script.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/fake_peer.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/redis_server.hpp"

using namespace std::chrono_literals;
using scops::ErrorKind;
using scops::RedisClient;
using scops::RedisTarget;
using scops::test::CapturedLog;
using scops::test::eventually;
using scops::test::FakeClock;
using scops::test::FakePeer;
using scops::test::redis_run;
using scops::test::RedisScript;
using scops::test::RedisServer;
using scops::test::transact;

namespace {

RedisTarget target_at(std::uint16_t port) {
  RedisTarget target;
  target.host = "127.0.0.1";
  target.port = port;
  return target;
}

// The error of the first command, without the address in front.
std::string trouble(const RedisTarget& target) {
  const FakeClock clock;
  RedisClient client(target, clock);
  const auto answer = client.command({"GET", "k"});
  if (answer) return "no error: " + scops::test::redis_text(answer.value());
  CHECK(answer.error().kind == ErrorKind::retry);
  CHECK_FALSE(client.outcome_unknown());
  const std::string prefix = "redis " + client.where() + ": ";
  CHECK(answer.error().text.starts_with(prefix));
  return answer.error().text.substr(prefix.size());
}

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// Of this machine, IPv4, as others see it; empty when there is none.
std::string outer_address() {
  ifaddrs* all = nullptr;
  REQUIRE(::getifaddrs(&all) == 0);
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(all, ::freeifaddrs);
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET ||
        (one->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    sockaddr_in address{};
    std::memcpy(&address, one->ifa_addr, sizeof address);
    std::array<char, INET_ADDRSTRLEN> text{};
    REQUIRE(::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) != nullptr);
    return text.data();
  }
  return {};
}

// Fine while it is greeted; then it says `answer` to whatever comes.
FakePeer::Answer after_greeting(std::string answer) {
  return [answer = std::move(answer)](std::string_view, int turn) { return turn == 0 ? "$-1\r\n" : answer; };
}

}  // namespace

TEST_CASE("nobody listens", "[redis]") {
  CHECK(trouble(target_at(scops::test::free_port())) == "connect: refused");
}

TEST_CASE("a name that does not exist is said so before the deadline", "[redis]") {
  RedisTarget target = target_at(6379);
  target.host = "no-such-host.invalid";
  const auto begun = std::chrono::steady_clock::now();
  const std::string said = trouble(target);
  CHECK((said == "name not found" || said == "name server does not answer"));
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

TEST_CASE("no such unix socket", "[redis]") {
  RedisTarget target;
  target.socket = "/nonexistent/redis.sock";
  CHECK(trouble(target) == "connect: no such socket");
  target.socket = std::string(200, 'x');
  CHECK(trouble(target) == "connect: the path of the socket is too long");
}

TEST_CASE("a server that keeps silent costs the timeout", "[redis]") {
  FakePeer peer([](std::string_view, int) { return ""; });
  RedisTarget target = target_at(peer.port());
  target.timeout = 50ms;
  CHECK(trouble(target) == "timeout: no answer");
}

TEST_CASE("a value that looks like the word of a protected mode is a value", "[redis]") {
  // As much as one read takes, and then that word.
  const std::string head = "$17000\r\n";
  std::string value(16'384 - head.size(), 'x');
  value += "-DENIED ";
  value.resize(17'000, 'y');
  FakePeer peer([&](std::string_view, int turn) {
    return turn == 0 ? std::string("$-1\r\n") : head + value + "\r\n";  // first to INFO
  });
  const FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  CHECK(redis_run(client, {"GET", "value"}) == value);
}

TEST_CASE("what is no Redis is named where it shows", "[redis]") {
  const auto [says, words] = GENERATE(table<std::string, std::string>(
      {{"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "the server speaks HTTP, it is not a Redis"},
       {"<!DOCTYPE HTML>\n<html>", "the server speaks HTTP, it is not a Redis"},
       {"SSH-2.0-OpenSSH_9.2p1\r\n", "the server speaks SSH, it is not a Redis"},
       {"220 mail.example ESMTP\r\n",
        "the answer is not Redis (Protocol error, got \"2\" as reply type byte)"},
       {"+OK\r\n+OK\r\n", "the answer is to no question"},
       {"<close>", "connection closed by the server"}}));
  FakePeer peer([text = says](std::string_view, int) { return text; });
  CHECK(trouble(target_at(peer.port())) == words);
}

TEST_CASE("a Redis in protected mode is said to be so, whatever is asked first", "[redis]") {
  const std::string address = outer_address();
  if (address.empty()) return scops::test::not_tested("this machine has no address but its own");
  const RedisServer redis({.arguments = {"--bind", "0.0.0.0", "--protected-mode", "yes"}});
  RedisTarget target = redis.target();
  target.host = address;
  const std::string said = "the server is in protected mode: other machines need a password there";
  CHECK(trouble(target) == said);
  target.database = 3;
  CHECK(trouble(target) == said);
  target.password = "wr0ng-secret";
  CHECK(trouble(target) == said);
}

TEST_CASE("a Redis that cannot do is refused", "[redis]") {
  const auto [info, words] = GENERATE(table<std::string, std::string>(
      {{"redis_version:4.0.14\r\n", "version 4.0.14 is too old, 5 is the oldest that will do"},
       {"redis_version:7.0.1\r\nloading:1\r\n", "the server is still loading its data"},
       {"redis_version:7.0.1\r\nrole:slave\r\nslave_read_only:1\r\n", "a read-only replica"}}));
  FakePeer peer([text = bulk(info)](std::string_view, int) { return text; });
  CHECK(trouble(target_at(peer.port())) == words);
}

TEST_CASE("wrong password, no password, a password too many", "[redis]") {
  const RedisServer redis({.password = "correct horse"});
  RedisTarget target = redis.target();
  target.password = "wr0ng-secret";
  CHECK(trouble(target) == "wrong password or user");
  target.user = "nobody";
  CHECK(trouble(target) == "wrong password or user");
  target.user.clear();
  target.password.clear();
  CHECK(trouble(target) == "the server wants a password");
  const RedisServer open;
  target = open.target();
  target.password = "wr0ng-secret";
  CHECK(trouble(target) == "a password is set here, but the server has none");
}

TEST_CASE("a server without AUTH repeats the password, we do not", "[redis]") {
  FakePeer peer([](std::string_view, int) {
    return "-ERR unknown command `AUTH`, with args beginning with: `wr0ng-secret`\r\n$-1\r\n";
  });
  RedisTarget target = target_at(peer.port());
  target.password = "wr0ng-secret";
  CHECK(trouble(target) == "the server refuses to authenticate us");
}

TEST_CASE("wrong database", "[redis]") {
  const RedisServer redis({.arguments = {"--databases", "4"}});
  RedisTarget target = redis.target();
  target.database = 9;
  CHECK(trouble(target) == "wrong database: there is no number 9");
  target.database = 3;
  const FakeClock clock;
  RedisClient client(target, clock);
  redis_run(client, {"SET", "k", "v"});
  CHECK(redis.run({"EXISTS", "k"}) == "0");
}

TEST_CASE("where INFO is forbidden, the server is taken as it is", "[redis]") {
  const RedisServer redis;
  redis.run({"ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-info"});
  RedisTarget target = redis.target();
  target.user = "limited";
  target.password = "secret";
  CHECK(trouble(target) == "no error: ");
}

TEST_CASE("a real replica is refused", "[redis]") {
  const RedisServer master;
  const RedisServer replica({.arguments = {"--replicaof", "127.0.0.1", std::to_string(master.port())}});
  CHECK(trouble(replica.target()) == "a read-only replica");
}

TEST_CASE("a real server that loads its data is waited for", "[redis]") {
  // It looks at its clients once in 1024 commands of its file.
  RedisServer redis({.appendonly = true, .arguments = {"--key-load-delay", "500"}});
  const FakeClock clock;
  {
    RedisClient client(redis.target(), clock);
    REQUIRE(client.pipeline(RedisScript(std::vector<RedisScript::Words>(4000, {"SET", "k", "v"}))));
  }
  redis.kill();
  redis.launch();
  CHECK(eventually([&] { return trouble(redis.target()) == "the server is still loading its data"; }));
  CHECK(eventually([&] { return trouble(redis.target()).starts_with("no error"); }));
}

TEST_CASE("errors that are about the server end the connection", "[redis]") {
  const auto [code, words, stays] = GENERATE(
      table<std::string, std::string, bool>({{"READONLY", "a read-only replica", false},
                                             {"LOADING", "the server is still loading its data", false},
                                             {"MASTERDOWN", "a replica without its master", false},
                                             {"CLUSTERDOWN", "the cluster is down", false},
                                             {"TRYAGAIN", "the cluster is moving these keys", true},
                                             {"NOAUTH", "the server wants a password", false}}));
  FakePeer peer(after_greeting("-" + code + " some words\r\n"));
  FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  for (const int next : {stays ? 1 : 2, stays ? 1 : 3}) {
    const auto answer = client.command({"SET", "k", "v"});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == ErrorKind::retry);
    CHECK(answer.error().text == "redis " + client.where() + ": " + words);
    CHECK_FALSE(client.outcome_unknown());
    CHECK(client.connection() == static_cast<unsigned>(next));
    clock.advance(10'000);
  }
}

TEST_CASE("a pipeline that was refused in part has an unknown outcome", "[redis]") {
  FakePeer peer(after_greeting("+OK\r\n-READONLY You can't write against a read only replica.\r\n"));
  const FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  CHECK_FALSE(client.pipeline(RedisScript({{"SET", "a", "1"}, {"SET", "b", "1"}})));
  CHECK(client.outcome_unknown());
}

TEST_CASE("a command that got no whole answer has an unknown outcome", "[redis]") {
  const std::string answer = GENERATE("$100\r\nabc<close>", "<close>", "", "*3\r\n:1\r\n", "nonsense\r\n");
  FakePeer peer(after_greeting(answer));
  const FakeClock clock;
  RedisTarget target = target_at(peer.port());
  target.timeout = 100ms;
  RedisClient client(target, clock);
  const auto value = client.command({"INCR", "k"});
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == ErrorKind::retry);
  CHECK(client.outcome_unknown());
}

TEST_CASE("a transaction that was cut off before EXEC is known not to be done", "[redis]") {
  FakePeer peer([](std::string_view, int turn) { return turn == 0 ? "$-1\r\n" : "<close>"; });
  const FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  CHECK_FALSE(transact(client, RedisScript({{"SET", "a", "1"}})));
  CHECK_FALSE(client.outcome_unknown());
}

TEST_CASE("a transaction that was cut off after EXEC has an unknown outcome", "[redis]") {
  FakePeer peer([](std::string_view, int turn) {
    return turn == 0 ? "$-1\r\n" : turn == 1 ? "+OK\r\n" : "+QUEUED\r\n<close>";
  });
  const FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  CHECK_FALSE(transact(client, RedisScript({{"SET", "a", "1"}})));
  CHECK(client.outcome_unknown());
}

TEST_CASE("an answer that never ends is cut off at the timeout", "[redis]") {
  // Each piece that we send is answered; what follows drips for ever.
  const RedisServer redis;
  RedisTarget target = redis.target();
  target.timeout = 100ms;
  const FakeClock clock;
  RedisClient client(target, clock);
  redis_run(client, {"PING"});
  const auto begun = std::chrono::steady_clock::now();
  const auto answer = client.command({"EVAL", "while redis.call('TIME')[1] do end", "0"});
  CHECK_FALSE(answer);
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
}

TEST_CASE("neither side waits for the other with full buffers", "[redis]") {
  // It reads no further while it cannot write: a client that only writes would stand still for ever.
  constexpr std::size_t commands = 30'000;
  const std::string argument(500, 'x');
  const std::size_t bytes = std::string("*2\r\n$4\r\nECHO\r\n$500\r\n").size() + argument.size() + 2;
  std::size_t came = 0;
  std::size_t answered = 0;
  FakePeer peer([&](std::string_view piece, int turn) {
    if (turn == 0) return std::string("$-1\r\n");
    std::string answers;
    for (came += piece.size(); answered < came / bytes; ++answered)
      answers += "+" + std::string(300, 'y') + "\r\n";
    return answers;
  });
  const FakeClock clock;
  RedisTarget target = target_at(peer.port());
  target.timeout = 30s;
  RedisClient client(target, clock);
  const auto answer =
      client.pipeline(RedisScript(std::vector<RedisScript::Words>(commands, {"ECHO", argument})));
  REQUIRE(answer);
  CHECK(answer.value().size() == commands);
}

TEST_CASE("attempts to connect become rarer, and in between commands fail at once", "[redis]") {
  FakePeer peer([](std::string_view, int) { return "<close>"; });
  FakeClock clock;
  RedisClient client(target_at(peer.port()), clock);
  int attempts = 0;
  for (const int wait : {100, 200, 400, 800, 1600, 3200, 5000, 5000}) {
    CHECK_FALSE(client.command({"PING"}));
    CHECK(peer.connections() == ++attempts);
    clock.advance(wait - 1);
    const auto held_back = client.command({"PING"});
    REQUIRE_FALSE(held_back);
    CHECK(held_back.error().text == "not connected, waiting for the next attempt: redis " + client.where() +
                                        ": connection closed by the server");
    CHECK_FALSE(client.outcome_unknown());
    CHECK(peer.connections() == attempts);
    clock.advance(1);
  }
}

TEST_CASE("the loss of the server is logged once, and so is its return", "[redis]") {
  const CapturedLog log;
  RedisServer redis;
  FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"PING"});
  const std::string where = "server=" + client.where();
  CHECK(log.count(where) == 0);
  redis.kill();
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(client.command({"PING"}));
    clock.advance(10'000);
  }
  CHECK(log.count("event=redis_lost " + where) == 1);
  redis.start();
  redis_run(client, {"PING"});
  redis_run(client, {"PING"});
  CHECK(log.count("event=redis_connected " + where) == 1);
}

TEST_CASE("a server that stands still costs a timeout, and is used again when it goes on", "[redis]") {
  const RedisServer redis;
  FakeClock clock;
  RedisTarget target = redis.target();
  target.timeout = 100ms;
  RedisClient client(target, clock);
  redis_run(client, {"PING"});
  redis.pause();
  const auto answer = client.command({"INCR", "n"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().text.ends_with("timeout: no answer"));
  CHECK(client.outcome_unknown());
  redis.resume();
  CHECK(eventually([&] {
    clock.advance(5000);
    return client.command({"PING"}).has_value();
  }));
}
