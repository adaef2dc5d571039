#include "core/io/line_buffer.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace scops;

namespace {

// Feeds `text` in pieces of at most `piece` bytes and collects the lines.
std::vector<std::string> feed(LineBuffer& buffer, std::string_view text, std::size_t piece) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::span<char> room = buffer.room();
    REQUIRE_FALSE(room.empty());
    const std::size_t count = std::min({piece, room.size(), text.size()});
    std::copy_n(text.data(), count, room.data());
    buffer.filled(count);
    text.remove_prefix(count);
    for (std::string_view line; buffer.next(line);) lines.emplace_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("lines come out as they went in, however they were cut", "[line_buffer]") {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    LineBuffer buffer(8);
    CAPTURE(piece);
    CHECK(feed(buffer, "one\n\ntwo\r\nthree\nhalf", piece) ==
          std::vector<std::string>{"one", "", "two", "three"});
    CHECK(feed(buffer, " a\n", piece) == std::vector<std::string>{"half a"});
    CHECK(buffer.too_long() == 0);
  }
}

TEST_CASE("a line as long as allowed passes, a longer one is thrown away and counted", "[line_buffer]") {
  for (std::size_t piece = 1; piece < 12; ++piece) {
    LineBuffer buffer(8);
    CAPTURE(piece);
    CHECK(feed(buffer, "12345678\n123456789\nnext\n", piece) == std::vector<std::string>{"12345678", "next"});
    CHECK(buffer.too_long() == 1);
  }
}

TEST_CASE("a line without end needs no more memory than a line", "[line_buffer]") {
  LineBuffer buffer(100);
  CHECK(feed(buffer, std::string(1 << 20, 'x'), 4096).empty());
  CHECK(buffer.room().size() <= 101);
  CHECK(feed(buffer, "x\nlast\n", 3) == std::vector<std::string>{"last"});
  CHECK(buffer.too_long() == 1);
}
