#include "agent/pipeline/distinct.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <string>

using namespace scops;

namespace {

// The number after each of `number` members was added `times` times.
double number_of(std::size_t number, std::size_t exact_max, std::size_t memory = 1U << 20U, int times = 1) {
  MemoryPool pool(memory);
  MemoryShare share(pool);
  Distinct distinct;
  for (int round = 0; round < times; ++round) {
    for (std::size_t i = 0; i < number; ++i) {
      distinct.add("user-" + std::to_string(i), exact_max, share);
    }
  }
  return distinct.number();
}

double error_of(std::size_t number, std::size_t memory = 1U << 20U) {
  return std::fabs(number_of(number, 1000, memory) / static_cast<double>(number) - 1);
}

}  // namespace

TEST_CASE("up to the bound the number of members is exact", "[distinct]") {
  for (const std::size_t number : {0U, 1U, 2U, 999U, 1000U}) {
    CHECK(number_of(number, 1000) == static_cast<double>(number));
  }
}

TEST_CASE("a member that comes again does not count again", "[distinct]") {
  CHECK(number_of(1000, 1000, 1U << 20U, 3) == 1000);
  CHECK(number_of(20000, 1000, 1U << 20U, 3) == number_of(20000, 1000));
}

TEST_CASE("a member at the bound that is known keeps the set exact", "[distinct]") {
  MemoryPool pool(1U << 20U);
  MemoryShare share(pool);
  Distinct distinct;
  for (int i = 0; i < 20; ++i) distinct.add(std::to_string(i % 10), 10, share);
  CHECK(distinct.exact());
  distinct.add("another", 10, share);
  CHECK_FALSE(distinct.exact());
  CHECK(distinct.number() == 11);
}

TEST_CASE("beyond the bound the number is right to three standard errors of 0.8 %", "[distinct]") {
  // Also where the method of 2007 is biased, around 2.5 times the number of registers.
  for (const std::size_t number : {1001U, 5000U, 20000U, 40000U, 60000U, 100000U, 500000U}) {
    CAPTURE(number);
    CHECK(error_of(number) < 3 * 0.0081);
  }
}

TEST_CASE("with little memory a set is estimated with fewer registers", "[distinct]") {
  CHECK(error_of(50000, 8192) < 3 * 0.023);
  CHECK(error_of(50000, 0) < 3 * 0.065);
}

TEST_CASE("squeezing gives memory back and keeps the number to 7 %", "[distinct]") {
  MemoryPool pool(1U << 20U);
  MemoryShare share(pool);
  Distinct distinct;
  for (int i = 0; i < 1000; ++i) distinct.add(std::to_string(i), 1000, share);
  const std::size_t before = pool.used();
  distinct.squeeze(share);
  CHECK(pool.used() < before / 3);
  CHECK(distinct.number() == Approx(1000).epsilon(0.07));
}

TEST_CASE("squeezing leaves a small set exact", "[distinct]") {
  MemoryPool pool(1U << 20U);
  MemoryShare share(pool);
  Distinct distinct;
  for (int i = 0; i < 200; ++i) distinct.add(std::to_string(i), 1000, share);
  distinct.squeeze(share);
  CHECK(distinct.exact());
}
