// Numbers of an agent's page /metrics.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "tests/support/agent_process.hpp"

namespace scops::test {

// The sum over labels of the metric of this name on a page; of those of its lines that hold `label`.
inline double sum_on(std::string_view page, std::string_view name, std::string_view label = "") {
  double sum = 0;
  for (const std::string& line : lines_of(page)) {
    if (line.substr(0, std::min(line.find('{'), line.find(' '))) != name) continue;
    if (line.find(label) != std::string::npos) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

// The same of an agent. The test fails where its page does not answer or has no such metric: that is not 0.
inline double number_of(const AgentProcess& agent, std::string_view name, std::string_view label = "") {
  const std::string type = "# TYPE " + std::string(name) + " ";
  AgentProcess::Page page;
  const bool known = eventually([&] {
    page = agent.page("/metrics");
    return page.status == 200 && page.body.find(type) != std::string::npos;
  });
  INFO("/metrics answers " << page.status << "; wanted: " << name);
  REQUIRE(known);
  return sum_on(page.body, name, label);
}

// Of a counter that there is not before there is something to count: 0 until then.
inline double number_so_far(const AgentProcess& agent, std::string_view name, std::string_view label = "") {
  const AgentProcess::Page page = agent.page("/metrics");
  REQUIRE(page.status == 200);
  return sum_on(page.body, name, label);
}

// Captures that the machine was too busy for: where each is of another second, as many seconds are without
// one.
inline double left_out_captures(const AgentProcess& agent) {
  return number_of(agent, "scops_collect_skipped_total", R"(collector="host")");
}

}  // namespace scops::test
