#include "core/io/log_block.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/io/varint.hpp"

namespace scops {
namespace {

constexpr TimeMs now = 1'700'000'000'000;

std::vector<LogRecord> some_records() {
  return {{now, R"({"level":"INFO","message":{"text":"one"}})"},
          {now + 250, R"({"level":"INFO","message":{"text":"two"}})"},
          {now - 60'000, "{}"}};
}

std::vector<LogRecord> round_trip(const std::vector<LogRecord>& records) {
  auto decoded = decode_log_block(encode_log_block(records).bytes);
  REQUIRE(decoded);
  return *decoded;
}

// A block with a right header and checksum around `content`.
Result<std::vector<LogRecord>> decode_content(const std::string& content) {
  return decode_log_block(seal_block(content));
}

TEST_CASE("a block of logs holds times and texts in their order", "[log_block]") {
  const Block block = encode_log_block(some_records());
  CHECK(block.kind == Kind::logs);
  CHECK(block.records == 3);
  CHECK(block.newest == now + 250);
  CHECK(check_block(block.bytes));
  CHECK(round_trip(some_records()) == some_records());
}

TEST_CASE("a block of no logs is a block", "[log_block]") {
  const Block block = encode_log_block({});
  CHECK(block.records == 0);
  CHECK(block.newest == 0);
  CHECK(check_block(block.bytes));
  CHECK(round_trip({}).empty());
}

TEST_CASE("the newest of logs from before 1970 is one of them", "[log_block]") {
  CHECK(encode_log_block(std::vector<LogRecord>{{-5, "{}"}, {-3, "{}"}, {-9, "{}"}}).newest == -3);
}

TEST_CASE("any times and any bytes of logs come back", "[log_block]") {
  using Limits = std::numeric_limits<TimeMs>;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::vector<LogRecord> records = {
      {Limits::min(), all}, {Limits::max(), ""}, {0, all + all}, {Limits::min(), "{}"}};
  CHECK(round_trip(records) == records);
}

TEST_CASE("a log record that is too long is left out alone", "[log_block]") {
  const std::vector<LogRecord> records = {
      {now, "a"}, {now, std::string(log_record_max + 1, 'x')}, {now, std::string(log_record_max, 'y')}};
  CHECK(encode_log_block(records).records == 2);
  CHECK(round_trip(records) == std::vector<LogRecord>{records[0], records[2]});
}

TEST_CASE("logs beyond what a block takes are left out, from the first that does not fit", "[log_block]") {
  std::vector<LogRecord> large(5, {now, std::string(log_record_max, 'x')});
  large.push_back({now, "small"});
  CHECK(encode_log_block(large).records == 4);
  CHECK(round_trip(large).size() == 4);
  const std::vector<LogRecord> many(log_block_records_max + 1, {now, "{}"});
  CHECK(encode_log_block(many).records == log_block_records_max);
  CHECK(round_trip(many).size() == log_block_records_max);
}

TEST_CASE("the same logs give the same bytes", "[log_block]") {
  CHECK(encode_log_block(some_records()).bytes == encode_log_block(some_records()).bytes);
}

TEST_CASE("logs that look alike take little room", "[log_block]") {
  std::vector<LogRecord> records;
  std::size_t plain = 0;
  for (int i = 0; i < 500; ++i) {
    records.push_back({now + i * 20, R"({"date":"2023-11-14T22:13:20","ddsource":"python","ddtags":["a:b"],)"
                                     R"("level":"INFO","service":"web","message":{"n":)" +
                                         std::to_string(i) + "}}"});
    plain += records.back().json.size();
  }
  CHECK(encode_log_block(records).bytes.size() * 10 < plain);
}

TEST_CASE("any changed or missing byte of a block of logs is noticed", "[log_block]") {
  const std::string whole = encode_log_block(some_records()).bytes;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(check_block(damaged));
    CHECK_FALSE(check_block(whole.substr(0, i)));
    const auto decoded = decode_log_block(damaged);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().kind == ErrorKind::drop);
  }
}

TEST_CASE("blocks of metrics and of logs are not taken for each other", "[log_block]") {
  const std::vector<Series> series = {{.name = "m", .tags = {}}};
  const std::vector<Sample> samples = {{0, now, 1}};
  CHECK_FALSE(decode_log_block(encode_block(series, samples).bytes));
  CHECK_FALSE(decode_log_block(encode_block({}, {}).bytes));
  CHECK_FALSE(decode_block(encode_log_block(some_records()).bytes));
  CHECK_FALSE(decode_block(encode_log_block({}).bytes));
}

TEST_CASE("a block of logs that promises too much is refused", "[log_block]") {
  const std::string mark("\0\x03", 2);
  std::string endless;
  append_varint(endless, 1ULL << 60U);
  CHECK_FALSE(decode_content(""));
  CHECK_FALSE(decode_content(mark));
  CHECK_FALSE(decode_content(mark + endless));                                  // records
  CHECK_FALSE(decode_content(mark + "\x01" + std::string(1, '\0') + endless));  // bytes of one
  CHECK_FALSE(decode_content(mark + std::string("\x01\0\x02{", 4)));            // a byte too few
  CHECK_FALSE(decode_content(mark + std::string("\x01\0\x01{}", 5)));           // a byte too many
  CHECK(decode_content(mark + std::string("\x01\0\x02{}", 5)));
}

}  // namespace
}  // namespace scops
