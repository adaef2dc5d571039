// What arrived at an intake of logs, record by record.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_sink.hpp"

namespace scops::test {

struct SentLog {
  std::string level;
  std::string service;
  std::string tags;     // the text ddtags
  std::string host;     // empty when there is none
  std::string message;  // as JSON, byte by byte
};

// The records of a body of /v1/input. Fails the test when it is no such body.
[[nodiscard]] std::vector<SentLog> logs_of(const SinkRequest& request);
[[nodiscard]] std::vector<SentLog> logs_of(const std::vector<SinkRequest>& requests);

// The requests whose path, without query, ends with `path` ("/v1/input", "/v1/series").
[[nodiscard]] std::vector<SinkRequest> requests_to(std::string_view path,
                                                   const std::vector<SinkRequest>& requests);

}  // namespace scops::test
