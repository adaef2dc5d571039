// A block of logs: the header of all blocks (block_format.hpp), and as one zlib stream
//
//   0         a block of metrics has the length of its first column here, which is never 0
//   kind      of Kind
//   number    of records
//   times     the first, then the differences, zigzag
//   lengths   of the texts
//   texts     one after the other
//
// All numbers are varints.

#include "core/io/log_block.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "core/io/block_format.hpp"
#include "core/io/varint.hpp"

namespace scops {

namespace {

constexpr std::uint64_t kind_mark = static_cast<std::uint64_t>(Kind::logs);

std::vector<const LogRecord*> fitting(std::span<const LogRecord> records) {
  std::vector<const LogRecord*> fit;
  std::size_t bytes = 0;
  for (const LogRecord& record : records) {
    if (record.json.size() > log_record_max) continue;
    bytes += record.json.size();
    if (bytes > log_block_bytes_max || fit.size() == log_block_records_max) break;
    fit.push_back(&record);
  }
  return fit;
}

// Unsigned: the difference of two extremes wraps, and wraps back.
std::int64_t difference(TimeMs time, TimeMs before) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time) - static_cast<std::uint64_t>(before));
}

bool read_times(ByteReader& reader, std::vector<LogRecord>& records) {
  std::uint64_t time = 0;
  for (LogRecord& record : records) {
    time += static_cast<std::uint64_t>(unzigzag(reader.varint()));
    record.time = static_cast<TimeMs>(time);
  }
  return !reader.failed();
}

bool read_texts(ByteReader& reader, std::vector<LogRecord>& records) {
  std::vector<std::size_t> lengths;
  lengths.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) lengths.push_back(reader.count(log_record_max));
  for (std::size_t i = 0; i < records.size() && !reader.failed(); ++i)
    records[i].json = reader.bytes(lengths[i]);
  return reader.done();
}

}  // namespace

Block encode_log_block(std::span<const LogRecord> records) {
  const std::vector<const LogRecord*> fit = fitting(records);
  Block block;
  block.kind = Kind::logs;
  block.records = static_cast<std::uint32_t>(fit.size());
  std::string content(1, '\0');
  append_varint(content, kind_mark);
  append_varint(content, fit.size());
  TimeMs before = 0;
  for (const LogRecord* record : fit) {
    append_varint(content, zigzag(difference(record->time, std::exchange(before, record->time))));
    block.newest = record == fit.front() ? record->time : std::max(block.newest, record->time);
  }
  for (const LogRecord* record : fit) append_varint(content, record->json.size());
  for (const LogRecord* record : fit) content.append(record->json);
  block.bytes = seal_block(content);
  return block;
}

Result<std::vector<LogRecord>> decode_log_block(std::string_view bytes) {
  const Result<BlockColumns> content = unseal_block(bytes);
  if (!content) return content.error();
  ByteReader reader(content->points);
  if (!content->names.empty() || reader.varint() != 0 || reader.varint() != kind_mark)
    return Error{ErrorKind::drop, "block: not of logs"};
  std::vector<LogRecord> records(reader.count(std::min(log_block_records_max, reader.left())));
  if (!read_times(reader, records) || !read_texts(reader, records))
    return Error{ErrorKind::drop, "block: its records are wrong"};
  return records;
}

}  // namespace scops
