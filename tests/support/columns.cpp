#include "tests/support/columns.hpp"

#include <zstd.h>

#include <bit>
#include <catch2/catch.hpp>
#include <map>

#include "core/io/varint.hpp"

namespace scops::test {
namespace {

// The fields of a message of which all are bytes, by number.
std::map<std::uint64_t, std::string> fields_of(std::string_view message) {
  std::map<std::uint64_t, std::string> fields;
  ByteReader reader(message);
  while (reader.left() > 0 && !reader.failed()) {
    const std::uint64_t key = reader.varint();
    REQUIRE((key & 7U) == 2);
    fields[key >> 3U] += reader.bytes(reader.varint());
  }
  REQUIRE(reader.done());
  return fields;
}

std::vector<std::uint64_t> plain(std::string_view column) {
  std::vector<std::uint64_t> numbers;
  ByteReader reader(column);
  while (reader.left() > 0) numbers.push_back(reader.varint());
  REQUIRE(reader.done());
  return numbers;
}

std::vector<std::int64_t> zigzagged(std::string_view column) {
  std::vector<std::int64_t> numbers;
  for (const std::uint64_t number : plain(column)) numbers.push_back(unzigzag(number));
  return numbers;
}

std::vector<std::int64_t> summed(std::string_view column) {
  std::vector<std::int64_t> numbers = zigzagged(column);
  for (std::size_t i = 1; i < numbers.size(); ++i) numbers[i] += numbers[i - 1];
  return numbers;
}

template <typename Number, typename Bits>
std::vector<double> fixed(std::string_view column) {
  REQUIRE(column.size() % sizeof(Bits) == 0);
  std::vector<double> numbers;
  for (std::size_t at = 0; at < column.size(); at += sizeof(Bits)) {
    Bits bits = 0;
    for (std::size_t byte = sizeof(Bits); byte-- > 0;)
      bits = static_cast<Bits>(bits << 8U | static_cast<unsigned char>(column[at + byte]));
    numbers.push_back(static_cast<double>(std::bit_cast<Number>(bits)));
  }
  return numbers;
}

// Counted from 1; 0 is the empty text.
std::vector<std::string> texts(std::string_view column) {
  std::vector<std::string> all{""};
  ByteReader reader(column);
  while (reader.left() > 0) all.emplace_back(reader.bytes(reader.varint()));
  REQUIRE(reader.done());
  return all;
}

std::vector<std::vector<std::string>> tagsets(std::string_view column, const std::vector<std::string>& tags) {
  std::vector<std::vector<std::string>> sets(1);
  const std::vector<std::int64_t> numbers = zigzagged(column);
  for (std::size_t at = 0; at < numbers.size();) {
    std::vector<std::string>& set = sets.emplace_back();
    std::int64_t reference = 0;
    for (std::int64_t left = numbers[at++]; left > 0; --left) {
      reference += numbers.at(at++);
      set.push_back(tags.at(static_cast<std::size_t>(reference)));
    }
  }
  return sets;
}

struct Resources {
  std::string host;
  std::vector<std::string> devices;
};

// Counted from 1; 0 is nothing.
std::vector<Resources> resources(std::map<std::uint64_t, std::string>& data) {
  std::vector<Resources> all(1);
  const std::vector<std::string> words = texts(data[4]);
  const std::vector<std::int64_t> types = zigzagged(data[6]);
  const std::vector<std::int64_t> names = zigzagged(data[7]);
  std::size_t at = 0;
  for (std::uint64_t left : plain(data[5])) {
    Resources& set = all.emplace_back();
    std::int64_t type = 0;
    std::int64_t name = 0;
    for (; left > 0; --left, ++at) {
      const std::string& what = words.at(static_cast<std::size_t>(type += types.at(at)));
      const std::string& which = words.at(static_cast<std::size_t>(name += names.at(at)));
      if (what == "host") {
        set.host = which;
      } else {
        REQUIRE(what == "device");  // the others that we send
        set.devices.push_back(which);
      }
    }
  }
  REQUIRE(at == types.size());
  REQUIRE(at == names.size());
  return all;
}

// Values of all series, each form with a cursor of its own.
class Values {
 public:
  explicit Values(std::map<std::uint64_t, std::string>& data)
      : floats_(fixed<float, std::uint32_t>(data[18])), doubles_(fixed<double, std::uint64_t>(data[19])) {
    for (const std::int64_t integer : zigzagged(data[17])) integers_.push_back(static_cast<double>(integer));
  }
  double next(std::uint64_t form) {
    if (form == 0x10) return integers_.at(integer_++);
    if (form == 0x20) return floats_.at(float_++);
    if (form == 0x30) return doubles_.at(double_++);
    REQUIRE(form == 0);
    return 0;
  }
  [[nodiscard]] bool all_taken() const {
    return integer_ == integers_.size() && float_ == floats_.size() && double_ == doubles_.size();
  }

 private:
  std::vector<double> integers_, floats_, doubles_;
  std::size_t integer_ = 0, float_ = 0, double_ = 0;
};

}  // namespace

std::vector<ColumnSeries> read_columns(std::string_view payload) {
  std::map<std::uint64_t, std::string> body = fields_of(payload);
  REQUIRE(body.size() == 1);
  std::map<std::uint64_t, std::string> data = fields_of(body.at(3));
  const std::vector<std::string> names = texts(data[1]);
  const auto sets = tagsets(data[3], texts(data[2]));
  const std::vector<Resources> all_resources = resources(data);
  const std::vector<std::uint64_t> types = plain(data[10]);
  const std::vector<std::int64_t> name_refs = summed(data[11]);
  const std::vector<std::int64_t> set_refs = summed(data[12]);
  const std::vector<std::int64_t> resource_refs = summed(data[13]);
  const std::vector<std::uint64_t> intervals = plain(data[14]);
  const std::vector<std::uint64_t> counts = plain(data[15]);
  const std::vector<std::int64_t> times = summed(data[16]);
  for (const auto* column : {&name_refs, &set_refs, &resource_refs}) REQUIRE(column->size() == types.size());
  for (const std::uint64_t no_reference : {23U, 24U})
    REQUIRE(plain(data[no_reference]) == std::vector<std::uint64_t>(types.size(), 0));
  Values values(data);
  std::vector<ColumnSeries> all;
  std::size_t time = 0;
  for (std::size_t i = 0; i < types.size(); ++i) {
    ColumnSeries& series = all.emplace_back();
    series.name = names.at(static_cast<std::size_t>(name_refs[i]));
    series.tags = sets.at(static_cast<std::size_t>(set_refs[i]));
    const Resources& its = all_resources.at(static_cast<std::size_t>(resource_refs[i]));
    series.host = its.host;
    series.devices = its.devices;
    series.type = types[i] & 0xFU;
    series.form = types[i] & 0xF0U;
    series.interval = intervals.at(i);
    for (std::uint64_t left = counts.at(i); left > 0; --left)
      series.points.emplace_back(times.at(time++), values.next(series.form));
  }
  REQUIRE(time == times.size());
  REQUIRE(values.all_taken());
  return all;
}

std::string unzstd(std::string_view data) {
  std::string content;
  while (!data.empty()) {
    const std::size_t frame = ZSTD_findFrameCompressedSize(data.data(), data.size());
    REQUIRE(ZSTD_isError(frame) == 0);
    const unsigned long long size = ZSTD_getFrameContentSize(data.data(), data.size());
    REQUIRE(size < 1U << 28U);
    std::string part(static_cast<std::size_t>(size), '\0');
    REQUIRE(ZSTD_decompress(part.data(), part.size(), data.data(), frame) == part.size());
    content += part;
    data.remove_prefix(frame);
  }
  return content;
}

}  // namespace scops::test
