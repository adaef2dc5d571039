#include "agent/pipeline/values.hpp"

#include <catch2/catch.hpp>

using namespace scops;

namespace {

struct Filled {
  MemoryPool pool;
  MemoryShare share{pool};
  Values values;

  explicit Filled(int number, std::size_t exact_max, std::size_t memory = 1U << 20U) : pool(memory) {
    for (int i = number; i > 0; --i) values.add(i, exact_max, share);
  }
};

}  // namespace

TEST_CASE("up to the bound percentiles are exact", "[values]") {
  Filled filled(1000, 1000);
  CHECK(filled.values.exact());
  CHECK(filled.values.percentile(0.5) == 500.5);
  CHECK(filled.values.percentile(0) == 1);
  CHECK(filled.values.percentile(1) == 1000);
}

TEST_CASE("beyond the bound percentiles are right to 1 %", "[values]") {
  Filled filled(1001, 1000);
  CHECK_FALSE(filled.values.exact());
  for (const double p : {0.01, 0.25, 0.5, 0.95, 0.999}) {
    CHECK(filled.values.percentile(p) == Approx(1 + 1000 * p).epsilon(0.0101));
  }
}

TEST_CASE("a value after a percentile counts in the next one", "[values]") {
  Filled filled(3, 1000);
  CHECK(filled.values.percentile(0.5) == 2);
  filled.values.add(-5, 1000, filled.share);
  CHECK(filled.values.percentile(0) == -5);
}

TEST_CASE("a million values of one series take no more memory than their sketch", "[values]") {
  const Filled filled(1'000'000, 1000);
  CHECK(filled.pool.used() <= Sketch::bins_max * 8);
}

TEST_CASE("without memory the values that are included stay exact, more are estimated", "[values]") {
  CHECK(Filled(32, 1000, 0).values.exact());
  Filled more(33, 1000, 0);
  CHECK_FALSE(more.values.exact());
  CHECK(more.pool.used() == 0);
  CHECK(more.values.percentile(1) == Approx(33).epsilon(0.0101));
}

TEST_CASE("squeezing makes a sketch of many values and leaves few alone", "[values]") {
  Filled many(1000, 1000);
  const std::size_t before = many.pool.used();
  many.values.squeeze(many.share);
  CHECK_FALSE(many.values.exact());
  CHECK(many.pool.used() < before);
  Filled few(30, 1000);
  few.values.squeeze(few.share);
  CHECK(few.values.exact());
}
