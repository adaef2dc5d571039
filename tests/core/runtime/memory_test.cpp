#include "core/runtime/memory.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

namespace scops::test {

TEST_CASE("a rest gives back free heap, and loses nothing") {
  constexpr std::size_t pieces = 4000;
  constexpr std::size_t piece = 4000;
  std::vector<std::string> kept;
  std::vector<std::unique_ptr<std::string>> freed;
  for (std::size_t i = 0; i < pieces; ++i) {
    freed.push_back(std::make_unique<std::string>(piece, 'x'));
    kept.push_back(std::to_string(i) +
                   std::string(100, 'y'));  // between them, so that the heap stays as long
  }
  freed.clear();
  const std::uint64_t before = memory::resident();
  memory::rest();
  CHECK(memory::resident() < before);
  const std::size_t sum =
      std::accumulate(kept.begin(), kept.end(), std::size_t{0}, [](std::size_t all, const std::string& text) {
        return all + std::stoul(text.substr(0, text.find('y')));
      });
  CHECK(sum == pieces * (pieces - 1) / 2);
}

}  // namespace scops::test
