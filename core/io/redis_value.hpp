// A reply of a Redis: a tree of values, as one array of nodes and one text.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace scops {

enum class RedisType : std::uint8_t { nil, status, text, integer, list, error };

// One value in a reply: a view, good until the client's next call. Of the wrong type: empty, 0, nothing.
class RedisValue {
 public:
  struct Node {
    RedisType type = RedisType::nil;
    std::int64_t integer = 0;         // value, or number of elements
    std::size_t begin = 0, size = 0;  // text: place in Tree::text; list: the first element's node
  };
  struct Tree {
    std::vector<Node> nodes;
    std::string text;
  };
  RedisValue(const Tree& tree, std::size_t node) : tree_(&tree), node_(node) {}

  [[nodiscard]] RedisType type() const;
  [[nodiscard]] bool is_nil() const { return type() == RedisType::nil; }
  [[nodiscard]] bool is_error() const { return type() == RedisType::error; }
  // The first word of an error: "WRONGTYPE", "NOGROUP", "OOM".
  [[nodiscard]] std::string_view error_code() const;
  [[nodiscard]] std::string_view text() const;  // of text, status and error
  [[nodiscard]] std::int64_t integer() const;   // of an integer
  [[nodiscard]] std::size_t size() const;       // of a list
  [[nodiscard]] RedisValue at(std::size_t index) const;

 private:
  const Tree* tree_;
  std::size_t node_;
};

}  // namespace scops
