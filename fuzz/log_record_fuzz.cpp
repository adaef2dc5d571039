// Log records: whatever is a JSON object must go into a request and stay JSON, with its tags as one text, and
// nothing may harm the lines for people.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/json.hpp"
#include "core/io/json_parts.hpp"
#include "transport/outputs/datadog/encode_logs.hpp"
#include "transport/outputs/stdout/render.hpp"

namespace {

constexpr int deep = 10'000;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view input(reinterpret_cast<const char*>(data), size);           // NOLINT
  const auto doc = scops::JsonDoc::parse(input, deep);
  const bool is_object = doc && doc->root().is_object();

  const std::vector<scops::LogRecord> logs = {{0, std::string(input)}, {1'700'000'000'000, "{}"}};
  std::string body;
  const auto encoding = scops::encode_logs(logs, {.host = "h", .tags = "a:b"}, 1U << 30U, body);
  if (is_object) {
    require(encoding == scops::LogEncoding::done);
    const auto sent = scops::JsonDoc::parse(body, deep + 1);
    require(sent && sent->root().size() == 2);
    const auto first = sent->root().at(0);
    require(first["host"].text() == "h" && first["ddtags"].text()->ends_with("a:b"));
  }

  std::string table;
  scops::append_log_table(table, logs, 80);
  std::size_t lines = 0;
  for (const char c : table) {
    if (c == '\n') ++lines;
    require(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
  }
  require(lines == 3);
  return 0;
}
