// Buffers in a Redis for tests: the store alone, and as the agent has it, with the queue in front.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/buffer_contract.hpp"
#include "tests/support/redis_server.hpp"
#include "transport/buffer/redis_buffer.hpp"

namespace scops::test {

// One server for all tests that need not harm it.
inline RedisServer& shared_redis() {
  static RedisServer server(
      {.appendonly = true, .unix_socket = true, .arguments = {"--appendfsync", "everysec"}});
  return server;
}

// A name that no other test has.
inline std::string fresh_name() {
  static int number = 0;
  return "test" + std::to_string(++number);
}

class RedisFixture : public BufferFixture {
 public:
  explicit RedisFixture(RedisServer& redis = shared_redis()) : server(redis), target(redis.target()) {}

  std::unique_ptr<Buffer> open(const BufferSettings& settings,
                               const std::vector<std::string>& outputs) override {
    return open_store(settings, outputs);
  }
  [[nodiscard]] bool durable() const override { return true; }
  // An entry cannot be changed: the stream is written again.
  void damage(std::size_t position) override {
    const SystemClock real;
    RedisStreams streams(target, name, "damage", real);
    const RedisStreams::Entries entries = streams.range(Kind::metrics, {}, 1000);
    REQUIRE(entries);
    run({"DEL", key("metrics")});
    for (std::size_t i = 0; i < entries->size(); ++i) {
      const RedisEntry& entry = (*entries)[i];
      const Block& block = entry.block;
      const std::string bytes = i == position ? std::string(block.bytes.size(), '\0') : block.bytes;
      run({"XADD", key("metrics"), entry.id.text(), "b", bytes, "n", std::to_string(block.records), "t",
           std::to_string(block.newest)});
    }
  }

  std::unique_ptr<RedisBuffer> open_store(const BufferSettings& settings = buffer_settings(),
                                          const std::vector<std::string>& outputs = {"a"},
                                          const std::string& consumer = "board") {
    const Retention retention = {settings.bytes_max.count, settings.metric_ttl, settings.log_ttl};
    RedisSharing sharing{.name = name, .consumer = consumer};
    sharing.gone = gone;
    auto buffer = std::make_unique<RedisBuffer>(target, std::move(sharing), outputs, retention, clock,
                                                BufferCounters(stats));
    (void)buffer->open().has_value();
    return buffer;
  }

  [[nodiscard]] std::string key(const std::string& what) const { return "{scops:" + name + "}:" + what; }
  // NOLINTNEXTLINE(readability-convert-member-functions-to-static)
  std::string run(std::initializer_list<std::string_view> arguments) const { return server.run(arguments); }
  [[nodiscard]] std::string length(const std::string& what = "metrics") const {
    return run({"XLEN", key(what)});
  }

  RedisServer& server;
  RedisTarget target;
  std::string name = fresh_name();
  Duration gone = std::chrono::seconds(60);
};

// What open_buffer makes of it.
class HeldRedisFixture : public RedisFixture {
 public:
  using RedisFixture::RedisFixture;
  std::unique_ptr<Buffer> open(const BufferSettings& settings,
                               const std::vector<std::string>& outputs) override {
    BufferSettings redis = settings;
    redis.type = "redis";
    auto buffer = open_buffer(redis, {.folder = "",
                                      .outputs = outputs,
                                      .clock = &clock,
                                      .stats = &stats,
                                      .redis = target,
                                      .redis_name = name,
                                      .consumer = "board"});
    if (!buffer) std::abort();
    return std::move(*buffer);
  }
};

}  // namespace scops::test
