// Planted secrets: every option that is marked as one, passwords in addresses, a proxy's, the kubelet's
// token, given in every way that there is. Then the agent meets all kinds of trouble at the level debug,
// peers say what they were told, and everything that it or its children have shown or stored is searched.
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "agent/settings.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "tests/support/agent_process.hpp"
#include "tests/support/fake_engine.hpp"
#include "tests/support/fake_kubelet.hpp"
#include "tests/support/faults.hpp"
#include "tests/support/http_sink.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/tls_server.hpp"

namespace scops::test {
namespace {

namespace fs = std::filesystem;

enum class Way { variable, variable_of_file, at_file, flag, file };

struct Planted {
  std::vector<std::string> secrets;
  AgentOptions options;
  std::string redis_password;
  std::string api_key;
};

void write(const std::string& path, const std::string& text, mode_t mode = 0600) {
  std::ofstream(path) << text;
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

// A value for each option that is marked secret: a new one is covered by itself.
Planted plant(Way way, const TempDir& dir) {
  Planted planted;
  planted.options.arguments = {"run"};
  auto& environment = planted.options.environment;
  std::string file;
  const Settings settings;
  for (const Section& section : settings.sections()) {
    for (const Option& option : section.options) {
      if (option.type != OptionType::secret) continue;
      const std::string name = environment_name(section, option);
      const std::string key = key_name(section, option);
      const std::string secret = "planted." + key + ".s3cret";
      planted.secrets.push_back(secret);
      if (key == "redis.password") planted.redis_password = secret;
      if (key == "datadog.api_key") planted.api_key = secret;
      write(dir / name, secret + "\n");
      if (way == Way::variable) environment[name] = secret;
      if (way == Way::variable_of_file) environment[name + "_FILE"] = dir / name;
      if (way == Way::at_file) environment[name] = "@" + (dir / name);
      if (way == Way::flag) planted.options.arguments.push_back("--" + key + "=" + secret);
      file += key + " = " + secret + "\n";
    }
  }
  environment["SCOPS_DRAMATIQ_HOST"] = "127.0.0.1";  // else its password is one too many
  environment["SCOPS_DRAMATIQ_PORT"] = "1";
  REQUIRE(planted.secrets.size() >= 3);
  REQUIRE_FALSE(planted.api_key.empty());
  if (way == Way::file) {
    write(dir / "scops.conf", file);
    environment["SCOPS_CONFIG"] = dir / "scops.conf";
  }
  return planted;
}

// A tegrastats that writes down what it can see of us, once, and then does its work.
std::string make_child(const TempDir& dir) {
  std::string path = dir / "tegrastats";
  write(path,
        "#!/bin/sh\n{ tr '\\0' '\\n' </proc/$$/environ; tr '\\0' ' ' </proc/$PPID/cmdline; set; echo end; } "
        ">\"$0.seen\"\n"
        "while :; do echo 'RAM 1409/3964MB (lfb 28x4MB) CPU [22%@518,off]'; sleep 0.2; done\n",
        0755);
  return path;
}

// Every kind of failure, and each peer repeats what it was told.
std::vector<SinkAnswer> indiscreet(const Planted& planted) {
  std::string said = "you said: ";
  for (const std::string& secret : planted.secrets) said += secret + " ";
  return {
      {.status = 500, .body = said},
      {.status = 302, .headers = {"Location: http://127.0.0.1:1/?api_key=" + planted.api_key}, .body = said},
      {.fault = Fault::reset_after},
      {.fault = Fault::garbage},
      {.status = 400, .body = said},
      {.status = 403, .body = said}};
}

class Search {
 public:
  explicit Search(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {}
  // Looks at a text of which there must be something.
  void look(const std::string& where, const std::string& text) {
    INFO(where << ":\n" << text.substr(0, 3000));
    CHECK_FALSE(text.empty());
    for (const std::string& secret : secrets_) {
      INFO(secret);
      CHECK(text.find(secret) == std::string::npos);
    }
    ++places_;
  }
  [[nodiscard]] int places() const { return places_; }

 private:
  std::vector<std::string> secrets_;
  int places_ = 0;
};

void look_at_process(Search& search, const AgentProcess& agent) {
  search.look("cmdline", agent.proc("cmdline"));
  for (const char* page : {"/status", "/metrics", "/", "/readyz", "/healthz"}) {
    search.look(page, agent.page(page).body);
  }
  std::string core;
  for (const std::string& line : lines_of(agent.proc("limits"))) {
    if (line.starts_with("Max core file size")) core = line;
  }
  CHECK(core.find(" 0 ") != std::string::npos);
  CHECK(agent.proc("coredump_filter") == "00000000\n");
}

void look_at_commands(Search& search, AgentOptions options) {
  options.environment["SCOPS_HTTP_LISTEN"] = "off";
  const std::vector<std::string> flags(options.arguments.begin() + 1, options.arguments.end());
  for (const std::vector<std::string>& command : {std::vector<std::string>{"config"},
                                                  {"config", "--json"},
                                                  {"check", "k8s"},
                                                  {"check", "dramatiq", "--json"},
                                                  {"status"},
                                                  {"buffer", "show"},
                                                  {"run", "--host.nosuch=1"}}) {
    options.arguments = command;
    options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
    const Finished finished = run_agent(options);
    search.look(fmt::format("scops {}", fmt::join(command, " ")), finished.out + finished.err);
  }
}

// `other_password`: of the Redis, which then refuses ours.
int meet_trouble(Way way, bool other_password) {
  const TempDir dir;
  Planted planted = plant(way, dir);
  auto& environment = planted.options.environment;
  const RedisServer redis({.password = other_password ? "another" : planted.redis_password});
  FakeEngine engine(dir / "docker.sock", [](const std::string&) {
    return FakeEngine::Answer{.status = 500, .body = R"({"message":"no"})"};
  });
  const FakeKubelet kubelet(R"({"node":{}})");
  write(dir / "token", "planted.kubelet.t0ken\n");
  planted.secrets.emplace_back("planted.kubelet.t0ken");
  HttpSink sink;
  sink.script(indiscreet(planted));
  HttpSink proxy;
  proxy.otherwise({.status = 407, .body = "planted.proxy.passw0rd is wrong"});
  for (const char* more : {"planted.url.passw0rd", "planted.proxy.passw0rd"})
    planted.secrets.emplace_back(more);
  const bool by_proxy = way == Way::at_file;
  environment["DATADOG_URL"] = fmt::format("http://user:planted.url.passw0rd@127.0.0.1:{}", sink.port());
  environment["http_proxy"] = fmt::format("http://user:planted.proxy.passw0rd@127.0.0.1:{}", proxy.port());
  if (!by_proxy) environment["no_proxy"] = "127.0.0.1";
  const std::map<std::string, std::string> rest = {
      {"COLLECTOR_PLUGINS", R"(["host","tegrastats","docker","k8s","dramatiq"])"},
      {"REDIS_HOST", "127.0.0.1"},
      {"REDIS_PORT", std::to_string(redis.port())},
      {"CHOUETTE_STORAGE_TYPE", "embedded"},
      {"SCOPS_DOCKER_SOCKET", dir / "docker.sock"},
      {"SCOPS_K8S_HOST", "127.0.0.1"},
      {"SCOPS_K8S_PORT", std::to_string(kubelet.port())},
      {"SCOPS_K8S_CA_FILE", kubelet.certificates().ca_file()},
      {"SCOPS_K8S_TOKEN_FILE", dir / "token"},
      {"TEGRASTATS_PATH", make_child(dir)},
      {"SCOPS_HTTP_LISTEN", "127.0.0.1:0"},
      {"SCOPS_AGENT_STATE", dir / "state"},
      {"LOG_LEVEL", "debug"},
      {"CAPTURE_INTERVAL", "1"},
      {"AGGREGATE_INTERVAL", "1"},
      {"RELEASE_INTERVAL", "1"},
      {"SCOPS_DISPATCH_BACKOFF_MIN", "100ms"},
      {"SCOPS_DISPATCH_BACKOFF_MAX", "1s"},
      {"SCOPS_DISPATCH_RATE_MAX", "50"}};
  environment.insert(rest.begin(), rest.end());

  Search search(planted.secrets);
  AgentProcess agent(planted.options);
  if (!agent.wait_for_err("event=started")) FAIL(agent.err());
  REQUIRE((by_proxy ? proxy : sink).wait_for(by_proxy ? 2 : indiscreet(planted).size(), long_enough));
  REQUIRE(agent.wait_for_err("collector=k8s"));
  REQUIRE(eventually([&] { return read_file(dir / "tegrastats.seen").value_or("").ends_with("end\n"); }));
  look_at_process(search, agent);
  search.look("child", read_file(dir / "tegrastats.seen").value_or(""));
  CHECK(agent.stop() == 0);
  search.look("log", agent.err());
  look_at_commands(search, planted.options);
  for (const auto& file : fs::directory_iterator(dir / "state")) {
    search.look(file.path().string(), read_file(file.path().string(), 64U << 20U).value_or("") + ".");
  }
  for (const SinkRequest& request : sink.requests()) search.look("body", request.body + ".");
  return search.places();
}

}  // namespace

TEST_CASE("no planted secret appears in anything that the agent shows, stores or hands on", "[faults]") {
  const Way way = GENERATE(Way::variable, Way::variable_of_file, Way::at_file, Way::flag, Way::file);
  const int times = fault_tries(1, 20);
  // In a quick run each way with one of the two Redis.
  int places = 0;
  for (int i = 0; i < times; ++i) places += meet_trouble(way, (static_cast<int>(way) + i) % 2 == 0);
  constexpr const char* names[] = {"variable", "NAME_FILE", "@file", "flag", "configuration file"};
  record_fault(
      {.area = "Secrets",
       .promise = "no log, page, dump, child, command line or file shows a secret",
       .fault = fmt::format("secrets planted by {}; peers that fail in every way and repeat what they "
                            "were told, log level debug",
                            names[static_cast<std::size_t>(way)]),
       .tried = times,
       .outcome = fmt::format("{} texts searched, none found", places)});
}

TEST_CASE("TLS that fails and an intake that is away show no secret either", "[faults]") {
  const TempDir dir;
  Planted planted = plant(Way::variable, dir);
  const TlsServer server(Certificate::expired);
  auto& environment = planted.options.environment;
  const bool tls = GENERATE(true, false);
  std::string url = tls ? server.url() : "http://127.0.0.1:1";
  url.insert(url.find("//") + 2, "user:planted.url.passw0rd@");
  planted.secrets.emplace_back("planted.url.passw0rd");
  environment["DATADOG_URL"] = url;
  environment["LOG_LEVEL"] = "debug";
  environment["RELEASE_INTERVAL"] = "1";
  environment["CAPTURE_INTERVAL"] = "1";
  environment["AGGREGATE_INTERVAL"] = "1";
  environment["SCOPS_HTTP_LISTEN"] = "127.0.0.1:0";
  AgentProcess agent(planted.options);
  if (!agent.wait_for_err("event=send_failed")) FAIL(agent.err());
  Search search(planted.secrets);
  look_at_process(search, agent);
  CHECK(agent.stop() == 0);
  search.look("log", agent.err());
  search.look("config", run_agent({.arguments = {"config"}, .environment = environment}).out);
}

}  // namespace scops::test
