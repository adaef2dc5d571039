#include "core/io/compress.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>

#include "tests/support/noise.hpp"

namespace scops {
namespace {

using test::noise;

std::string deflated(const std::string& data, int level = 6) {
  std::string stream;
  deflate(data, stream, {.level = level});
  return stream;
}

TEST_CASE("what was deflated inflates to the same", "[compress]") {
  const std::size_t size = GENERATE(as<std::size_t>{}, 0, 1, 255, 256, 257, 4096, 70000, 300000);
  const int level = GENERATE(1, 6, 9);
  for (const std::string& data : {noise(size), std::string(size, 'a')}) {
    const auto back = inflate(deflated(data, level), size);
    REQUIRE(back);
    CHECK(*back == data);
  }
}

TEST_CASE("deflate replaces what the text held", "[compress]") {
  std::string stream(100, 'x');
  deflate("abc", stream);
  CHECK(inflate(stream, 10).value_or("") == "abc");
}

TEST_CASE("deflate finds repetitions at the far end of what it was given", "[compress]") {
  const std::string part = noise(1500);
  CHECK(deflated(part + part).size() < 1700);
}

TEST_CASE("inflate refuses more than the limit", "[compress]") {
  const std::string bomb = deflated(std::string(50'000'000, '\0'));
  const auto result = inflate(bomb, 1'000'000);
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::drop);
  CHECK(inflate(deflated("1234"), 4));
  CHECK_FALSE(inflate(deflated("1234"), 3));
}

TEST_CASE("inflate refuses a stream that is short, damaged or followed by something", "[compress]") {
  const std::string whole = deflated(noise(1000));
  for (std::size_t length = 0; length < whole.size(); length += 37) {
    CHECK_FALSE(inflate(whole.substr(0, length), 2000));
  }
  std::string damaged = whole;
  damaged[500] = static_cast<char>(damaged[500] ^ 1);
  CHECK_FALSE(inflate(damaged, 2000));
  CHECK_FALSE(inflate(whole + "x", 2000));
  CHECK_FALSE(inflate("", 2000));
}

TEST_CASE("crc32_of is the CRC of RFC 1952", "[compress]") {
  CHECK(crc32_of("") == 0);
  CHECK(crc32_of("123456789") == 0xCBF43926U);
}

}  // namespace
}  // namespace scops
