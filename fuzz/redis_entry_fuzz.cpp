// What other programs may have left in our Redis: entries of streams, their ids, names of keys. The bytes
// come as a reply of the server, the first of them says which kind is expected. Promises: no crash, every
// block that is accepted is whole, and every id survives being written and read again.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/pull/dramatiq/queue_scan.hpp"
#include "core/io/block_codec.hpp"
#include "core/io/redis_reply.hpp"
#include "transport/buffer/redis_entry.hpp"

namespace {

using scops::Kind;

constexpr std::size_t reply_max = 65'536;

void expect(bool fine) {
  if (!fine) std::abort();
}

void check_entry(const scops::RedisValue& value, Kind kind) {
  const auto entry = scops::to_entry(value, kind);
  if (!entry) return;
  expect(scops::to_stream_id(entry->id.text()) == entry->id);
  const auto place = scops::to_place(scops::to_block_id(entry->id, kind));
  if (place) expect(place->kind == kind);
  if (entry->gone) return;
  if (entry->problem.empty()) {
    expect(entry->block.kind == kind && scops::check_block(entry->block.bytes).has_value());
    expect(place.has_value() && place->id == entry->id);
  } else if (!entry->sized) {
    expect(entry->block.bytes.size() <= scops::damaged_bytes_max);
  }
}

void check_texts(std::string_view text) {
  if (const auto id = scops::to_stream_id(text)) expect(scops::to_stream_id(id->text()) == id);
  if (const auto queue = scops::dramatiq::queue_of_key(text, "dramatiq")) {
    expect(queue->size() < text.size() && text.find(*queue) != std::string_view::npos);
  }
  expect(!scops::dramatiq::key_pattern(text).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const Kind kind = scops::kinds[data[0] % std::size(scops::kinds)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  check_texts(bytes);
  scops::RedisReplies replies(reply_max);
  replies.feed(bytes);
  const auto whole = replies.next();
  if (!whole || !whole.value()) return 0;
  const scops::RedisValue& root = replies.root();
  check_entry(root, kind);
  for (std::size_t i = 0; i < root.size(); ++i) check_entry(root.at(i), kind);
  return 0;
}
