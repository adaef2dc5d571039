// What other programs may have left in our Redis: entries of streams, their ids, names of keys, sums; and
// what a server says of itself, of a stream and of a master: errors, INFO, XINFO, a Sentinel's answer. The
// bytes come as a reply of the server, the first of them says which kind is expected. Promises: no crash,
// every block that is accepted is whole, and every id survives being written and read again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "collectors/pull/dramatiq/queue_scan.hpp"
#include "core/io/block_codec.hpp"
#include "core/io/redis_connect.hpp"
#include "core/io/redis_reply.hpp"
#include "core/io/redis_verdict.hpp"
#include "core/model/stamp.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/redis_entry.hpp"
#include "transport/buffer/redis_info.hpp"
#include "transport/buffer/redis_sums.hpp"

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
  expect(entry->block.newest <= scops::farthest_time && entry->block.newest >= -scops::farthest_time);
  if (entry->problem.empty()) {
    expect(entry->block.kind == kind && scops::check_block(entry->block.bytes).has_value());
    expect(place.has_value() && place->id == entry->id);
  } else if (!entry->sized) {
    expect(entry->block.bytes.size() <= scops::damaged_bytes_max);
  }
}

// What the reply says as the answer to anything else that is asked of a server.
void check_answer(const scops::RedisValue& root, Kind kind) {
  static const scops::RedisAddress address{"redis", 6379, {}};
  for (const bool transaction : {false, true}) {
    const auto verdict = scops::judge_reply(root, address, transaction);
    expect(!verdict.moved || (verdict.moved->port != 0 && scops::is_redis_host(verdict.moved->host)));
  }
  (void)scops::judge_pipeline(root, address);
  static const scops::RedisTarget target{};
  (void)scops::check_info(root, target).has_value();
  if (const auto master = scops::to_master(root)) {
    expect(master->port != 0 && scops::is_redis_host(master->host));
  }

  static const std::string hash = "size";
  static const std::array<std::string, scops::kind_slots> streams;
  scops::RedisSums sums(hash, streams);
  sums.answered(kind, root, 0);
  sums.owe(kind, root.at(0).integer(), root.at(1).integer());
  sums.changed(kind, root.at(1).integer(), root.at(0).integer(), root, 0);
  scops::CommandList commands;
  sums.change(kind, 1, -1, commands);
  if (root.size() % 2 == 0) sums.hash_is_gone();
  expect(sums.size(kind).blocks <= INT64_MAX);
}

// What the reply says of a stream.
void check_stream(const scops::RedisValue& root) {
  expect(scops::to_groups(root).size() == root.size());
  expect(scops::to_consumers(root).size() == root.size());
  (void)scops::to_last_id(root);
}

void check_texts(std::string_view text) {
  if (const auto id = scops::to_stream_id(text)) expect(scops::to_stream_id(id->text()) == id);
  if (const auto queue = scops::dramatiq::queue_of_key(text, "dramatiq")) {
    expect(queue->size() < text.size() && text.find(*queue) != std::string_view::npos);
  }
  expect(!scops::dramatiq::key_pattern(text).empty());
  if (const auto address = scops::parse_redis_address(text, 6379)) {
    const auto again = scops::parse_redis_address(address->name(), 1);
    expect(again.has_value() && again->port == address->port);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  if (size == 0) return 0;
  const Kind kind = scops::kinds[data[0] % std::size(scops::kinds)];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);  // NOLINT
  static const bool quiet = (scops::log::set_sink([](std::string_view) {}), true);
  expect(quiet);
  check_texts(bytes);
  static scops::RedisReplies replies(reply_max);
  replies.reset();
  replies.feed(bytes);
  const auto whole = replies.next();
  if (!whole || !whole.value()) return 0;
  const scops::RedisValue& root = replies.root();
  check_answer(root, kind);
  check_stream(root);
  check_entry(root, kind);
  for (std::size_t i = 0; i < root.size(); ++i) check_entry(root.at(i), kind);
  return 0;
}
