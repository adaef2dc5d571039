#include "core/io/redis_reply.hpp"

#include <fmt/format.h>
#include <hiredis/read.h>

#include <new>
#include <string>

namespace scops {
namespace {

using Node = RedisValue::Node;

// What a large reply made of the tree is given back before the next one.
constexpr std::size_t keep_capacity = 262'144;

}  // namespace

// What hiredis calls; null makes it give up.
struct RedisReplies::Callbacks {
  static void* on_text(const redisReadTask* task, char* text, std::size_t size) noexcept {
    auto* const self = static_cast<RedisReplies*>(task->privdata);
    Node* const node = self->node_of(task);
    if (node == nullptr || !self->fits(size, 1)) return nullptr;
    try {
      *node = {.type = RedisType::text, .begin = self->tree_.text.size(), .size = size};
      self->tree_.text.append(text, size);
    } catch (const std::bad_alloc&) {  // nothing may be thrown through C frames
      return nullptr;
    }
    if (task->type == REDIS_REPLY_STATUS) node->type = RedisType::status;
    if (task->type == REDIS_REPLY_ERROR) node->type = RedisType::error;
    return self;
  }

  static void* on_list(const redisReadTask* task, int size) noexcept {
    auto* const self = static_cast<RedisReplies*>(task->privdata);
    Node* const node = self->node_of(task);
    const auto count = static_cast<std::size_t>(size);
    if (node == nullptr || !self->fits(count, sizeof(Node))) return nullptr;
    const std::size_t first = self->tree_.nodes.size();
    *node = {.type = RedisType::list, .begin = first, .size = count};
    try {
      self->tree_.nodes.resize(first + count);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    self->elements_[static_cast<std::size_t>(self->reader_->ridx)] = first;
    return self;
  }

  static void* on_integer(const redisReadTask* task, long long value) noexcept {
    auto* const self = static_cast<RedisReplies*>(task->privdata);
    Node* const node = self->node_of(task);
    if (node == nullptr) return nullptr;
    *node = {.type = RedisType::integer, .integer = value};
    return self;
  }

  static void* on_nil(const redisReadTask* task) noexcept {
    auto* const self = static_cast<RedisReplies*>(task->privdata);
    Node* const node = self->node_of(task);
    if (node == nullptr) return nullptr;
    *node = Node{};
    return self;
  }
};

void RedisReplies::FreeReader::operator()(redisReader* reader) const { redisReaderFree(reader); }

RedisReplies::RedisReplies(std::size_t reply_max) : reply_max_(reply_max) { reset(); }

void RedisReplies::reset() {
  // Hiredis keeps the pointer, and never writes through it.
  static redisReplyObjectFunctions functions = {Callbacks::on_text, Callbacks::on_list, Callbacks::on_integer,
                                                Callbacks::on_nil, nullptr};
  reader_.reset(redisReaderCreateWithFunctions(&functions));
  if (reader_ == nullptr) throw std::bad_alloc();
  reader_->privdata = this;
  too_large_ = false;
  expect_one();
}

void RedisReplies::clear_tree() {
  tree_.nodes.clear();
  tree_.text.clear();
  if (tree_.nodes.capacity() * sizeof(Node) > keep_capacity) tree_.nodes.shrink_to_fit();
  if (tree_.text.capacity() > keep_capacity) tree_.text.shrink_to_fit();
}

void RedisReplies::expect_one() {
  clear_tree();
  tree_.nodes.resize(1);
  next_root_ = 0;
}

Status RedisReplies::expect_list(std::size_t count) {
  expect_one();
  if (count > (reply_max_ - used()) / sizeof(Node)) {
    return Error{ErrorKind::drop,
                 fmt::format("{} replies are more than fit into {} bytes", count, reply_max_)};
  }
  tree_.nodes.resize(1 + count);
  tree_.nodes[0] = {.type = RedisType::list, .begin = 1, .size = count};
  next_root_ = 1;
  return Ok{};
}

void RedisReplies::set_error(std::string_view text) {
  const std::string copy(text);  // it may be a part of the tree
  expect_one();
  tree_.text = copy;
  tree_.nodes[0] = {.type = RedisType::error, .begin = 0, .size = copy.size()};
}

void RedisReplies::feed(std::string_view bytes) {
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK && reader_->err == 0) {
    throw std::bad_alloc();
  }
}

Result<bool> RedisReplies::next() {
  void* reply = nullptr;
  const int state = redisReaderGetReply(reader_.get(), &reply);
  const bool waiting_too_long = state == REDIS_OK && reader_->len - reader_->pos + used() > reply_max_;
  if (too_large_ || (reply == nullptr && waiting_too_long)) {
    return Error{ErrorKind::drop, fmt::format("the reply is larger than {} bytes", reply_max_)};
  }
  if (state != REDIS_OK) {
    return Error{ErrorKind::retry,
                 fmt::format("the answer is not Redis ({})", redisReaderGetError(reader_.get()))};
  }
  if (reply == nullptr) return false;
  ++next_root_;
  return true;
}

bool RedisReplies::idle() const { return reader_->ridx < 0 && reader_->len == reader_->pos; }

std::size_t RedisReplies::used() const { return tree_.text.size() + tree_.nodes.size() * sizeof(Node); }

bool RedisReplies::fits(std::size_t count, std::size_t size) {
  if (count <= (reply_max_ - used()) / size) return true;
  too_large_ = true;
  return false;
}

// The reader's stack of tasks is its depth; its own pointers to parents would have to be indices.
Node* RedisReplies::node_of(const redisReadTask* task) {
  const auto depth = static_cast<std::size_t>(reader_->ridx);
  const std::size_t at = depth == 0 ? next_root_ : elements_[depth - 1] + static_cast<std::size_t>(task->idx);
  return at < tree_.nodes.size() ? &tree_.nodes[at] : nullptr;
}

}  // namespace scops
