// A fixed list of commands, for tests of pipelines and transactions.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/io/redis.hpp"

namespace scops::test {

class RedisScript : public RedisCommands {
 public:
  using Words = std::vector<std::string>;
  explicit RedisScript(std::vector<Words> commands, Guard guard = {})
      : commands_(std::move(commands)), guard_(std::move(guard)) {}
  [[nodiscard]] std::size_t count() const override { return commands_.size(); }
  void write(RedisWriter& to) const override {
    for (const Words& words : commands_) {
      to.begin(words.size());
      for (const std::string& word : words) to.argument(word);
    }
  }
  [[nodiscard]] Guard guard() const override { return guard_; }

 private:
  std::vector<Words> commands_;
  Guard guard_;
};

inline Result<RedisValue> transact(RedisClient& client, const RedisCommands& commands) {
  const RedisCommands* const all[] = {&commands};
  return client.transaction(all);
}

}  // namespace scops::test
