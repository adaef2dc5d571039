// Reads the body of POST /api/intake/metrics/v3/series as an intake does: written after the .proto of
// github.com/DataDog/agent-payload (proto/metrics/intake_v3.proto), not after our encoder.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scops::test {

struct ColumnSeries {
  std::string name;
  std::vector<std::string> tags;
  std::string host;
  std::vector<std::string> devices;
  std::uint64_t type = 0;  // 1 count, 2 rate, 3 gauge
  std::uint64_t form = 0;  // of its values: 0x00 zero, 0x10 integers, 0x20 floats, 0x30 doubles
  std::uint64_t interval = 0;
  std::vector<std::pair<std::int64_t, double>> points;  // seconds, value
};

// Of the uncompressed body. Fails the test when columns do not fit each other or anything is left over.
[[nodiscard]] std::vector<ColumnSeries> read_columns(std::string_view payload);

// The content of zstd frames, one after the other. Fails the test when they are damaged.
[[nodiscard]] std::string unzstd(std::string_view data);

}  // namespace scops::test
