// Numbers of an agent's page /metrics.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "tests/support/agent_process.hpp"

namespace scops::test {

// The sum over labels of the metric of this name; of those of its lines that hold `label`.
inline double number_of(const AgentProcess& agent, std::string_view name, std::string_view label = "") {
  double sum = 0;
  for (const std::string& line : lines_of(agent.page("/metrics").body)) {
    if (line.substr(0, std::min(line.find('{'), line.find(' '))) != name) continue;
    if (line.find(label) != std::string::npos) sum += std::stod(line.substr(line.rfind(' ')));
  }
  return sum;
}

}  // namespace scops::test
