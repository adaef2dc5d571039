#include "core/config/load.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "tests/core/config/sample_tables.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using sample::HostSettings;
using sample::OutputSettings;
using test::TempDir;
using Texts = std::vector<std::string>;

namespace {

// The tables, loaded once.
struct Agent {
  explicit Agent(const LoadInput& input) : loaded(load(sections, input)) {}

  [[nodiscard]] const HostSettings& host() const { return sample::settings_of<HostSettings>(sections[0]); }
  [[nodiscard]] const OutputSettings& output() const {
    return sample::settings_of<OutputSettings>(sections[1]);
  }
  [[nodiscard]] const Effective& at(std::string_view key) const {
    return *std::find_if(loaded.effective.begin(), loaded.effective.end(),
                         [key](const Effective& e) { return key_name(*e.section, *e.option) == key; });
  }

  std::vector<Section> sections = sample::sections();
  Loaded loaded;
};

Agent with_environment(Texts environment) { return Agent({.environment = std::move(environment)}); }

std::string write(const std::string& path, std::string_view content) {
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

Agent with_file(const std::string& content) {
  const TempDir dir;
  return Agent({.file = write(dir / "scops.conf", content)});
}

}  // namespace

TEST_CASE("without any input every option has its default") {
  const Agent agent({});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.loaded.file.empty());
  CHECK(agent.host().proc == "/proc");
  CHECK(agent.host().interval == std::chrono::seconds(30));
  CHECK(agent.host().metrics == TextList{"cpu", "fs"});
  CHECK(agent.output().port == 6379);
  CHECK(agent.output().limit.count == 64U << 20U);
  CHECK(agent.loaded.effective.size() == sample::host_rows.size() + sample::output_rows.size());
  CHECK(agent.at("host.interval").value == "30s");
  CHECK(agent.at("host.interval").origin == "default");
}

TEST_CASE("a flag wins over the environment, that over the file, that over the default") {
  const TempDir dir;
  LoadInput input{.file = write(dir / "f", "host.proc = /file\nhost.interval = 2s\nhost.threshold = 0.2")};
  input.environment = {"SCOPS_HOST_PROC=/environment", "SCOPS_HOST_INTERVAL=3s"};
  input.flags = {"--host.proc=/flag"};
  const Agent agent(input);
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.host().proc == "/flag");
  CHECK(agent.at("host.proc").origin == "flag");
  CHECK(agent.host().interval == std::chrono::seconds(3));
  CHECK(agent.at("host.interval").origin == "environment SCOPS_HOST_INTERVAL");
  CHECK(agent.host().threshold == 0.2);
  CHECK(agent.at("host.threshold").origin == "file " + dir / "f line 3");
  CHECK(agent.loaded.file == dir / "f");
}

TEST_CASE("names of environment variables are taken in any case") {
  const Agent agent = with_environment({"scops_host_proc=/p", "Api_Key=k3y"});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.host().proc == "/p");
  CHECK(agent.output().key.text == "k3y");
  CHECK(agent.at("output.key").origin == "environment Api_Key");
}

TEST_CASE("a canonical name wins over aliases, an earlier alias over a later one") {
  CHECK(with_environment({"SCOPS_HOST_INTERVAL=5s", "CAPTURE_INTERVAL=6s"}).host().interval.count() == 5000);
  CHECK(with_environment({"CAPTURE_INTERVAL=6s", "SCOPS_HOST_INTERVAL=5s"}).host().interval.count() == 5000);
  CHECK(with_environment({"HOST_PERIOD=7s", "CAPTURE_INTERVAL=6s"}).host().interval.count() == 6000);
}

TEST_CASE("an empty environment variable counts as not set") {
  const Agent agent = with_environment({"SCOPS_HOST_INTERVAL=", "CAPTURE_INTERVAL=6s", "GLOBAL_TAGS="});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.host().interval.count() == 6000);
  CHECK(agent.at("output.tags").origin == "default");
}

TEST_CASE("a value may contain the equals sign") {
  CHECK(with_environment({"API_KEY=a=b="}).output().key.text == "a=b=");
}

TEST_CASE("a wrong value is a problem that says what is allowed") {
  const auto [variable, problem] = GENERATE(table<const char*, const char*>({
      {"SCOPS_HOST_INTERVAL=abc",
       "SCOPS_HOST_INTERVAL=abc (environment): not a duration; allowed: 1s to 1d, for example 30s"},
      {"capture_interval=0",
       "capture_interval=0 (environment): out of range; allowed: 1s to 1d, for example 30s"},
      {"LOG_LEVEL=inof",
       "LOG_LEVEL=inof (environment): not known, nearest is info; allowed: debug, info or warn"},
      {"GLOBAL_TAGS=a:b",
       R"(GLOBAL_TAGS=a:b (environment): not a JSON list of texts; allowed: a JSON list of texts, for example ["a","b"])"},
      {"HOST_COLLECT_METRICS=[\"rams\"]",
       "HOST_COLLECT_METRICS=[\"rams\"] (environment): \"rams\": not known, nearest is ram; allowed: a JSON "
       "list of "
       "cpu, fs, la, ram or network, for example [\"cpu\",\"fs\"]"},
      {"API_KEY=a\x01z", "API_KEY=*** (environment): has control characters; allowed: text"},
      {"LOG_LEVEL=\x1B[2J",
       "LOG_LEVEL=?[2J (environment): has control characters; allowed: debug, info or warn"},
  }));
  const Agent agent = with_environment({variable});
  CHECK(agent.loaded.problems == Texts{problem});
}

TEST_CASE("an option with a problem keeps its default") {
  const Agent agent = with_environment({"SCOPS_HOST_INTERVAL=abc"});
  CHECK(agent.host().interval == std::chrono::seconds(30));
  CHECK(agent.at("host.interval").origin == "default");
}

TEST_CASE("all problems are found in one go") {
  LoadInput input{.flags = {"--host.proq=/x"},
                  .environment = {"SCOPS_X=1", "LOG_LEVEL=loud", "REDIS_PORT=0"}};
  CHECK(Agent(input).loaded.problems.size() == 4);
}

TEST_CASE("an unknown variable with our prefix is a problem that names the nearest one") {
  CHECK(with_environment({"SCOPS_HOST_INTERVALL=5s"}).loaded.problems ==
        Texts{"SCOPS_HOST_INTERVALL (environment): unknown; nearest known name: SCOPS_HOST_INTERVAL"});
  CHECK(with_environment({"scops_api_kee=k3y"}).loaded.problems ==
        Texts{"scops_api_kee (environment): unknown; nearest known name: API_KEY"});
  CHECK(with_environment({"SCOPS_QQQQ="}).loaded.problems ==
        Texts{"SCOPS_QQQQ (environment): unknown; --help lists all names"});
}

TEST_CASE("variables of others are none of our business") {
  const auto* variable = GENERATE(
      "PATH=/bin", "HOSTNAME=x", "API_KEYS=1", "SCOPS=1", "SCOPS_TEST_DATA=/x", "SCOPS_SERVICE_HOST=10.0.0.1",
      "SCOPS_SERVICE_PORT=80", "SCOPS_SERVICE_PORT_HTTP=80", "SCOPS_PORT=tcp://10.0.0.1:80",
      "SCOPS_PORT_80_TCP=tcp://10.0.0.1:80", "SCOPS_PORT_80_TCP_ADDR=10.0.0.1", "SCOPS_PORT_80_TCP_PORT=80",
      "SCOPS_PORT_53_UDP_PROTO=udp", "SCOPS_WEB_SERVICE_HOST=10.0.0.1", "SCOPS_WEB_PORT=tcp://10.0.0.1:80",
      "SCOPS_WEB_PORT_80_TCP=tcp://10.0.0.1:80", "no equals sign", "");
  CAPTURE(variable);
  CHECK(with_environment({variable}).loaded.problems.empty());
}

TEST_CASE("the address of a Kubernetes service is not taken for a port of ours") {
  const Agent agent =
      with_environment({"REDIS_PORT=tcp://10.0.0.7:6379", "SCOPS_OUTPUT_PORT=tcp://10.0.0.7:1"});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.output().port == 6379);
}

TEST_CASE("an unknown flag is a problem that names the nearest one") {
  CHECK(Agent({.flags = {"--host.prok=/x"}}).loaded.problems ==
        Texts{"--host.prok (flag): unknown; nearest known name: --host.proc"});
  CHECK(Agent({.flags = {"--a.b"}}).loaded.problems == Texts{"--a.b (flag): needs a value"});
}

TEST_CASE("words that are no settings are problems, and are not shown") {
  const Texts problems = Agent({.flags = {"--api-key", "s3cret"}}).loaded.problems;
  REQUIRE(problems.size() == 2);
  CHECK(problems[0] == "--api-key (flag): no setting; settings are written --room.name=value");
  CHECK(problems[1] == "a lone word (flag): no setting; settings are written --room.name=value");
}

TEST_CASE("a flag without a value is a problem") {
  CHECK(Agent({.flags = {"--host.proc"}}).loaded.problems == Texts{"--host.proc (flag): needs a value"});
  CHECK(Agent({.flags = {"--config"}}).loaded.problems == Texts{"--config (flag): needs a value"});
}

TEST_CASE("of the same flag twice the later one counts, and it may be empty") {
  CHECK(Agent({.flags = {"--host.proc=/a", "--host.proc=/b"}}).host().proc == "/b");
  CHECK(Agent({.flags = {"--host.proc="}}).host().proc.empty());
}

TEST_CASE("arguments are split into settings and the rest") {
  const std::vector<Section> sections = sample::sections();
  const Texts arguments = {
      "check",        "host", "--json",   "--host.proc", "/p", "--host.loops",    "fs",  "--x.y",
      "--host.loops", "off",  "--config", "f",           "-v", "--output.port=1", "a.b", "--host.metrics"};
  const Arguments split = split_arguments(sections, arguments);
  CHECK(split.flags == Texts{"--host.proc=/p", "--host.loops=true", "--x.y", "--host.loops=off", "--config=f",
                             "--output.port=1", "--host.metrics"});
  CHECK(split.rest == Texts{"check", "host", "--json", "fs", "-v", "a.b"});
}

TEST_CASE("a configuration file has keys, environment names, comments, blanks and quotes") {
  const Agent agent = with_file(
      "# a comment\r\n"
      "\n"
      "  host.proc=/x # y  \r\n"
      "host.interval   =  '2s'\n"
      "API_KEY = \"k3y \"\n"
      "scops_output_tags=[\"a:b\",\"c\"]\n"
      "host.metrics=\n"
      "output.tls_key_file = \"\"");
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.host().proc == "/x # y");
  CHECK(agent.host().interval.count() == 2000);
  CHECK(agent.output().key.text == "k3y ");
  CHECK(agent.output().tags == TextList{"a:b", "c"});
  CHECK(agent.at("host.metrics").origin == "default");
  CHECK_THAT(agent.at("output.tls_key_file").origin, Catch::EndsWith("scops.conf line 8"));
}

TEST_CASE("quotes stay when they are not one pair around the whole value") {
  const auto* value = GENERATE("\"", "\"a", "a\"", "\"a\" b", "\"a\" \"b\"", "'a\"");
  CHECK(with_file(std::string("host.proc = ") + value).host().proc == value);
}

TEST_CASE("each bad line of a file is a problem with its number") {
  const Texts problems =
      with_file("host.interval = abc\nhost.prok = 1\nAPI_KYE=x\ns3cret\n= 1\n").loaded.problems;
  REQUIRE(problems.size() == 5);
  CHECK_THAT(problems[0], Catch::StartsWith("host.prok (file /") &&
                              Catch::EndsWith("line 2): unknown; nearest known name: host.proc"));
  CHECK_THAT(problems[1], Catch::EndsWith("line 3): unknown; nearest known name: API_KEY"));
  CHECK_THAT(problems[2],
             Catch::EndsWith("line 4): no '='; write name = value") && !Catch::Contains("s3cret"));
  CHECK_THAT(problems[3], Catch::EndsWith("line 5): unknown; --help lists all names"));
  CHECK_THAT(problems[4],
             Catch::StartsWith("host.interval=abc (file /") && Catch::Contains("not a duration"));
}

TEST_CASE("a file of nonsense ends in a bounded list of problems") {
  std::string content;
  for (int i = 0; i < 100'000; ++i) content += "a.b=1\n";
  CHECK(with_file(content).loaded.problems.size() == 101);
}

TEST_CASE("lines and files have a largest size") {
  CHECK_THAT(with_file("host.proc = " + std::string(70'000, 'x')).loaded.problems.at(0),
             Catch::Contains("longer than 64 KiB"));
  CHECK_THAT(with_file(std::string(2 << 20, '\n')).loaded.problems.at(0),
             Catch::StartsWith("configuration file ("));
}

TEST_CASE("the file comes from the flag, else from SCOPS_CONFIG, else from the caller") {
  const TempDir dir;
  const std::string flag = write(dir / "flag", "host.proc = /flag");
  const std::string variable = write(dir / "variable", "host.proc = /variable");
  LoadInput input{.file = write(dir / "default", "host.proc = /default")};
  CHECK(Agent(input).host().proc == "/default");
  input.environment = {"Scops_Config=" + variable};
  CHECK(Agent(input).host().proc == "/variable");
  input.flags = {"--config", flag};
  CHECK(Agent(input).host().proc == "/flag");
}

TEST_CASE("a missing file is a problem only when somebody asked for it") {
  CHECK(Agent({.file = "/nonexistent/scops.conf"}).loaded.problems.empty());
  const Texts problems = with_environment({"SCOPS_CONFIG=/nonexistent/scops.conf"}).loaded.problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::Contains("configuration file (/nonexistent/scops.conf): "));
}

TEST_CASE("a value starting with @/ is the content of the file") {
  const TempDir dir;
  const std::string path = write(dir / "value", "5s\r\n");
  CHECK(with_environment({"SCOPS_HOST_INTERVAL=@" + path}).host().interval.count() == 5000);
  CHECK(Agent({.flags = {"--host.interval=@" + path}}).host().interval.count() == 5000);
  CHECK(with_environment({"API_KEY=@home"}).output().key.text == "@home");
}

TEST_CASE("NAME_FILE gives the content of a file to every environment name") {
  const TempDir dir;
  const std::string path = write(dir / "key", "k3y\n");
  const Agent agent = with_environment({"API_KEY_FILE=" + path, "SCOPS_OUTPUT_TLS_KEY_FILE=" + path});
  CHECK(agent.loaded.problems.empty());
  CHECK(agent.output().key.text == "k3y");
  CHECK(agent.at("output.key").origin == "environment API_KEY_FILE");
  CHECK(agent.output().key_file == path);
}

TEST_CASE("a value file that cannot be read is a problem that names it") {
  const auto* variable = GENERATE("API_KEY=@/nonexistent/key", "API_KEY_FILE=/nonexistent/key");
  const Texts problems = with_environment({variable}).loaded.problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0], Catch::StartsWith(std::string(variable) + " (environment): ") &&
                              Catch::Contains("No such file or directory"));
}

TEST_CASE("a value file that is too large is a problem") {
  const TempDir dir;
  const std::string path = write(dir / "key", std::string(70'000, 'x'));
  CHECK(with_environment({"API_KEY_FILE=" + path}).loaded.problems.size() == 1);
}

TEST_CASE("secrets are shown nowhere") {
  const Agent agent({.flags = {"--output.key=s3cret\x01"}, .environment = {"API_KEY=s3cret"}});
  REQUIRE(agent.loaded.problems.size() == 1);
  CHECK_THAT(agent.loaded.problems[0], !Catch::Contains("s3cret"));
  CHECK(with_environment({"API_KEY=s3cret"}).at("output.key").value == "***");
  CHECK(with_environment({}).at("output.key").value.empty());
}
