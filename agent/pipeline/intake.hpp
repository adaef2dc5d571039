// What an input that drains a queue writes to. Between two commits everything is collected here: raw samples
// in windows, points and logs in blocks; commit makes it durable together with the removal from the queue.
//
// Bounded between two commits by series_max, samples_max, window_memory and `log_bytes_max`; what is beyond
// is dropped and counted. An input commits earlier when full() says that points come near samples_max, or
// that the memory of the process is short. Used from the input's own thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/pipeline/fates.hpp"
#include "agent/pipeline/labels.hpp"
#include "agent/pipeline/point_sink.hpp"
#include "agent/pipeline/windows.hpp"
#include "core/io/log_block.hpp"
#include "core/model/buffer.hpp"
#include "core/model/drain.hpp"
#include "core/runtime/stats.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

class PipelineIntake final : public Intake {
 public:
  static constexpr std::size_t log_records_max = 500;  // in one block: what one request takes
  // Of text in one block, a last record comes on top; less where the memory cap is small.
  static constexpr std::size_t log_slice_bytes = 2U << 20U;
  static constexpr std::size_t log_bytes_max = 32U << 20U;  // of text between two commits

  // `block_records`: most samples in one block. `buffer` and `stats` outlive the intake.
  // `timeline` may be null: then blocks have no stamp.
  PipelineIntake(const PipelineSettings& settings, std::uint32_t block_records, Buffer& buffer, Stats& stats,
                 const Timeline* timeline = nullptr);

  void raw(const RawSample& sample) override;
  void point(const Metric& metric) override;
  void log(TimeMs time, std::string_view json) override;
  [[nodiscard]] bool full() const override;
  Result<bool> commit(const RedisCommands& erase) override;
  [[nodiscard]] Recount recount() const override;
  void discard() override;

 private:
  void seal_logs();
  [[nodiscard]] std::vector<Block> take_blocks();
  Result<bool> put(std::vector<Block> blocks, const RedisCommands& erase);

  Buffer& buffer_;
  const Timeline* const timeline_;
  const Labels labels_;
  Fates fates_;
  Fates doubtful_;  // of the last commit, which failed
  PointSink points_;
  Windows windows_;
  std::size_t taken_ = 0;  // bytes since the last commit, beside those of the windows, about
  const std::size_t slice_max_;
  std::vector<LogRecord> logs_;    // the slice that grows
  std::size_t slice_bytes_ = 0;    // of text in it
  std::size_t log_bytes_ = 0;      // of text since the last commit
  std::vector<Block> log_blocks_;  // the slices before it
};

}  // namespace scops
