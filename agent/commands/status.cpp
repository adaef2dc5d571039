// scops status: asks the running agent for /status and prints it for a person, or as it came with --json.
// Fails where only a restart helps, so that a container's health check can ask it.
#include <fmt/format.h>

#include <stop_token>

#include "agent/commands/command.hpp"
#include "agent/listen.hpp"
#include "agent/version.hpp"
#include "core/io/http_client.hpp"
#include "core/io/json.hpp"

namespace scops {

namespace {

constexpr Duration patience{3000};

double number(const JsonDoc::Value& object, std::string_view key) { return object[key].number().value_or(0); }
std::string text(const JsonDoc::Value& object, std::string_view key) {
  return object[key].text().value_or("");
}

std::string agent_lines(const JsonDoc::Value& root) {
  const std::string hung = text(root, "unhealthy");
  const std::string reason = text(root, "not_ready");
  std::string lines = fmt::format(
      "scops {} on {}, up {:.0f} s, {:.2f} s of processor time, {:.1f} MB resident\n{}\n",
      text(root, "version"), text(root, "host"), number(root, "uptime_seconds"), number(root, "cpu_seconds"),
      number(root, "resident_bytes") / 1e6, reason.empty() ? "ready" : "not ready: " + reason);
  if (!hung.empty()) lines += "not healthy: " + hung + "\n";
  const auto buffer = root["buffer"];
  lines += fmt::format("\nbuffer: {:.0f} records in {:.0f} blocks, {:.0f} bytes, the oldest {:.0f} s old{}\n",
                       number(buffer, "records"), number(buffer, "blocks"), number(buffer, "bytes"),
                       number(buffer, "oldest_age_seconds"),
                       buffer["durable"].boolean().value_or(false) ? "" : " (in memory only)");
  if (const std::string trouble = text(buffer, "trouble"); !trouble.empty()) lines += "  " + trouble + "\n";
  return lines;
}

std::string collector_lines(const JsonDoc::Value& collectors) {
  std::string lines = "\ncollectors:\n";
  for (std::size_t i = 0; i < collectors.size(); ++i) {
    const auto one = collectors.at(i);
    lines += fmt::format(
        "  {:<12} every {:.0f} s: {:.0f} captures, {:.0f} errors, {:.0f} skipped, the last took {:.1f} ms\n",
        text(one, "name"), number(one, "interval_seconds"), number(one, "runs"), number(one, "errors"),
        number(one, "skipped"), number(one, "last_seconds") * 1000);
    for (const char* const key : {"last_error", "absent"}) {
      if (const std::string why = text(one, key); !why.empty()) lines += "    " + why + "\n";
    }
  }
  return lines;
}

std::string output_lines(const JsonDoc::Value& outputs) {
  std::string lines = "\noutputs:\n";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto one = outputs.at(i);
    lines += fmt::format("  {}\n", text(one, "name"));
    for (const std::string& key : one.keys()) {
      if (const auto value = one[key].number()) lines += fmt::format("    {:<40} {}\n", key, *value);
    }
  }
  return lines;
}

}  // namespace

int show_status(const CommandLine& line) {
  Settings settings;
  if (!load_or_complain(settings, line)) return 2;
  const auto where = parse_listen(settings.http());  // load_or_complain() saw to its errors
  if (!where || !*where) {
    complain("scops status: the pages are off (http.listen), so no agent can be asked");
    return 1;
  }
  const std::string listen = authority(**where);
  HttpClient client({}, fmt::format("scops/{}", version));
  const auto answer = client.perform({.url = fmt::format("http://{}/status", listen),
                                      .headers = {},
                                      .body = {},
                                      .timeout = patience,
                                      .connect_timeout = patience,
                                      .body_max = 1 << 20,
                                      .direct = true},
                                     std::stop_token{});
  if (!answer) {
    complain(fmt::format("scops status: no agent answers on {}: {}", listen, answer.error().text));
    return 1;
  }
  const auto doc = JsonDoc::parse(answer->body);
  if (answer->status != 200 || !doc) {
    complain(fmt::format("scops status: what answers on {} is no scops", listen));
    return 1;
  }
  const auto root = doc->root();
  print(line.json ? answer->body
                  : agent_lines(root) + collector_lines(root["collectors"]) + output_lines(root["outputs"]));
  return text(root, "unhealthy").empty() ? 0 : 1;
}

}  // namespace scops
