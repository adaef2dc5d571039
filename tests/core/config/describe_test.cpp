#include "core/config/describe.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "core/io/json.hpp"
#include "core/model/text.hpp"
#include "tests/core/config/sample_tables.hpp"

using namespace scops;
using Catch::Contains;

namespace {

std::size_t longest_line(std::string_view text) {
  std::size_t longest = 0;
  while (!text.empty()) longest = std::max(longest, cut(text, '\n').size());
  return longest;
}

}  // namespace

TEST_CASE("help lists each option with default, limits and names") {
  const std::string help = describe_help(sample::sections());
  CHECK_THAT(help, Contains("\nhost: The machine.\n"));
  CHECK_THAT(help, Contains("  --host.interval=30s\n"
                            "      How often the host is read. Allowed: 1s to 1d.\n"
                            "      Environment: SCOPS_HOST_INTERVAL, CAPTURE_INTERVAL, HOST_PERIOD\n"));
  CHECK_THAT(help,
             Contains("  --host.proc=/proc\n      Root of procfs.\n      Environment: SCOPS_HOST_PROC\n"));
  CHECK_THAT(help, Contains("--config=PATH") && Contains("SCOPS_CONFIG"));
}

TEST_CASE("help fits a terminal") {
  const std::string long_help = "Long help" + std::string(30, ' ') + [] {
    std::string words;
    for (int i = 0; i < 100; ++i) words += " and more";
    return words + ".";
  }();
  const Option row = option<&sample::HostSettings::proc>({.name = "proc", .fallback = "", .help = long_help});
  const std::vector<Section> sections = {section<sample::HostSettings>("host", "The machine.", {&row, 1})};
  CHECK(longest_line(describe_help(sections)) <= 100);
  CHECK(longest_line(describe_environment(sections)) <= 100);
}

TEST_CASE("effective values are printed with their origin and without secrets") {
  const std::vector<Section> sections = sample::sections();
  const Loaded loaded = load(sections, {.flags = {"--host.interval=90"}, .environment = {"API_KEY=s3cret"}});
  const std::string text = describe_effective(loaded);
  CHECK_THAT(text, Contains("\nhost.interval        90s           flag\n"));
  CHECK_THAT(text, Contains("\noutput.key           ***           environment API_KEY\n"));
  CHECK_THAT(text, !Contains("s3cret"));
}

TEST_CASE("effective values are printed as JSON without secrets") {
  const std::vector<Section> sections = sample::sections();
  const Loaded loaded = load(sections, {.environment = {"API_KEY=s3cret"}});
  const std::string text = describe_effective_json(loaded);
  const Result<JsonDoc> doc = JsonDoc::parse(text);
  REQUIRE(doc.has_value());
  const auto options = doc->root()["options"];
  CHECK(options.size() == loaded.effective.size());
  CHECK(options.at(0)["name"].text() == "host.proc");
  CHECK(options.at(0)["environment"].text() == "SCOPS_HOST_PROC");
  CHECK(options.at(0)["value"].text() == "/proc");
  CHECK(options.at(0)["origin"].text() == "default");
  CHECK(doc->root()["file"].text() == "");
  CHECK_THAT(text, !Contains("s3cret"));
}

TEST_CASE("the options page has a table for each room") {
  const std::string page = describe_markdown(sample::sections());
  CHECK_THAT(page,
             Contains("\n## host\n\nThe machine.\n\n| environment | flag | default | allowed | help |\n"));
  CHECK_THAT(
      page,
      Contains("\n| `SCOPS_HOST_INTERVAL`, `CAPTURE_INTERVAL`, `HOST_PERIOD` | `--host.interval` | `30s` "
               "| 1s to 1d | How often the host is read. |\n"));
  CHECK_THAT(page, Contains("\n| `SCOPS_OUTPUT_KEY`, `API_KEY` | `--output.key` |  | text | API key. |\n"));
}

TEST_CASE("a bar in a text does not break the options page") {
  const Option row =
      option<&sample::HostSettings::proc>({.name = "proc", .fallback = "a|b", .help = "This | or that."});
  const std::vector<Section> sections = {section<sample::HostSettings>("host", "The machine.", {&row, 1})};
  CHECK_THAT(describe_markdown(sections), Contains("| `a\\|b` | text | This \\| or that. |"));
}

TEST_CASE("a room without options has a heading only") {
  const std::vector<Section> sections = {section<sample::HostSettings>("host", "The machine.", {})};
  CHECK_THAT(describe_markdown(sections), Catch::EndsWith("\n## host\n\nThe machine.\n"));
  CHECK_THAT(describe_environment(sections), !Contains("host"));
}

TEST_CASE("sections of the same room are described as one") {
  const Option row =
      option<&sample::OutputSettings::level>({.name = "level", .fallback = "", .help = "Level."});
  const std::vector<Section> sections = {
      section<sample::HostSettings>("host", "The machine.", sample::host_rows),
      section<sample::OutputSettings>("host", "Not shown.", {&row, 1})};
  CHECK_THAT(describe_help(sections), Contains("--host.level=") && !Contains("Not shown"));
  CHECK_THAT(describe_markdown(sections), Contains("SCOPS_HOST_LEVEL") && !Contains("Not shown"));
  CHECK_THAT(describe_environment(sections), Contains("#SCOPS_HOST_LEVEL=") && !Contains("Not shown"));
}

TEST_CASE("the environment example has every option commented out") {
  const std::string example = describe_environment(sample::sections());
  CHECK_THAT(example, Contains("\n# How often the host is read. Allowed: 1s to 1d.\n"
                               "# Also: CAPTURE_INTERVAL, HOST_PERIOD.\n"
                               "#SCOPS_HOST_INTERVAL=30s\n"));
  CHECK_THAT(example, Contains("\n#SCOPS_OUTPUT_KEY=\n"));
}

TEST_CASE("the environment example loads as a configuration file once uncommented") {
  const std::string example = describe_environment(sample::sections());
  std::vector<std::string> environment;
  for (std::string_view rest = example; !rest.empty();) {
    const std::string_view line = cut(rest, '\n');
    if (line.starts_with("#SCOPS_")) environment.emplace_back(line.substr(1));
  }
  const std::vector<Section> sections = sample::sections();
  CHECK(environment.size() == sample::host_rows.size() + sample::output_rows.size());
  CHECK(load(sections, {.environment = environment}).problems.empty());
}
