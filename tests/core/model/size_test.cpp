#include "core/model/size.hpp"

#include <catch2/catch.hpp>

namespace scops {

TEST_CASE("a number that no size can be is the greatest size, not its lower half") {
  CHECK(size_from(0) == 0);
  CHECK(size_from(4096) == 4096);
  CHECK(size_from<std::uint32_t>(0x1'0000'0001) == UINT32_MAX);
}

}  // namespace scops
