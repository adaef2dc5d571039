#include "core/io/redis_value.hpp"

namespace scops {
namespace {

constexpr std::size_t no_node = static_cast<std::size_t>(-1);

}  // namespace

RedisType RedisValue::type() const {
  return node_ < tree_->nodes.size() ? tree_->nodes[node_].type : RedisType::nil;
}

std::string_view RedisValue::error_code() const {
  if (!is_error()) return {};
  const std::string_view all = text();
  return all.substr(0, all.find(' '));
}

std::string_view RedisValue::text() const {
  const RedisType is = type();
  if (is != RedisType::text && is != RedisType::status && is != RedisType::error) return {};
  const Node& node = tree_->nodes[node_];
  return std::string_view(tree_->text).substr(node.begin, node.size);
}

std::int64_t RedisValue::integer() const {
  return type() == RedisType::integer ? tree_->nodes[node_].integer : 0;
}

std::size_t RedisValue::size() const { return type() == RedisType::list ? tree_->nodes[node_].size : 0; }

RedisValue RedisValue::at(std::size_t index) const {
  if (index >= size()) return {*tree_, no_node};
  return {*tree_, tree_->nodes[node_].begin + index};
}

}  // namespace scops
