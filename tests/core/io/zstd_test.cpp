#include "core/io/zstd.hpp"

#include <catch2/catch.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/columns.hpp"
#include "tests/support/noise.hpp"

namespace scops {
namespace {

using test::noise;
using test::unzstd;

std::string compressed(const std::string& data, const std::vector<std::size_t>& cuts, int level = 15) {
  std::string frame = "what was there before";
  compress_zstd(data, cuts, frame, level);
  return frame;
}

TEST_CASE("what zstd compressed is read as it was, wherever it was cut") {
  const std::size_t size = GENERATE(as<std::size_t>{}, 0, 1, 1000, 131'072, 300'000);
  const int level = GENERATE(1, 3, 15);
  const std::vector<std::vector<std::size_t>> places{
      {}, {0}, {size}, {0, 0, size}, {size / 3, size / 2, size}};
  for (const std::string& data : {noise(size, 256), std::string(size, 'a')}) {
    for (const std::vector<std::size_t>& cuts : places) CHECK(unzstd(compressed(data, cuts, level)) == data);
  }
}

TEST_CASE("a cut where other bytes begin saves some") {
  const std::string data = noise(2000, 4) + noise(2000, 16);
  CHECK(compressed(data, {2000}).size() < compressed(data, {}).size());
}

}  // namespace
}  // namespace scops
