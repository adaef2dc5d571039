// The records of Chouette's queues (collectors/listen/chouette) out of any bytes. What is accepted keeps the
// promises of record.hpp, and the reader below it takes for JSON what JsonDoc does.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/listen/chouette/packed_ids.hpp"
#include "collectors/listen/chouette/pager.hpp"
#include "collectors/listen/chouette/record.hpp"
#include "core/io/json.hpp"
#include "core/model/iso_time.hpp"
#include "core/model/stamp.hpp"
#include "core/model/text.hpp"

namespace {

using namespace scops::chouette;

void expect(bool fine) {
  if (!fine) std::abort();
}

void check_name_and_tags(std::string_view name, std::span<const std::string_view> tags) {
  expect(!name.empty() && name.size() <= name_max && scops::is_utf8(name));
  expect(tags.size() <= tags_max && std::is_sorted(tags.begin(), tags.end()));
  for (const std::string_view tag : tags) expect(tag.size() <= tag_max && scops::is_utf8(tag));
}

// JsonDoc differs in three things: it passes over a byte order mark, has no numbers beyond a double, and
// refuses one half of a surrogate pair, which Python writes for bytes that are no UTF-8.
void check_log(std::string_view json, Flaw flaw) {
  const auto doc = scops::JsonDoc::parse(json, depth_max);
  const bool special = json.starts_with("\xEF");
  if (doc && !special) expect((flaw == Flaw::none) == doc->root().is_object());
  const bool number = json.find_first_of("0123456789") != std::string_view::npos;
  const bool half =
      json.find("\\ud") != std::string_view::npos || json.find("\\uD") != std::string_view::npos;
  if (!doc && flaw == Flaw::none) expect(number || half);
}

// Scores and ids of the queues' sorted sets, and times in logs.
void check_words(std::string_view text) {
  constexpr scops::TimeMs most = 1'000'000'000'000'000'000;
  if (const auto time = score_time(text)) expect(*time <= most && *time >= -most);
  if (const auto time = scops::parse_isoformat(text)) {
    expect(time->milliseconds() < scops::farthest_time + 200'000'000);
  }
  PackedIds ids;
  ids.add(text);
  ids.add(text.substr(0, 36));
  PackedIds::Reader reader(ids);
  expect(reader.next() == text);
  expect(reader.next() == text.substr(0, 36));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  const std::string_view json(reinterpret_cast<const char*>(data), size);            // NOLINT
  static RecordParser parser;

  RawRecord raw;
  if (parser.raw(json, raw) == Flaw::none) {
    check_name_and_tags(raw.name, raw.tags);
    expect(std::isfinite(raw.value));
    for (const std::string_view member : raw.members) expect(!member.empty() && scops::is_utf8(member));
    expect(parser.log(json) == Flaw::none);
  }
  WrappedRecord wrapped;
  if (parser.wrapped(json, wrapped) == Flaw::none) {
    check_name_and_tags(wrapped.name, wrapped.tags);
    expect(!wrapped.points.empty());
    for (const Point& point : wrapped.points) expect(std::isfinite(point.value) && point.time >= 0);
  }
  check_log(json, parser.log(json));
  (void)parser.time_of(json);
  check_words(json);
  return 0;
}
