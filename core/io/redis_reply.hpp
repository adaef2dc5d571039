// Bytes of RESP2 to RedisValue::Tree, by the parser of hiredis. No memory is taken per element: a reply is
// one array of nodes, in which the elements of a list lie side by side, and one text.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string_view>

#include "core/io/redis_value.hpp"
#include "core/model/result.hpp"

// Of hiredis, whose header stays in one source.
struct redisReader;
struct redisReadTask;

namespace scops {

class RedisReplies {
 public:
  // `reply_max`: bytes that a tree may take (its texts, and sizeof(Node) a value), and that may wait for the
  // rest of a value. An announced size counts as if all of it had come.
  explicit RedisReplies(std::size_t reply_max);

  // A new connection: forgets what is left of the last one.
  void reset();
  // The next reply becomes the whole tree. The tree before it is gone.
  void expect_one();
  // The next `count` replies become the elements of a list. ErrorKind::drop when they cannot fit.
  [[nodiscard]] Status expect_list(std::size_t count);

  void feed(std::string_view bytes);
  // True: one more reply is whole. ErrorKind::drop when it is above reply_max, retry when it is no RESP2;
  // after that only reset() helps.
  [[nodiscard]] Result<bool> next();
  // Nothing has come that next() did not take.
  [[nodiscard]] bool idle() const;

  [[nodiscard]] RedisValue root() const { return {tree_, 0}; }
  // Makes the tree one error of that text.
  void set_error(std::string_view text);

 private:
  struct Callbacks;
  struct FreeReader {
    void operator()(redisReader* reader) const;
  };

  RedisValue::Node* node_of(const redisReadTask* task);
  // Do `count` more of `size` bytes? Divided, not multiplied: their product may wrap.
  [[nodiscard]] bool fits(std::size_t count, std::size_t size);
  [[nodiscard]] std::size_t used() const;
  void clear_tree();

  static constexpr std::size_t depth_max = 9;  // of hiredis 0.14: rstack

  std::size_t reply_max_;
  std::unique_ptr<redisReader, FreeReader> reader_;
  RedisValue::Tree tree_;
  std::size_t next_root_ = 0;                      // the node that the next reply becomes
  std::array<std::size_t, depth_max> elements_{};  // of the open list at each depth: its first node
  bool too_large_ = false;
};

}  // namespace scops
