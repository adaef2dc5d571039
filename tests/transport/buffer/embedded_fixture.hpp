// Embedded buffers for tests: the store alone, and as the agent has it, with the queue in front.
#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/io/sqlite.hpp"
#include "tests/contract/buffer_contract.hpp"
#include "tests/support/temp_dir.hpp"
#include "transport/buffer/embedded.hpp"

namespace scops::test {

inline Retention retention_of(const BufferSettings& settings) {
  return {settings.bytes_max.count, settings.metric_ttl, settings.log_ttl};
}

// Runs SQL on a file that no buffer has open.
inline void alter(const std::string& path, const std::string& sql) {
  auto database = Database::open(path, 4096);
  REQUIRE(database);
  const Status done = database->exec(sql);
  INFO((done ? "" : done.error().text));
  REQUIRE(done);
}

class EmbeddedFixture : public BufferFixture {
 public:
  std::unique_ptr<Buffer> open(const BufferSettings& settings,
                               const std::vector<std::string>& outputs) override {
    return open_store(settings, outputs);
  }
  [[nodiscard]] bool durable() const override { return true; }
  void damage(std::size_t position) override {
    alter(path(),
          "UPDATE blocks SET bytes = zeroblob(length(bytes)) WHERE id = "
          "(SELECT id FROM blocks ORDER BY id LIMIT 1 OFFSET " +
              std::to_string(position) + ")");
  }

  std::unique_ptr<EmbeddedBuffer> open_store(const BufferSettings& settings = buffer_settings(),
                                             const std::vector<std::string>& outputs = {"a"}) {
    auto buffer = std::make_unique<EmbeddedBuffer>(path(), FolderLock(), outputs, retention_of(settings),
                                                   BufferCounters(stats));
    const Status opened = buffer->open();
    INFO((opened ? "" : opened.error().text));
    REQUIRE(opened);
    return buffer;
  }

  [[nodiscard]] std::string path() const { return dir / "buffer.db"; }
  [[nodiscard]] double commits() { return stats.counter("scops_buffer_commits_total", "").value(); }

  TempDir dir;
};

// What open_buffer makes of a state folder.
class FolderFixture : public EmbeddedFixture {
 public:
  std::unique_ptr<Buffer> open(const BufferSettings& settings,
                               const std::vector<std::string>& outputs) override {
    auto buffer = open_buffer(settings, {dir.path(), outputs, &clock, &stats});
    if (!buffer) std::abort();
    return std::move(*buffer);
  }
};

}  // namespace scops::test
