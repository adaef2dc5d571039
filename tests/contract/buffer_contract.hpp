// What every buffer must do, whatever it stores its blocks in. An implementation says how it is opened and
// what it can do; its test file then has one test that calls check_buffer_contract.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/model/buffer.hpp"
#include "core/runtime/stats.hpp"
#include "tests/support/blocks.hpp"
#include "tests/support/fake_clock.hpp"
#include "transport/buffer/buffer.hpp"

namespace scops::test {

// Where one test's buffer lives. The clock and the stats go on when the buffer is opened again.
class BufferFixture {
 public:
  virtual ~BufferFixture() = default;
  BufferFixture() = default;
  BufferFixture(const BufferFixture&) = delete;
  BufferFixture& operator=(const BufferFixture&) = delete;

  // One at a time; a second call, after the first buffer is gone, opens the same store again.
  virtual std::unique_ptr<Buffer> open(const BufferSettings& settings,
                                       const std::vector<std::string>& outputs) = 0;
  // What was put is there again when the store is opened again.
  [[nodiscard]] virtual bool durable() const = 0;
  // While no buffer is open: the `position`th stored block, from 0, no longer has the bytes it had. Durable
  // ones only.
  virtual void damage(std::size_t position) = 0;

  [[nodiscard]] double dropped(const std::string& reason);

  FakeClock clock;
  Stats stats;
};

void check_buffer_contract(const std::function<std::unique_ptr<BufferFixture>()>& make);

}  // namespace scops::test
