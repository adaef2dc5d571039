#include "transport/outputs/datadog/encode_logs.hpp"

#include <optional>

#include "core/io/json.hpp"
#include "core/io/json_parts.hpp"

namespace scops {
namespace {

// What stands between the quotes of `text` as a JSON string.
std::string escaped(std::string_view text) {
  std::string quoted;
  append_json_string(quoted, text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string_view without_quotes(std::string_view text) { return text.substr(1, text.size() - 2); }

// One more tag, already escaped, after those that begin at `first`.
void append_tag(std::string_view tag, std::size_t first, std::string& into) {
  if (tag.empty()) return;
  if (into.size() > first) into += ',';
  into += tag;
}

// `value` is JSON: a text goes on as it is, a number too, and what has a structure as its text.
void append_tag_value(std::string_view value, std::size_t first, std::string& into) {
  if (value.starts_with('"')) {
    append_tag(without_quotes(value), first, into);
  } else if (value.starts_with('{') || value.starts_with('[')) {
    append_tag(escaped(value), first, into);
  } else if (value != "null") {
    append_tag(value, first, into);
  }
}

// `own` is the record's ddtags as it stands there, or empty; `common` is escaped.
void append_tags(std::string_view own, std::string_view common, std::string& into) {
  into += R"("ddtags":")";
  const std::size_t first = into.size();
  if (own.starts_with('[')) {
    JsonParts list(own);
    while (const std::optional<JsonPart> tag = list.next()) append_tag_value(tag->value, first, into);
  } else if (!own.empty()) {
    append_tag_value(own, first, into);
  }
  append_tag(common, first, into);
  into += '"';
}

// `extras` are escaped.
bool append_record(std::string_view json, const LogExtras& extras, std::string& into) {
  JsonParts members(json);
  std::string_view tags;  // of equal keys the last counts
  into += '{';
  while (const std::optional<JsonPart> member = members.next()) {
    if (member->key == "ddtags") {
      tags = member->value;
    } else if (member->key != "host" || extras.host.empty()) {
      into += member->all;
      into += ',';
    }
  }
  append_tags(tags, extras.tags, into);
  if (!extras.host.empty()) into += R"(,"host":")" + extras.host + '"';
  into += '}';
  return members.whole() && members.of_object();
}

}  // namespace

LogEncoding encode_logs(std::span<const LogRecord> logs, const LogExtras& extras, std::size_t limit,
                        std::string& into) {
  const LogExtras common{escaped(extras.host), escaped(extras.tags)};
  const std::size_t before = into.size();
  into += '[';
  for (const LogRecord& record : logs) {
    if (into.back() != '[') into += ',';
    if (!append_record(record.json, common, into)) return LogEncoding::no_object;
    if (into.size() - before >= limit) return LogEncoding::too_large;
  }
  into += ']';
  return LogEncoding::done;
}

}  // namespace scops
