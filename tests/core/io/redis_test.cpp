#include "core/io/redis.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/core/io/redis_script.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/redis_server.hpp"

using scops::ErrorKind;
using scops::RedisClient;
using scops::RedisType;
using scops::RedisValue;
using scops::test::FakeClock;
using scops::test::redis_run;
using scops::test::RedisScript;
using scops::test::RedisServer;
using scops::test::transact;

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
  const auto answer = client.pipeline(RedisScript({{"SET", "a", "1"}, {"HGET", "a", "f"}, {"INCR", "a"}}));
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
  const auto answer = transact(client, RedisScript({{"SET", "a", "1"}, {"INCR", "a"}}));
  REQUIRE(answer);
  REQUIRE(answer.value().size() == 2);
  CHECK(answer.value().at(1).integer() == 2);
}

TEST_CASE("a transaction whose guard does not hold is not done", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"SET", "owner", "other"});
  const auto answer = transact(client, RedisScript({{"SET", "a", "1"}}, {"owner", "me"}));
  REQUIRE(answer);
  CHECK(answer.value().is_nil());
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
  redis_run(client, {"SET", "owner", "me"});
  CHECK(transact(client, RedisScript({{"SET", "a", "1"}}, {"owner", "me"})).value().size() == 1);
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

TEST_CASE("a transaction whose guard changes while it is made is not done", "[redis]") {
  // Somebody else becomes the owner after WATCH and before EXEC.
  class Late final : public RedisScript {
   public:
    Late(const RedisServer& redis, std::vector<Words> commands)
        : RedisScript(std::move(commands), {"owner", "me"}), redis_(redis) {}
    void write(scops::RedisWriter& to) const override {
      redis_.run({"SET", "owner", "other"});
      RedisScript::write(to);
    }

   private:
    const RedisServer& redis_;
  };
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"SET", "owner", "me"});
  const auto answer = transact(client, Late(redis, {{"SET", "a", "1"}}));
  REQUIRE(answer);
  CHECK(answer.value().is_nil());
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
}

TEST_CASE("a transaction with a command that is refused is not done, and says which error", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto answer = transact(client, RedisScript({{"SET", "a", "1"}, {"SET", "b"}, {"SET", "c", "1"}}));
  REQUIRE(answer);
  CHECK(answer.value().error_code() == "EXECABORT");
  CHECK(answer.value().text() == "EXECABORT ERR wrong number of arguments for 'set' command");
  CHECK_FALSE(client.outcome_unknown());
  CHECK(redis_run(client, {"EXISTS", "a", "c"}) == "0");
}

TEST_CASE("a Redis at its memory limit refuses to write, and lets the queue shrink", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  redis_run(client, {"HSET", "h", "f", "v"});
  redis_run(client, {"CONFIG", "SET", "maxmemory", "1"});
  CHECK(client.command({"SET", "a", "1"}).value().error_code() == "OOM");
  const auto answer = transact(client, RedisScript({{"SET", "a", "1"}}));
  REQUIRE(answer);
  CHECK(answer.value().text().find("OOM ") != std::string::npos);
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
  CHECK(redis_run(client, {"HDEL", "h", "f"}) == "1");
  CHECK(client.connection() == 1);
}

TEST_CASE("where MULTI is refused, nothing of the transaction is done", "[redis]") {
  const RedisServer redis;
  redis.run({"ACL", "SETUSER", "limited", "on", ">secret", "~*", "+@all", "-multi"});
  const FakeClock clock;
  scops::RedisTarget target = redis.target();
  target.user = "limited";
  target.password = "secret";
  RedisClient client(target, clock);
  const auto answer = transact(client, RedisScript({{"SET", "a", "1"}}, {}));
  REQUIRE(answer);
  CHECK(answer.value().error_code() == "NOPERM");
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
}

TEST_CASE("a connection that the server closed while idle is made anew without an error", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const std::string id = redis_run(client, {"CLIENT", "ID"});
  CHECK(redis.run({"CLIENT", "KILL", "ID", id}) == "1");
  CHECK(redis_run(client, {"PING"}) == "PONG");
  CHECK(client.connection() == 2);
}

TEST_CASE("who asks for it is told of the end of a connection, once and before anything is sent", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  auto target = redis.target();
  target.tells_of_end = true;
  RedisClient client(target, clock);
  CHECK(client.connection() == 1);
  const std::string id = redis_run(client, {"CLIENT", "ID"});
  CHECK(client.connection() == 1);
  CHECK(redis.run({"CLIENT", "KILL", "ID", id}) == "1");
  const auto answer = client.command({"SET", "a", "b"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::absent);
  CHECK_FALSE(client.outcome_unknown());
  CHECK(client.connection() == 2);
  CHECK(redis_run(client, {"EXISTS", "a"}) == "0");
  CHECK(client.connection() == 2);
}

TEST_CASE("commands that are not what they announce are our mistake, and end the connection", "[redis]") {
  class Wrong final : public scops::RedisCommands {
   public:
    [[nodiscard]] std::size_t count() const override { return 2; }
    void write(scops::RedisWriter& to) const override { to.command({"PING"}); }
  };
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  const auto answer = client.pipeline(Wrong());
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::bug);
  CHECK(redis_run(client, {"PING"}) == "PONG");
}

TEST_CASE("arguments larger than the buffer arrive whole", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  RedisClient client(redis.target(), clock);
  std::string large(3'000'000, 'x');
  large.back() = 'y';
  CHECK(redis_run(client, {"SET", "large", large}) == "OK");
  CHECK(redis_run(client, {"GET", "large"}) == large);
}

TEST_CASE("a reply above the limit is an error of its own, and the next command works", "[redis]") {
  const RedisServer redis;
  const FakeClock clock;
  scops::RedisTarget target = redis.target();
  target.reply_max = 10'000;
  RedisClient client(target, clock);
  redis_run(client, {"SET", "large", std::string(20'000, 'x')});
  const auto answer = client.command({"GET", "large"});
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == ErrorKind::drop);
  CHECK(answer.error().text.ends_with("the reply is larger than 10000 bytes"));
  CHECK(redis_run(client, {"GET", "none"}).empty());
}
