#include "core/io/redis_verdict.hpp"

#include <cstddef>
#include <utility>

#include "core/model/text.hpp"

namespace scops {
namespace {

// What an error reply says about the server instead of the command.
std::string_view server_words(std::string_view code) {
  if (code == "READONLY") return "a read-only replica";
  if (code == "LOADING") return "the server is still loading its data";
  if (code == "MASTERDOWN") return "a replica without its master";
  if (code == "CLUSTERDOWN") return "the cluster is down";
  if (code == "TRYAGAIN" || code == "ASK") return "the cluster is moving these keys";
  if (code == "NOAUTH") return "the server wants a password";
  return {};
}

// "MOVED 12182 10.0.0.7:6379"; without a host it is the one that says so.
std::optional<RedisAddress> redirection(std::string_view error, const RedisAddress& said_by) {
  const std::string_view code = next_word(error);
  if (code != "MOVED" && code != "ASK") return std::nullopt;
  (void)next_word(error);  // the slot
  const std::string_view where = next_word(error);
  const std::string_view full = where.starts_with(':') ? where.substr(1) : where;
  if (where.starts_with(':') && full.find(':') == std::string_view::npos) {
    const auto port = to_uint(full);
    if (!port || *port == 0 || *port > 65'535) return std::nullopt;
    return RedisAddress{said_by.host, static_cast<std::uint16_t>(*port), {}};
  }
  Result<RedisAddress> address = parse_redis_address(where, 0);
  if (!address || address.value().port == 0) return std::nullopt;
  return *std::move(address);
}

// True: the command was refused for a reason that the verdict names.
bool judge_into(RedisVerdict& verdict, const RedisValue& reply, const RedisAddress& said_by,
                bool transaction) {
  if (!reply.is_error()) return false;
  std::string_view text = reply.text();
  if (transaction && text.starts_with(redis_aborted)) text.remove_prefix(redis_aborted.size());
  const std::string_view code = text.substr(0, text.find(' '));
  if (const auto to = redirection(text, said_by); to && (code == "MOVED" || !transaction)) {
    if (!verdict.moved) verdict.moved = to;
    verdict.ask = code == "ASK";
    return true;
  }
  const std::string_view words = server_words(code);
  if (words.empty()) return false;
  verdict.trouble = words;
  verdict.stay = code == "TRYAGAIN" || code == "ASK";
  return true;
}

}  // namespace

RedisVerdict judge_reply(const RedisValue& reply, const RedisAddress& said_by, bool transaction) {
  RedisVerdict verdict;
  (void)judge_into(verdict, reply, said_by, transaction);
  return verdict;
}

RedisVerdict judge_pipeline(const RedisValue& replies, const RedisAddress& said_by) {
  RedisVerdict verdict;
  std::size_t refused = 0;
  for (std::size_t i = 0; i < replies.size(); ++i) {
    refused += judge_into(verdict, replies.at(i), said_by, false) ? 1U : 0U;
  }
  verdict.done_in_part = refused < replies.size();
  if (verdict.moved && (verdict.done_in_part || verdict.ask || !verdict.trouble.empty()))
    verdict.moved.reset();
  return verdict;
}

}  // namespace scops
