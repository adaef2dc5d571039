#include "transport/buffer/memory.hpp"

#include <catch2/catch.hpp>

#include "tests/contract/buffer_contract.hpp"
#include "tests/contract/fresh_contract.hpp"

namespace scops {
namespace {

class MemoryFixture : public test::BufferFixture {
 public:
  std::unique_ptr<Buffer> open(const BufferSettings& settings,
                               const std::vector<std::string>& outputs) override {
    const Retention retention = {settings.memory_max.count, settings.metric_ttl, settings.log_ttl};
    return std::make_unique<MemoryBuffer>(outputs, retention, BufferCounters(stats));
  }
  [[nodiscard]] bool durable() const override { return false; }
  void damage(std::size_t /*position*/) override {}
};

TEST_CASE("the memory buffer keeps the contract", "[buffer][memory]") {
  test::check_buffer_contract([] { return std::make_unique<MemoryFixture>(); });
}

TEST_CASE("the memory buffer gives what is fresh past a backlog", "[buffer][memory]") {
  test::check_fresh_contract([] { return std::make_unique<MemoryFixture>(); });
}

TEST_CASE("a memory buffer says that it is not durable", "[buffer][memory]") {
  Stats stats;
  const MemoryBuffer buffer({"a"}, {}, BufferCounters(stats));
  CHECK_FALSE(buffer.stats().durable);
  CHECK(buffer.stats().trouble.empty());
}

}  // namespace
}  // namespace scops
