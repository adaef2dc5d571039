// Blocks of logs: the input as a whole block, as the content of one with a right checksum, and as records
// that must come back.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/io/log_block.hpp"

namespace {

using scops::LogRecord;

void require(bool holds) {
  if (!holds) std::abort();
}

void settle(const std::vector<LogRecord>& records) {
  const scops::Block block = scops::encode_log_block(records);
  require(block.records == records.size() && scops::check_block(block.bytes).has_value());
  const auto again = scops::decode_log_block(block.bytes);
  require(again.has_value() && *again == records);
}

// One record a line; its length is a part of its time.
std::vector<LogRecord> records_of(std::string_view data) {
  std::vector<LogRecord> records;
  while (!data.empty() && records.size() < scops::log_block_records_max) {
    const std::string_view line = data.substr(0, data.find('\n'));
    data.remove_prefix(line.size() == data.size() ? line.size() : line.size() + 1);
    const auto length = static_cast<scops::TimeMs>(line.size());
    records.push_back({records.size() % 2 == 0 ? length << 40U : -length, std::string(line)});
  }
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view input(reinterpret_cast<const char*>(data), size);           // NOLINT
  if (const auto records = scops::decode_log_block(input)) settle(*records);
  if (const auto records = scops::decode_log_block(scops::seal_block(input))) settle(*records);
  if (size <= scops::log_record_max) settle(records_of(input));
  return 0;
}
