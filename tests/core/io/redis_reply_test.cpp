#include "core/io/redis_reply.hpp"

#include <catch2/catch.hpp>
#include <string>

using scops::ErrorKind;
using scops::RedisReplies;
using scops::RedisType;

TEST_CASE("a reply may come byte by byte", "[redis]") {
  const std::string bytes = "*3\r\n$3\r\nabc\r\n*2\r\n:-7\r\n$-1\r\n+fine\r\n";
  RedisReplies replies(10'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    replies.feed(bytes.substr(i, 1));
    const auto whole = replies.next();
    REQUIRE(whole);
    CHECK(whole.value() == (i + 1 == bytes.size()));
  }
  CHECK(replies.root().at(0).text() == "abc");
  CHECK(replies.root().at(1).at(0).integer() == -7);
  CHECK(replies.root().at(1).at(1).is_nil());
  CHECK(replies.root().at(2).type() == RedisType::status);
  CHECK(replies.idle());
}

TEST_CASE("a list that announces more than the limit takes no memory", "[redis]") {
  // 178956971 nodes of 24 bytes are 8 bytes where sizes have 32 bits.
  const std::string bytes =
      GENERATE("*2147483647\r\n", "*2000\r\n", "*1\r\n*1\r\n*1\r\n*1900\r\n", "*1000\r\n*1000\r\n",
               "*2147483648\r\n", "*9223372036854775807\r\n", "*178956971\r\n");
  RedisReplies replies(1000 * sizeof(scops::RedisValue::Node) + 500);
  replies.feed(bytes);
  const auto whole = replies.next();
  REQUIRE_FALSE(whole);
  CHECK((whole.error().kind == ErrorKind::drop || whole.error().text.find("not Redis") != std::string::npos));
}

TEST_CASE("text that has no end is refused at the limit", "[redis]") {
  const std::string head = GENERATE("$9000000000\r\n", "$9223372036854775807\r\n", "+");
  RedisReplies replies(100'000);
  replies.feed(head);
  int pieces = 0;
  for (; pieces < 1000; ++pieces) {
    const auto whole = replies.next();
    if (!whole) {
      // What no size can be is no length to hiredis, and its sender no Redis.
      const bool no_size = sizeof(std::size_t) < 8 && head != "+";
      CHECK(whole.error().kind == (no_size ? ErrorKind::retry : ErrorKind::drop));
      break;
    }
    replies.feed(std::string(1000, 'x'));
  }
  CHECK(pieces <= 101);
}

TEST_CASE("lists in lists end at the depth of the parser", "[redis]") {
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += "*1\r\n";
  RedisReplies replies(100'000);
  replies.feed(bytes);
  CHECK_FALSE(replies.next());
}

TEST_CASE("what is no RESP2 is said to be no Redis", "[redis]") {
  const std::string bytes = GENERATE("hello\r\n", ":abc\r\n", "$-2\r\n", "*x\r\n", "%1\r\n+a\r\n+b\r\n");
  RedisReplies replies(10'000);
  replies.feed(bytes);
  const auto whole = replies.next();
  REQUIRE_FALSE(whole);
  CHECK(whole.error().kind == ErrorKind::retry);
  CHECK(whole.error().text.find("the answer is not Redis") == 0);
  replies.reset();
  replies.feed(":1\r\n");
  CHECK(replies.next().value());
}
