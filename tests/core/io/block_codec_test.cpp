#include "core/io/block_codec.hpp"

#include <algorithm>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "core/io/block_format.hpp"
#include "core/io/varint.hpp"

namespace scops {
namespace {

constexpr TimeMs now = 1'700'000'000'000;

std::vector<Series> some_series(std::size_t number) {
  std::vector<Series> series;
  for (std::size_t i = 0; i < number; ++i) {
    series.push_back(
        {.name = "Chouette.docker.memory.usage",
         .tags = {"container:service-" + std::to_string(1000 + i), "fleet:north", "site:plant-7"}});
  }
  return series;
}

SampleSet round_trip(const std::vector<Series>& series, const std::vector<Sample>& samples) {
  auto decoded = decode_block(encode_block(series, samples).bytes);
  REQUIRE(decoded);
  return *decoded;
}

// One series, each value a second after the one before.
std::vector<double> round_trip(const std::vector<double>& values) {
  std::vector<Sample> samples;
  for (const double value : values)
    samples.push_back({0, now + 1000 * static_cast<TimeMs>(samples.size()), value});
  std::vector<double> back;
  for (const Sample& sample : round_trip(some_series(1), samples).samples) back.push_back(sample.value);
  return back;
}

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) {
    return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y);
  });
}

TEST_CASE("a block holds series, times and values", "[block_codec]") {
  const std::vector<Series> series = {
      {.name = "b", .tags = {"x:1", "y"}, .type = MetricType::count, .interval_s = 10},
      {.name = "a", .tags = {}, .type = MetricType::distribution},
      {.name = "b", .tags = {"x:1"}, .type = MetricType::rate, .interval_s = 4'000'000'000},
  };
  const std::vector<Sample> samples = {{0, now, 1}, {2, now, 2.5}, {1, now + 10, -3}, {0, now + 10, 1e300}};
  const Block block = encode_block(series, samples);
  CHECK(block.kind == Kind::metrics);
  CHECK(block.records == 4);
  CHECK(block.newest == now + 10);

  const auto set = decode_block(block.bytes);
  REQUIRE(set);
  CHECK(set->series == std::vector<Series>{series[1], series[2], series[0]});
  CHECK(set->samples ==
        std::vector<Sample>{{0, now + 10, -3}, {1, now, 2.5}, {2, now, 1}, {2, now + 10, 1e300}});
}

TEST_CASE("a block of nothing is a block", "[block_codec]") {
  const Block block = encode_block({}, {});
  CHECK(block.records == 0);
  CHECK(block.newest == 0);
  CHECK(check_block(block.bytes));
  CHECK(round_trip({}, {}).samples.empty());
}

TEST_CASE("every finite double comes back bit by bit", "[block_codec]") {
  using Limits = std::numeric_limits<double>;
  const double large = 9007199254740992.0;
  CHECK(same_bits(round_trip({0.0, -0.0}), {0.0, -0.0}));
  for (const double value : {0.0,
                             -0.0,
                             1.0,
                             -1.0,
                             0.1,
                             0.25,
                             -12.34,
                             1e-6,
                             1e-7,
                             0.1 + 0.2,
                             1.0 / 3,
                             large,
                             large - 1,
                             -large,
                             large + 2,
                             1e15 + 0.3,
                             1e22,
                             Limits::max(),
                             Limits::lowest(),
                             Limits::min(),
                             Limits::denorm_min(),
                             123456.789,
                             40.5,
                             99.999999}) {
    CAPTURE(value);
    CHECK(same_bits(round_trip({value}), {value}));
    CHECK(same_bits(round_trip({1, value, 0.5}), {1, value, 0.5}));
  }
}

TEST_CASE("doubles of any bits come back", "[block_codec]") {
  std::mt19937_64 random(1);
  std::vector<double> values;
  while (values.size() < 20000) {
    const auto value = std::bit_cast<double>(random());
    if (std::isfinite(value)) values.push_back(value);
    values.push_back(static_cast<double>(random() % 100'000'000) /
                     std::pow(10.0, static_cast<double>(random() % 8)));
  }
  for (std::size_t i = 0; i < values.size(); i += 100) {
    const std::vector<double> part(
        values.begin() + static_cast<std::ptrdiff_t>(i),
        values.begin() + static_cast<std::ptrdiff_t>(std::min(i + 100, values.size())));
    REQUIRE(same_bits(round_trip(part), part));
  }
}

TEST_CASE("any times come back, also the extremes", "[block_codec]") {
  using Limits = std::numeric_limits<TimeMs>;
  const std::vector<Sample> samples = {
      {0, Limits::min(), 1}, {0, -1, 2}, {0, 0, 3}, {0, now, 4}, {0, Limits::max(), 5}};
  CHECK(round_trip(some_series(1), samples).samples == samples);
}

TEST_CASE("samples are sorted by time within a series, and equal times keep their order", "[block_codec]") {
  const auto set = round_trip(some_series(1), {{0, now + 2, 1}, {0, now, 2}, {0, now + 2, 3}, {0, now, 4}});
  CHECK(set.samples == std::vector<Sample>{{0, now, 2}, {0, now, 4}, {0, now + 2, 1}, {0, now + 2, 3}});
}

TEST_CASE("series that no sample refers to are left out", "[block_codec]") {
  const auto series = some_series(5);
  const auto set = round_trip(series, {{3, now, 1}});
  CHECK(set.series == std::vector<Series>{series[3]});
  CHECK(set.samples == std::vector<Sample>{{0, now, 1}});
}

TEST_CASE("equal series become one", "[block_codec]") {
  std::vector<Series> series = some_series(1);
  series.push_back(series[0]);
  const auto set = round_trip(series, {{1, now, 1}, {0, now + 1, 2}});
  CHECK(set.series.size() == 1);
  CHECK(set.samples == std::vector<Sample>{{0, now, 1}, {0, now + 1, 2}});
}

TEST_CASE("what is not finite or refers to nothing is left out", "[block_codec]") {
  const double inf = std::numeric_limits<double>::infinity();
  const std::vector<Sample> samples = {
      {0, now, std::nan("")}, {0, now, inf}, {1, now, -inf}, {9, now, 1}, {1, now, 2}};
  const Block block = encode_block(some_series(2), samples);
  CHECK(block.records == 1);
  CHECK(decode_block(block.bytes).value_or({}).samples == std::vector<Sample>{{0, now, 2}});
}

TEST_CASE("a set larger than a block may be is cut, and says so", "[block_codec]") {
  const std::vector<Sample> samples(block_samples_max + 5, Sample{0, now, 1});
  CHECK(encode_block(some_series(1), samples).records == block_samples_max);
  CHECK(round_trip(some_series(1), samples).samples.size() == block_samples_max);

  std::vector<Series> series = {{.name = std::string(block_name_max + 1, 'n'), .tags = {}},
                                {.name = "n", .tags = std::vector<std::string>(block_tags_max + 1, "t")},
                                {.name = std::string(block_name_max, 'n'), .tags = {}}};
  CHECK(encode_block(series, std::vector<Sample>{{0, now, 1}, {1, now, 1}, {2, now, 1}}).records == 1);
}

TEST_CASE("a set with more names than a block may have is cut, and can be read", "[block_codec]") {
  std::vector<Series> series;
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < 10000; ++i) {
    series.push_back({.name = std::to_string(i) + std::string(2000, 'n'), .tags = {}});
    samples.push_back({i, now, 1});
  }
  const Block block = encode_block(series, samples);
  CHECK(block.records < 10000);
  CHECK(block.records > 4000);
  CHECK(decode_block(block.bytes).value_or({}).samples.size() == block.records);
}

TEST_CASE("the same samples give the same bytes", "[block_codec]") {
  const std::vector<Sample> samples = {{0, now, 1}, {1, now, 0.1}};
  CHECK(encode_block(some_series(2), samples).bytes == encode_block(some_series(2), samples).bytes);
  auto series = some_series(2);
  std::swap(series[0], series[1]);
  CHECK(encode_block(series, std::vector<Sample>{{0, now, 0.1}, {1, now, 1}}).bytes ==
        encode_block(some_series(2), samples).bytes);
}

// Measured: docs/bytes.md. The bound is what docs/buffer.md promises.
TEST_CASE("a hundred series of six points take at most eight bytes a point", "[block_codec]") {
  std::mt19937_64 random(2);
  const auto series = some_series(100);
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < 100; ++i) {
    for (int k = 0; k < 6; ++k) {
      const double full = static_cast<double>(random() % 100'000'000) * 4096;  // bytes
      const double ratio = static_cast<double>(random() % 4000) / 3990.0;      // all 53 bits
      const double tenths = 40 + static_cast<double>(random() % 200) / 10.0;   // a temperature
      samples.push_back({i, now + k * 10000, i % 3 == 0 ? full : i % 3 == 1 ? ratio : tenths});
    }
  }
  CHECK(encode_block(series, samples).bytes.size() <= 8 * samples.size());
}

TEST_CASE("any changed or missing byte is noticed", "[block_codec]") {
  const std::string whole =
      encode_block(some_series(3), std::vector<Sample>{{0, now, 1}, {2, now, 0.1}}).bytes;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    CHECK_FALSE(check_block(damaged));
    CHECK_FALSE(check_block(whole.substr(0, i)));
    const auto decoded = decode_block(damaged);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().kind == ErrorKind::drop);
  }
  CHECK_FALSE(check_block(whole + "x"));
}

TEST_CASE("a block of a later version is refused", "[block_codec]") {
  std::string bytes = encode_block({}, {}).bytes;
  bytes[3] = 5;
  const auto decoded = decode_block(bytes);
  REQUIRE_FALSE(decoded);
  CHECK(decoded.error().text == "block: of an unknown version");
}

std::vector<Sample> one_of_each(std::uint32_t series, TimeMs time) {
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < series; ++i) samples.push_back({i, time, i / 4.0});
  return samples;
}

TEST_CASE("many names have a stream of their own, few have not, and both can be read", "[block_codec]") {
  const Block block = encode_block(some_series(100), one_of_each(100, now));
  const auto columns = unseal_block(block.bytes);
  REQUIRE(columns);
  CHECK_FALSE(columns->names.empty());
  const std::string joined = seal_block(columns->names + columns->points);
  CHECK(names_of_block(joined) == joined.size());
  CHECK(decode_block(joined).value_or({}).series == decode_block(block.bytes)->series);
  CHECK(decode_block(joined).value_or({}).samples == decode_block(block.bytes)->samples);
  const Block small = encode_block(some_series(1), one_of_each(1, now));
  CHECK(names_of_block(small.bytes) == small.bytes.size());
}

TEST_CASE("names that are those of the block before are not deflated again, and the block is no other",
          "[block_codec]") {
  SealedNames names;
  const auto encode = [&](std::size_t count, TimeMs time) {
    const std::vector<Series> series = some_series(count);
    std::vector<const Series*> referred;
    for (const Series& one : series) referred.push_back(&one);
    return encode_referred(referred, one_of_each(static_cast<std::uint32_t>(count), time), names).bytes;
  };
  const auto alone = [&](std::size_t count, TimeMs time) {
    return encode_block(some_series(count), one_of_each(static_cast<std::uint32_t>(count), time)).bytes;
  };
  CHECK(encode(100, now) == alone(100, now));
  const char* stream = names.stream.data();
  CHECK(encode(100, now + 10'000) == alone(100, now + 10'000));
  CHECK(names.stream.data() == stream);
  CHECK(encode(99, now + 20'000) == alone(99, now + 20'000));
  CHECK(encode(1, now + 30'000) == alone(1, now + 30'000));
  CHECK(encode(100, now + 40'000) == alone(100, now + 40'000));
}

TEST_CASE("the names stand at the end, and are the same in the next block of the series", "[block_codec]") {
  const auto names_of = [](const std::string& bytes) { return bytes.substr(names_of_block(bytes)); };
  const std::string one = encode_block(some_series(100), one_of_each(100, now)).bytes;
  std::string next = encode_block(some_series(100), one_of_each(100, now + 12'345)).bytes;
  stamp_block(next, {.boot = 7});
  CHECK(stamp_of_block(next).boot == 7);
  CHECK(decode_block(next).value_or({}).samples.size() == 100);
  CHECK_FALSE(names_of(one).empty());
  CHECK(names_of(one) == names_of(next));
  CHECK(names_of(encode_block(some_series(100), one_of_each(99, now)).bytes) != names_of(one));
  for (std::size_t i = 0; i < next.size(); ++i) {
    CHECK(names_of_block(std::string_view(next).substr(0, i)) <= i);
    std::string bad = next;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    CHECK_FALSE(decode_block(bad));
  }
}

TEST_CASE("columns that promise too much are refused", "[block_codec]") {
  std::string column;
  append_varint(column, 1ULL << 60U);
  const std::string promise = "\x0A" + column + std::string(1, '\0');
  for (int position = 0; position < 6; ++position) {
    std::string columns;
    for (int i = 0; i < 6; ++i) columns += i == position ? promise : std::string(1, '\0');
    CHECK_FALSE(decode_block(seal_block(columns)));
    CHECK_FALSE(decode_block(
        seal_block(columns.substr(columns.size() / 2), seal_names(columns.substr(0, columns.size() / 2)))));
    CHECK_FALSE(decode_block(seal_block(columns.substr(0, columns.size() / 2))));
  }
}

TEST_CASE("a small block cannot unfold into names without end", "[block_codec]") {
  // One tag of 2048 bytes, and series that each have it 128 times: 2 bytes of the block for 2 KiB of memory.
  std::string index = "\x01";
  index += std::string(1, '\0');
  append_varint(index, block_name_max);
  append_varint(index, block_series_max);
  for (std::size_t i = 0; i < block_series_max; ++i) {
    index += std::string(4, '\0');
    append_varint(index, block_tags_max);
    index += std::string(block_tags_max, '\0');
  }
  std::string columns;
  for (const std::string& one : {index, std::string(block_name_max, 't'), std::string(1, '\0'),
                                 std::string(2 * block_series_max, '\0'), std::string(), std::string()}) {
    append_varint(columns, one.size());
    columns += one;
  }
  CHECK_FALSE(decode_block(seal_block(columns)));
}

TEST_CASE("varints and their zigzag fold go there and back", "[block_codec]") {
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{63}, std::int64_t{-64},
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    std::string text;
    append_varint(text, zigzag(value));
    ByteReader reader(text);
    CHECK(unzigzag(reader.varint()) == value);
    CHECK(reader.done());
  }
  ByteReader endless(std::string_view("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 12));
  CHECK(endless.varint() == 0);
  CHECK(endless.failed());
}

TEST_CASE("a stamp travels with the block and changes nothing else", "[block][time]") {
  const Block plain = encode_block(some_series(2), std::vector<Sample>{{0, now, 1.5}, {1, now, 2}});
  CHECK(stamp_of_block(plain.bytes) == Stamp{});
  for (const TimeMs offset : {TimeMs{0}, now, TimeMs{-1}, -(TimeMs{1} << 47U), (TimeMs{1} << 47U) - 1}) {
    for (unsigned flags = 0; flags < 8; ++flags) {
      const Stamp stamp = {.boot = 0xFEDCBA98,
                           .offset = offset,
                           .set = (flags & 1U) != 0,
                           .sure = (flags & 2U) != 0,
                           .theirs = (flags & 4U) != 0};
      std::string bytes = plain.bytes;
      stamp_block(bytes, stamp);
      CHECK(bytes.size() == plain.bytes.size() + 11);
      CHECK(check_block(bytes));
      CHECK(stamp_of_block(bytes) == stamp);
      CHECK(stamp_of_block(std::string_view(bytes).substr(0, stamped_header_size)) == stamp);
      CHECK(decode_block(bytes)->samples == decode_block(plain.bytes)->samples);
      std::string again = bytes;
      stamp_block(again, {.boot = 1});
      CHECK(again == bytes);
      for (std::size_t i = 0; i < stamped_header_size; ++i) {
        std::string bad = bytes;
        bad[i] = static_cast<char>(bad[i] ^ 0x10);
        CHECK_FALSE(check_block(bad));
        CHECK_FALSE(check_block(std::string_view(bytes).substr(0, i)));
      }
    }
  }
  std::string nowhere = plain.bytes;
  stamp_block(nowhere, {});
  CHECK(nowhere == plain.bytes);
}

}  // namespace
}  // namespace scops
