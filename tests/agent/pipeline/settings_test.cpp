#include "agent/pipeline/settings.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/config/check_tables.hpp"
#include "core/config/load.hpp"

using namespace scops;

namespace {

struct Agent {
  std::vector<Section> sections = {pipeline_section()};
  Loaded loaded;

  explicit Agent(std::vector<std::string> environment = {}) {
    LoadInput input;
    input.environment = std::move(environment);
    loaded = load(sections, input);
  }
  [[nodiscard]] const PipelineSettings& settings() const {
    return *static_cast<const PipelineSettings*>(sections[0].settings.get());
  }
};

}  // namespace

TEST_CASE("the options of the pipeline are well formed", "[pipeline_settings]") {
  CHECK(check_tables(Agent().sections).empty());
}

TEST_CASE("the defaults of aggregation are those of the contract", "[pipeline_settings]") {
  const Agent agent;
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.settings().wrapper == "datadog");
  CHECK(agent.settings().interval == std::chrono::seconds(10));
  CHECK(agent.settings().histogram_aggregates == TextList{"max", "median", "avg", "count"});
  CHECK(agent.settings().histogram_percentiles == TextList{"0.95"});
  CHECK(validate(agent.settings()));
}

TEST_CASE("the contract's environment variables set aggregation", "[pipeline_settings]") {
  const Agent agent({"metrics_wrapper=Simple", R"(HISTOGRAM_AGGREGATES=["min","SUM"])",
                     "HISTOGRAM_PERCENTILES=[0.5, 0.999]", "AGGREGATE_INTERVAL=20"});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.settings().wrapper == "simple");
  CHECK(agent.settings().histogram_aggregates == TextList{"min", "sum"});
  CHECK(agent.settings().histogram_percentiles == TextList{"0.5", "0.999"});
  CHECK(agent.settings().interval == std::chrono::seconds(20));
  CHECK(validate(agent.settings()));
}

TEST_CASE("a wrapper or an aggregate that nobody knows is a problem", "[pipeline_settings]") {
  CHECK(Agent({"METRICS_WRAPPER=statsd"}).loaded.problems.size() == 1);
  CHECK(Agent({R"(HISTOGRAM_AGGREGATES=["mean"])"}).loaded.problems.size() == 1);
}
