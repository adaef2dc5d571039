#include "core/io/redis_connect.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::int64_t oldest_version = 5;
constexpr std::uint16_t sentinel_port = 26'379;

// The answer is never quoted: a Redis without AUTH repeats what it was sent.
Error auth_error(const RedisValue& answer) {
  const std::string_view text = answer.text();
  const auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (answer.error_code() == "WRONGPASS" || has("invalid password")) return retry("wrong password or user");
  if (has("without any password configured") || has("no password is set")) {
    return retry("a password is set here, but the server has none");
  }
  if (has("wrong number of arguments")) return retry("a user is set, but this Redis knows only passwords");
  return retry("the server refuses to authenticate us");
}

Error select_error(const RedisValue& answer, std::int64_t database) {
  const std::string_view text = answer.text();
  const auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  if (answer.error_code() == "NOAUTH") return retry("the server wants a password");
  if (has("out of range")) return retry(fmt::format("wrong database: there is no number {}", database));
  if (has("cluster"))
    return retry(fmt::format("wrong database: a cluster has only number 0, not {}", database));
  return retry(fmt::format("wrong database: the server refuses number {}", database));
}

// "role" of "...\r\nrole:master\r\n...", empty when there is none.
std::string_view info_field(std::string_view info, std::string_view name) {
  while (!info.empty()) {
    const std::string_view line = trim(cut(info, '\n'));
    if (line.size() > name.size() && line[name.size()] == ':' && line.starts_with(name)) {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace

Status check_info(const RedisValue& answer, const RedisTarget& target) {
  if (answer.error_code() == "NOAUTH") return retry("the server wants a password");
  if (answer.error_code() == "LOADING") return retry("the server is still loading its data");
  const std::string_view info = answer.text();
  if (answer.is_error() || info.empty()) return Ok{};
  const std::string_view version = info_field(info, "redis_version");
  std::string_view rest = version;
  const auto major = to_int(cut(rest, '.'));
  if (major && *major < oldest_version) {
    return retry(fmt::format("version {} is too old, {} is the oldest that will do", printable(version, 20),
                             oldest_version));
  }
  if (info_field(info, "loading") == "1") return retry("the server is still loading its data");
  if (target.only_reads) return Ok{};
  const std::string_view policy = info_field(info, "maxmemory_policy");
  if (policy.starts_with("allkeys") && info_field(info, "maxmemory") != "0") {
    log::warn("agent", "redis_may_evict",
              {{"policy", printable(policy, 20)}, {"risk", "what waits there may be thrown away"}});
  }
  // A replica in a cluster sends us to its master by itself.
  const bool replica = info_field(info, "role") == "slave" && info_field(info, "cluster_enabled") != "1";
  if (replica && !target.sentinels.empty()) return retry("a replica, not the master");
  if (replica && info_field(info, "slave_read_only") != "0") return retry("a read-only replica");
  return Ok{};
}

Error redis_error(std::string_view where, std::string_view what) {
  return {ErrorKind::retry, fmt::format("redis {}: {}", where, what)};
}

RedisConnector::RedisConnector(const RedisTarget& target, RedisReplies& replies, std::string& buffer)
    : target_(target),
      replies_(replies),
      buffer_(buffer),
      tls_{.ca = target.tls_ca, .cert = target.tls_cert, .key = target.tls_key, .verify = target.tls_verify} {
}

Result<RedisLink> RedisConnector::open(const RedisAddress& address, Deadline deadline) {
  replies_.reset();
  if (target_.tls && tls_.ca.empty() && tls_.system.empty()) tls_.system = system_authorities();
  return RedisLink::connect(address, target_.tls ? &tls_ : nullptr, deadline);
}

Result<RedisAddress> RedisConnector::find() {
  if (target_.sentinels.empty()) return RedisAddress{target_.host, target_.port, target_.socket};
  const std::size_t count = target_.sentinels.size();
  const Deadline deadline = SteadyClock::now() + target_.connect_timeout;
  std::string errors;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string& sentinel = target_.sentinels[(sentinel_ + i) % count];
    const auto now = SteadyClock::now();
    if (i > 0 && now >= deadline) break;
    Result<RedisAddress> master =
        ask_sentinel(sentinel, now + (deadline - now) / static_cast<int>(count - i));
    if (master) {
      // Should this answer be of no use, another one is asked the next time.
      sentinel_ = (sentinel_ + i + 1) % count;
      return master;
    }
    errors += fmt::format("{}{}: {}", errors.empty() ? "" : "; ", printable(sentinel), master.error().text);
  }
  return redis_error(fmt::format("master '{}'", target_.sentinel_master), "no Sentinel helps: " + errors);
}

Result<RedisAddress> to_master(const RedisValue& answer) {
  if (answer.error_code() == "NOAUTH") return retry("wants a password");
  if (answer.is_error()) return retry("is no Sentinel");
  const auto port = to_uint(answer.at(1).text());
  if (answer.size() != 2 || !port || *port == 0 || *port > 65'535) return retry("knows no such master");
  if (!is_redis_host(answer.at(0).text())) return retry("gives an address that is none");
  return RedisAddress{std::string(answer.at(0).text()), static_cast<std::uint16_t>(*port), {}};
}

Result<RedisAddress> RedisConnector::ask_sentinel(const std::string& sentinel, Deadline deadline) {
  const Result<RedisAddress> address = parse_redis_address(sentinel, sentinel_port);
  if (!address) return address.error();
  Result<RedisLink> link = open(*address, deadline);
  if (!link) return link.error();
  const bool with_password = !target_.sentinel_password.empty();
  RedisExchange exchange(*link, replies_, buffer_, {.list = with_password ? 2 : 1}, deadline);
  if (with_password) exchange.command({"AUTH", target_.sentinel_password});
  exchange.command({"SENTINEL", "get-master-addr-by-name", target_.sentinel_master});
  const Result<RedisValue> answers = exchange.finish();
  if (!answers) return answers.error();
  if (with_password && answers.value().at(0).is_error()) return auth_error(answers.value().at(0));
  return to_master(answers.value().at(with_password ? 1 : 0));
}

Result<RedisLink> RedisConnector::connect(const RedisAddress& address) {
  Result<RedisLink> link = open(address, SteadyClock::now() + target_.connect_timeout);
  if (!link) return redis_error(address.name(), link.error().text);
  if (const Status greeted = greet(*link); !greeted) return redis_error(address.name(), greeted.error().text);
  return link;
}

Status RedisConnector::greet(RedisLink& link) {
  const bool auth = !target_.password.empty() || !target_.user.empty();
  const bool select = target_.database != 0;
  const std::size_t count = 1U + (auth ? 1U : 0U) + (select ? 1U : 0U);
  RedisExchange exchange(link, replies_, buffer_, {.list = count}, SteadyClock::now() + target_.timeout);
  if (auth && target_.user.empty()) exchange.command({"AUTH", target_.password});
  if (auth && !target_.user.empty()) exchange.command({"AUTH", target_.user, target_.password});
  if (select) exchange.command({"SELECT", std::to_string(target_.database)});
  exchange.command({"INFO"});
  const Result<RedisValue> answers = exchange.finish();
  if (!answers) return answers.error();
  std::size_t at = 0;
  if (auth) {
    const RedisValue answer = answers.value().at(at++);
    if (answer.is_error()) return auth_error(answer);
  }
  if (select) {
    const RedisValue answer = answers.value().at(at++);
    if (answer.is_error()) return select_error(answer, target_.database);
  }
  return check_info(answers.value().at(at), target_);
}

}  // namespace scops
