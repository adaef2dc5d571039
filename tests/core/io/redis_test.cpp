#include "core/io/redis.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/fake_clock.hpp"
#include "tests/support/redis_server.hpp"

using scops::ErrorKind;
using scops::RedisClient;
using scops::RedisCommands;
using scops::RedisType;
using scops::RedisValue;
using scops::RedisWriter;
using scops::test::FakeClock;
using scops::test::redis_run;
using scops::test::RedisServer;

namespace {

// A fixed list of commands.
class Script : public RedisCommands {
 public:
  using Words = std::vector<std::string>;
  explicit Script(std::vector<Words> commands, Guard guard = {})
      : commands_(std::move(commands)), guard_(std::move(guard)) {}
  [[nodiscard]] std::size_t count() const override { return commands_.size(); }
  void write(RedisWriter& to) const override {
    for (const Words& words : commands_) {
      to.begin(words.size());
      for (const std::string& word : words) to.argument(word);
    }
  }
  [[nodiscard]] Guard guard() const override { return guard_; }

 private:
  std::vector<Words> commands_;
  Guard guard_;
};

scops::Result<RedisValue> transact(RedisClient& client, const RedisCommands& commands) {
  const RedisCommands* const all[] = {&commands};
  return client.transaction(all);
}

}  // namespace

TEST_CASE("a reply has the type and the value that the server gave it", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto set = client.command({"SET", "k", std::string_view("a\0b\r\n", 5)});
  REQUIRE(set);
  CHECK(set.value().type() == RedisType::status);
  CHECK(set.value().text() == "OK");
  CHECK(client.command({"GET", "k"}).value().text() == std::string_view("a\0b\r\n", 5));
  CHECK(client.command({"GET", "none"}).value().is_nil());
  CHECK(client.command({"STRLEN", "k"}).value().integer() == 5);
  const auto error = client.command({"HGET", "k", "f"});
  REQUIRE(error);
  CHECK(error.value().error_code() == "WRONGTYPE");
  CHECK_FALSE(client.outcome_unknown());
  CHECK(client.connection() == 1);
}

TEST_CASE("lists may hold lists, and reading beyond them gives nothing", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto answer = client.command({"EVAL", "return {1, {'two', {3, false}}, {}, 'end'}", "0"});
  REQUIRE(answer);
  const RedisValue list = answer.value();
  REQUIRE(list.size() == 4);
  CHECK(list.at(0).integer() == 1);
  CHECK(list.at(1).at(0).text() == "two");
  CHECK(list.at(1).at(1).at(0).integer() == 3);
  CHECK(list.at(1).at(1).at(1).is_nil());
  CHECK(list.at(2).type() == RedisType::list);
  CHECK(list.at(2).size() == 0);
  CHECK(list.at(3).text() == "end");
  CHECK(list.at(4).is_nil());
  CHECK(list.at(0).at(0).is_nil());
  CHECK(list.at(0).text().empty());
}

TEST_CASE("a pipeline gives one reply to each command, errors among them", "[redis]") {
  const RedisServer redis({.unix_socket = true});
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto answer = client.pipeline(Script({{"SET", "a", "1"}, {"HGET", "a", "f"}, {"INCR", "a"}}));
  REQUIRE(answer);
  REQUIRE(answer.value().size() == 3);
  CHECK(answer.value().at(0).text() == "OK");
  CHECK(answer.value().at(1).is_error());
  CHECK(answer.value().at(2).integer() == 2);
}

TEST_CASE("a transaction is done as a whole", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto answer = transact(client, Script({{"SET", "a", "1"}, {"INCR", "a"}}));
  REQUIRE(answer);
  REQUIRE(answer.value().size() == 2);
  CHECK(answer.value().at(1).integer() == 2);
}

TEST_CASE("a transaction whose guard does not hold is not done", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"SET", "owner", "other"});
  const auto answer = transact(client, Script({{"SET", "a", "1"}}, {"owner", "me"}));
  REQUIRE(answer);
  CHECK(answer.value().is_nil());
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
  redis_run(client, {"SET", "owner", "me"});
  CHECK(transact(client, Script({{"SET", "a", "1"}}, {"owner", "me"})).value().size() == 1);
}

TEST_CASE("a server that was killed and started again is found again", "[redis]") {
  RedisServer redis({.appendonly = true});
  FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"SET", "k", "v"});
  redis.kill();
  const auto refused = client.command({"GET", "k"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "redis " + client.where() + ": connect: refused");
  redis.start();
  clock.advance(5000);
  CHECK(redis_run(client, {"GET", "k"}) == "v");
  CHECK(client.connection() == 2);
}
