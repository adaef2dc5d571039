#include "transport/dispatch/pace.hpp"

#include <catch2/catch.hpp>

using scops::Pace;

TEST_CASE("pace: requests keep the distance of the rate") {
  Pace pace(4);
  CHECK(pace.earliest() <= 0);
  pace.requested(10'000);
  CHECK(pace.earliest() == 10'250);
}

TEST_CASE("pace: the last request of all need not wait") {
  Pace pace(1);
  pace.requested(10'000);
  pace.hurry();
  CHECK(pace.earliest() <= 0);
}
