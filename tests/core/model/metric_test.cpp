#include "core/model/metric.hpp"

#include <catch2/catch.hpp>

using namespace scops;

TEST_CASE("each metric type has the name that intakes and people use") {
  CHECK(to_string(MetricType::gauge) == "gauge");
  CHECK(to_string(MetricType::count) == "count");
  CHECK(to_string(MetricType::rate) == "rate");
  CHECK(to_string(MetricType::distribution) == "distribution");
}

TEST_CASE("series are told apart by name, tags, type and interval") {
  const Series series{.name = "a", .tags = {"k:v"}, .type = MetricType::rate, .interval_s = 10};
  Series other = series;
  CHECK(series == other);
  other.tags = {"k:w"};
  CHECK(series < other);
}
