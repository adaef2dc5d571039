#include "tests/transport/buffer/redis_fixture.hpp"

namespace scops {
namespace {

TEST_CASE("the buffer in a Redis keeps the contract", "[buffer][redis]") {
  test::check_buffer_contract([] { return std::make_unique<test::RedisFixture>(); });
}

TEST_CASE("the buffer in a Redis behind its queue keeps the contract", "[buffer][redis]") {
  test::check_buffer_contract([] { return std::make_unique<test::HeldRedisFixture>(); });
}

}  // namespace
}  // namespace scops
