// The buffer room: its options, and the one function that opens the buffer they describe.
//
//   embedded   a SQLite file in the state folder; puts that it refuses, and blocks younger than `hold`,
//              wait in memory (holding.hpp over embedded.hpp)
//   redis      streams in a Redis, which agents may share; what it does not take waits in memory
//              (holding.hpp over redis_buffer.hpp)
//   memory     nothing survives a restart; also what embedded falls back to without a folder
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config/option.hpp"
#include "core/io/redis.hpp"
#include "core/model/buffer.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/stats.hpp"
#include "core/runtime/timeline.hpp"

namespace scops {

struct BufferSettings {
  std::string type;       // auto | redis | embedded | memory; auto is embedded here
  Duration metric_ttl{};  // metrics older than this are dropped
  Duration log_ttl{};     // the same for logs and events
  Bytes bytes_max;        // of stored blocks; the oldest give way
  Duration hold{};        // age at which blocks held in memory are written to flash
  Bytes memory_max;       // of blocks held in memory
};

// The rows of room "buffer" over fresh settings.
[[nodiscard]] Section buffer_section();

struct BufferContext {
  std::string folder;                // state folder, made when it is missing; "": there is none
  std::vector<std::string> outputs;  // names of all configured outputs, at most 32; none to have a look only
  const Clock* clock = nullptr;      // both outlive the buffer
  Stats* stats = nullptr;
  std::optional<RedisTarget> redis = std::nullopt;  // for type redis
  std::string redis_name = {};                      // of our keys there: {scops:NAME}:...
  std::string consumer = {};                        // who we are among agents of that name
  const Timeline* timeline = nullptr;  // outlives the buffer; without one, times are what they say
};

// The buffer of these settings; destroying it writes what memory still holds. Any content of the state folder
// will do: what cannot be used is kept aside and said in one warning. A Redis that is away is waited for,
// with blocks held in memory, and so is a folder that cannot be used now, but for a look. ErrorKind::refused
// when another process uses the folder, or when type redis lacks a Redis, a name or a consumer.
[[nodiscard]] Result<std::unique_ptr<Buffer>> open_buffer(const BufferSettings& settings,
                                                          const BufferContext& context);

// Has an agent with a buffer of type embedded used the folder?
[[nodiscard]] bool stored_in(const std::string& folder);

// Removes what an agent that is not running left in the folder, whatever it waited for.
[[nodiscard]] Status drop_stored(const std::string& folder);
// The same in a Redis, for all agents of that name. An agent that runs goes on with what comes then.
[[nodiscard]] Status drop_stored(const RedisTarget& redis, const std::string& name, const Clock& clock);

}  // namespace scops
