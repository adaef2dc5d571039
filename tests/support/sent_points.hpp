// What arrived at an intake, point by point: request bodies, lines of JSON and blocks of the buffer in one
// form.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/http_sink.hpp"

namespace scops::test {

// One point of one series, without its value.
struct PointId {
  std::string metric;
  std::string tags;  // sorted, joined by commas
  std::int64_t time_ms = 0;
  auto operator<=>(const PointId&) const = default;
};

std::string to_string(const PointId& point);

// The points of a body of /v1/series or of /intake/metrics/v3/series; `host`, `type` as its entries have
// them. Fails the test when it is no such body.
struct SentPoint {
  PointId id;
  double value = 0;
  std::string host;
  std::string type;
};
[[nodiscard]] std::vector<SentPoint> points_of(const SinkRequest& request);
[[nodiscard]] std::vector<SentPoint> points_of(const std::vector<SinkRequest>& requests);
// The sum of a metric's values, each point once. Fails the test when a point came with two values.
[[nodiscard]] double sum_of(const std::vector<SinkRequest>& requests, std::string_view metric);
// How often each point is in the requests.
[[nodiscard]] std::map<PointId, int> counted(const std::vector<SinkRequest>& requests);

// Whole seconds in which nothing was captured, up to the last capture; not before the third, as the first two
// come as the start falls.
[[nodiscard]] double holes_in(const std::map<PointId, int>& points);

// The answer that each of `count` requests got from a sink whose script was `script` before the first of
// them. An answer that resets in the middle of a request belongs to none that was read.
[[nodiscard]] std::vector<SinkAnswer> answers_to(std::size_t count, const std::vector<SinkAnswer>& script);

// Was the intake's yes sent, in full as far as its head goes? Else the agent must assume that it has to send
// again.
[[nodiscard]] bool says_yes(const SinkAnswer& answer);
[[nodiscard]] std::vector<SinkRequest> accepted_of(const std::vector<SinkRequest>& requests,
                                                   const std::vector<SinkAnswer>& script);

// The points that the database in this folder holds; the agent must be gone. Works on a copy.
[[nodiscard]] std::map<PointId, double> stored_points(const std::string& state_folder);

// The metrics of lines as `scops check --json` and the stdout output print them.
[[nodiscard]] std::set<std::string> metrics_of_json_lines(std::string_view text);

}  // namespace scops::test
