#include "tests/support/sent_logs.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>

#include "core/io/json.hpp"
#include "core/io/json_parts.hpp"

namespace scops::test {
namespace {

SentLog log_of(std::string_view record) {
  const auto doc = JsonDoc::parse(record);
  REQUIRE(doc);
  const auto root = doc->root();
  REQUIRE(root["ddtags"].text());
  SentLog log{.level = root["level"].text().value_or(""),
              .service = root["service"].text().value_or(""),
              .tags = *root["ddtags"].text(),
              .host = root["host"].text().value_or(""),
              .message = {}};
  JsonParts members(record);
  while (const auto member = members.next()) {
    if (member->key == "message") log.message = member->value;
  }
  return log;
}

}  // namespace

std::vector<SentLog> logs_of(const SinkRequest& request) {
  INFO(request.method << " " << request.target << ": " << request.body.substr(0, 300));
  REQUIRE(JsonDoc::parse(request.body));
  REQUIRE(request.body.starts_with('['));
  std::vector<SentLog> logs;
  JsonParts records(request.body);
  while (const auto record = records.next()) logs.push_back(log_of(record->value));
  return logs;
}

std::vector<SentLog> logs_of(const std::vector<SinkRequest>& requests) {
  std::vector<SentLog> all;
  for (const SinkRequest& request : requests) {
    const auto logs = logs_of(request);
    all.insert(all.end(), logs.begin(), logs.end());
  }
  return all;
}

std::vector<SinkRequest> requests_to(std::string_view path, const std::vector<SinkRequest>& requests) {
  std::vector<SinkRequest> found;
  std::copy_if(requests.begin(), requests.end(), std::back_inserter(found),
               [path](const SinkRequest& request) {
                 return std::string_view(request.target).substr(0, request.target.find('?')).ends_with(path);
               });
  return found;
}

}  // namespace scops::test
