#include "agent/pipeline/sketch.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

using namespace scops;

namespace {

constexpr double slack = 1e-9;  // for the rounding of logarithms

struct Sketched {
  MemoryPool pool{1U << 20U};
  MemoryShare share{pool};
  Sketch sketch;

  explicit Sketched(const std::vector<double>& values) {
    for (const double value : values) sketch.add(value, share);
  }
};

// The largest relative error over all ranks from `first` on.
double worst_error(std::vector<double> values, std::size_t first = 0) {
  const Sketched made(values);
  std::sort(values.begin(), values.end());
  double worst = 0;
  for (std::size_t rank = first; rank < values.size(); ++rank) {
    const double off = std::fabs(made.sketch.at(rank) - values[rank]);
    if (off > 0) worst = std::max(worst, off / std::fabs(values[rank]));
  }
  return worst;
}

std::vector<double> made_by(const std::function<double(std::mt19937&)>& draw, std::size_t number = 50000) {
  std::mt19937 random(1);  // NOLINT: the same values in each run
  std::vector<double> values(number);
  for (double& value : values) value = draw(random);
  return values;
}

}  // namespace

TEST_CASE("a sketch of exponential values is right to 1 %", "[sketch]") {
  std::exponential_distribution<double> draw(0.01);
  CHECK(worst_error(made_by([&](auto& random) { return draw(random); })) <= Sketch::relative_error + slack);
}

TEST_CASE("a sketch of negative values is right to 1 %", "[sketch]") {
  std::normal_distribution<double> draw(-1000, 100);
  CHECK(worst_error(made_by([&](auto& random) { return draw(random); })) <= Sketch::relative_error + slack);
}

TEST_CASE("a sketch of values around zero is right to 1 %", "[sketch]") {
  std::normal_distribution<double> draw(0, 5);
  CHECK(worst_error(made_by([&](auto& random) { return std::round(draw(random)); })) <=
        Sketch::relative_error + slack);
}

TEST_CASE("a sketch of a constant is that constant", "[sketch]") {
  CHECK(worst_error(std::vector<double>(5000, 3.7)) == 0);
  CHECK(worst_error(std::vector<double>(5000, -3.7)) == 0);
  CHECK(worst_error(std::vector<double>(5000, 0)) == 0);
}

TEST_CASE("a sketch of sixteen powers of ten is right to 1 %", "[sketch]") {
  std::uniform_real_distribution<double> draw(-8, 8);
  CHECK(worst_error(made_by([&](auto& random) { return std::pow(10, draw(random)); })) <=
        Sketch::relative_error + slack);
}

TEST_CASE("a sketch of more bins than it may have keeps the upper half right to 1 %", "[sketch]") {
  std::uniform_real_distribution<double> draw(-15, 15);
  const auto values = made_by([&](auto& random) { return std::pow(10, draw(random)); });
  CHECK(Sketched(values).sketch.bins() == Sketch::bins_max);
  CHECK(worst_error(values, values.size() / 2) <= Sketch::relative_error + slack);
}

TEST_CASE("falling values collapse the lowest bins just as well", "[sketch]") {
  std::vector<double> values;
  for (int i = 0; i < 6000; ++i) values.push_back(std::pow(10, 15 - i * 0.005));
  CHECK(Sketched(values).sketch.bins() == Sketch::bins_max);
  CHECK(worst_error(values, values.size() * 7 / 10) <= Sketch::relative_error + slack);
}

TEST_CASE("the largest and the smallest doubles have their places", "[sketch]") {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> values = {-Limits::max(),       -1, -Limits::denorm_min(), 0,
                                      Limits::denorm_min(), 1,  Limits::max()};
  const Sketched made(values);
  CHECK(made.sketch.bins() == values.size());
  CHECK(made.sketch.at(0) == Approx(-Limits::max()).epsilon(0.0101));
  CHECK(made.sketch.at(3) == 0);
  CHECK(made.sketch.at(6) == Approx(Limits::max()).epsilon(0.0101));
  for (std::size_t rank = 0; rank < values.size(); ++rank) CHECK(std::isfinite(made.sketch.at(rank)));
}

TEST_CASE("an estimate never leaves the range of what came in", "[sketch]") {
  const Sketched made({10.1, 10.2, 10.3});
  CHECK(made.sketch.at(0) >= 10.1);
  CHECK(made.sketch.at(2) <= 10.3);
}

TEST_CASE("a sketch that gets no memory keeps the bins that are included, and its count", "[sketch]") {
  MemoryPool pool(0);
  MemoryShare share(pool);
  Sketch sketch;
  for (int i = 1; i <= 1000; ++i) sketch.add(std::pow(1.1, i % 100), share);
  CHECK(sketch.bins() == MemoryShare::included / 8);
  CHECK(sketch.count() == 1000);
  CHECK(sketch.at(999) == Approx(std::pow(1.1, 99)).epsilon(0.0101));
}
