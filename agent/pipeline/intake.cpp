#include "agent/pipeline/intake.hpp"

#include <iterator>
#include <string>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/runtime/memory.hpp"

namespace scops {

namespace {

// What a raw record leaves beside its series: its id, until it is erased.
constexpr std::size_t record_bytes = 24;

// A commit of less than this would free nothing worth its round trips, however short memory is.
constexpr std::size_t commit_least = 512U << 10U;

}  // namespace

PipelineIntake::PipelineIntake(const PipelineSettings& settings, std::uint32_t block_records, Buffer& buffer,
                               Stats& stats, const Timeline* timeline)
    : buffer_(buffer),
      timeline_(timeline),
      labels_(settings),
      fates_(stats),
      doubtful_(stats),
      points_(settings, block_records, labels_, fates_),
      windows_(settings, points_),
      slice_max_(memory::share(32, commit_least, log_slice_bytes)) {}

void PipelineIntake::raw(const RawSample& sample) {
  windows_.add(sample);
  taken_ += record_bytes;
  memory::taking(record_bytes);
}

bool PipelineIntake::full() const {
  if (points_.nearly_full()) return true;
  return memory::room() != memory::Room::plenty && windows_.memory() + taken_ >= commit_least;
}

void PipelineIntake::point(const Metric& metric) {
  std::vector<std::string> tags;
  tags.reserve(metric.tags.size());
  for (const Tag& tag : metric.tags) tags.push_back(tag_text(tag));
  Series series{.name = std::string(metric.name),
                .tags = labels_.with_global(std::move(tags)),
                .type = metric.type,
                .interval_s = metric.interval_s};
  const std::size_t weight = record_bytes + block_weight(series);
  taken_ += weight;
  memory::taking(weight);
  if (points_.add(std::move(series), metric.time, metric.value)) fates_.add(Fate::point);
}

// Host and global tags are for the output to add, when it sends: LogRecord holds what the application wrote.
void PipelineIntake::log(TimeMs time, std::string_view json) {
  if (json.size() > log_record_max) return fates_.add(Fate::log_too_long);
  if (json.size() > log_bytes_max - log_bytes_) return fates_.add(Fate::log_no_room);
  if (logs_.size() >= log_records_max || slice_bytes_ >= slice_max_) seal_logs();
  logs_.push_back({.time = time, .json = std::string(json)});
  slice_bytes_ += json.size();
  log_bytes_ += json.size();
  taken_ += json.size();
  memory::taking(json.size());
  fates_.add(Fate::log);
}

void PipelineIntake::seal_logs() {
  if (!logs_.empty()) log_blocks_.push_back(encode_log_block(logs_));
  logs_.clear();
  slice_bytes_ = 0;
}

std::vector<Block> PipelineIntake::take_blocks() {
  windows_.close_all();
  std::vector<Block> blocks = points_.writer().take();
  seal_logs();
  std::move(log_blocks_.begin(), log_blocks_.end(), std::back_inserter(blocks));
  log_blocks_.clear();
  log_bytes_ = taken_ = 0;
  if (timeline_ == nullptr) return blocks;
  Stamp stamp = timeline_->stamp();
  stamp.theirs = true;
  for (Block& block : blocks) stamp_block(block.bytes, stamp);
  return blocks;
}

Result<bool> PipelineIntake::commit(const RedisCommands& erase) {
  Result<bool> done = put(take_blocks(), erase);
  if (done) {
    fates_.publish();
  } else {
    doubtful_ = fates_;
    discard();
  }
  return done;
}

Intake::Recount PipelineIntake::recount() const {
  return [fates = doubtful_]() mutable { fates.publish(); };
}

// Where the queue and the buffer are one Redis, nothing is lost and nothing doubled. Elsewhere nothing is
// lost: when a put fails, or the agent ends before the caller has erased, the queue still has everything, and
// what had been put by then is in the buffer twice once it was read again: at most the blocks of one commit.
Result<bool> PipelineIntake::put(std::vector<Block> blocks, const RedisCommands& erase) {
  if (blocks.empty()) return false;
  Result<bool> together = buffer_.put_together(blocks, erase);
  if (!together || *together) return together;
  for (Block& block : blocks) {
    const auto id = buffer_.put(std::move(block));
    if (!id) return id.error();
  }
  return false;
}

void PipelineIntake::discard() {
  windows_.clear();
  points_.writer().clear();
  logs_.clear();
  log_blocks_.clear();
  slice_bytes_ = log_bytes_ = taken_ = 0;
  fates_.forget();
}

}  // namespace scops
