#include "transport/buffer/redis_failure.hpp"

#include <string_view>

#include "core/model/text.hpp"

namespace scops {

Error redis_failure(const RedisValue& reply) {
  if (!reply.is_error()) return {ErrorKind::retry, "redis: not the reply that was to be expected"};
  const std::string_view code = reply.error_code();
  const std::string_view text = reply.text();
  const auto says = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  const bool not_ours =
      code == "WRONGTYPE" || code == "NOGROUP" || says("no such key") || says("key to exist");
  return {not_ours ? ErrorKind::absent : ErrorKind::retry, "redis: " + printable(text, 120)};
}

}  // namespace scops
