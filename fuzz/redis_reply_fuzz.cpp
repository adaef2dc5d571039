// Whatever a Redis may answer, in pieces of any size: bytes through the reply builder to a tree that is
// walked. The first byte chooses the pieces, the second what is expected. Promises: no crash, no more memory
// than the limit, each value within the tree.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/io/redis_reply.hpp"

namespace {

constexpr std::size_t reply_max = 4096;  // soon reached, and soon walked through
constexpr std::size_t list_max = 64;
constexpr std::size_t depth_max = 9;

void expect(bool fine) {
  if (!fine) std::abort();
}

// Sum of the sizes of the texts: each is a part of the tree of its own.
std::size_t walk(const scops::RedisValue& value, std::size_t depth) {  // NOLINT(misc-no-recursion): bounded
  expect(depth <= depth_max);
  std::size_t bytes = value.text().size() + sizeof(scops::RedisValue::Node);
  expect(value.error_code().size() <= value.text().size());
  (void)value.integer();
  for (std::size_t i = 0; i < value.size(); ++i) bytes += walk(value.at(i), depth + 1);
  expect(value.at(value.size()).is_nil());
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size < 2) return 0;
  const std::size_t piece = 1U + data[0];
  const std::size_t list = data[1] % list_max;
  std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);  // NOLINT
  static scops::RedisReplies replies(reply_max);
  replies.reset();
  if (list > 0) expect(replies.expect_list(list).has_value());
  std::size_t taken = 0;
  bool fine = true;
  while (fine && !bytes.empty()) {
    replies.feed(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    for (;;) {
      if (list > 0 && taken == list) return 0;
      const auto whole = replies.next();
      if (!whole) {
        expect(!whole.error().text.empty());
        fine = false;
        break;
      }
      if (!whole.value()) break;
      ++taken;
      if (list != 0 && taken < list) continue;
      expect(walk(replies.root(), 0) <= reply_max + sizeof(scops::RedisValue::Node));
      if (list == 0) replies.expect_one();
    }
  }
  replies.set_error("EXECABORT OOM");
  expect(replies.root().error_code() == "EXECABORT");
  replies.reset();
  return 0;
}
