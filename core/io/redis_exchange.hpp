// One question to a Redis and its answer, over a link and under one deadline: commands go out through a
// small buffer while replies come in, so neither side can wait for the other with full buffers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/io/redis.hpp"
#include "core/io/redis_link.hpp"
#include "core/io/redis_reply.hpp"
#include "core/model/result.hpp"

namespace scops {

class RedisExchange final : public RedisWriter {
 public:
  // What is expected: `skipped` replies of which only the first error is kept, then one reply (`list` 0), or
  // a list of so many. A command that is not one of the skipped ones has an effect.
  struct Plan {
    std::size_t skipped = 0;
    std::optional<std::size_t> list = {};
  };
  // All outlive it; `buffer` is only for its capacity.
  RedisExchange(RedisLink& link, RedisReplies& replies, std::string& buffer, const Plan& plan,
                Deadline deadline);

  // Errors come out of finish(); after the first one the rest is not written.
  void begin(std::size_t arguments) override;
  void argument(std::string_view text) override;
  using RedisWriter::command;
  void command(std::span<const std::string_view> arguments);

  // Sends the rest and waits for all replies. After an error the link is of no use.
  [[nodiscard]] Result<RedisValue> finish();
  // The text of the first error among the skipped replies.
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  // May the server have got a command that has an effect?
  [[nodiscard]] bool may_have_run() const { return effect_end_ && handed_ >= *effect_end_; }

 private:
  void put(std::string_view bytes);
  void send(std::string_view bytes);
  void read_what_came();
  void take_replies();
  void check_plan();
  [[nodiscard]] std::size_t expected() const { return plan_.skipped + plan_.list.value_or(1); }
  void fail(Error error);

  RedisLink& link_;
  RedisReplies& replies_;
  std::string& buffer_;
  Plan plan_;
  Deadline deadline_;
  std::optional<Error> failed_;
  std::string refusal_;
  std::size_t begun_ = 0;                  // commands
  std::size_t pending_ = 0;                // arguments that the current one still needs
  std::size_t written_ = 0;                // bytes, buffered ones included
  std::size_t handed_ = 0;                 // bytes that went into the link
  std::size_t answered_ = 0;               // commands
  std::optional<std::size_t> effect_end_;  // where the first command that has an effect ends
};

}  // namespace scops
