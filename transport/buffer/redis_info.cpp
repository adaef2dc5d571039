#include "transport/buffer/redis_info.hpp"

#include <cstddef>
#include <string_view>

namespace scops {

namespace {

// The value beside `name` in a list of names and values.
RedisValue field(const RedisValue& list, std::string_view name) {
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) {
    if (list.at(i).text() == name) return list.at(i + 1);
  }
  return list.at(list.size());
}

}  // namespace

std::vector<StreamGroup> to_groups(const RedisValue& list) {
  std::vector<StreamGroup> groups;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const RedisValue group = list.at(i);
    groups.push_back(
        {.name = std::string(field(group, "name").text()),
         .delivered = to_stream_id(field(group, "last-delivered-id").text()).value_or(StreamId{})});
  }
  return groups;
}

std::vector<StreamConsumer> to_consumers(const RedisValue& list) {
  std::vector<StreamConsumer> consumers;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const RedisValue consumer = list.at(i);
    consumers.push_back({.name = std::string(field(consumer, "name").text()),
                         .pending = field(consumer, "pending").integer(),
                         .idle = field(consumer, "idle").integer()});
  }
  return consumers;
}

StreamId to_last_id(const RedisValue& info) {
  return to_stream_id(field(info, "last-generated-id").text()).value_or(StreamId{});
}

}  // namespace scops
