#include "transport/buffer/buffer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "core/model/size.hpp"
#include "core/runtime/log.hpp"
#include "core/runtime/memory.hpp"
#include "transport/buffer/block_file.hpp"
#include "transport/buffer/embedded.hpp"
#include "transport/buffer/folder_lock.hpp"
#include "transport/buffer/holding.hpp"
#include "transport/buffer/memory.hpp"
#include "transport/buffer/redis_buffer.hpp"

namespace scops {

namespace {

constexpr Option rows[] = {
    option<&BufferSettings::type>(
        {.name = "type",
         .fallback = "auto",
         .help = "Where blocks wait to be sent: redis is the server of the options SCOPS_REDIS_..., "
                 "embedded a file in the state folder, memory is lost at the end of the process. "
                 "auto is redis where an option says where the server is, such as REDIS_HOST, else "
                 "embedded.",
         .choices = "auto|redis|embedded|memory",
         .aliases = "CHOUETTE_STORAGE_TYPE"}),
    option<&BufferSettings::metric_ttl>({.name = "metric_ttl",
                                         .fallback = "14400s",
                                         .help = "Metrics older than this are dropped instead of sent.",
                                         .aliases = "METRIC_TTL",
                                         .min = "1s"}),
    option<&BufferSettings::log_ttl>({.name = "log_ttl",
                                      .fallback = "64800s",
                                      .help = "Logs and events older than this are dropped instead of sent.",
                                      .aliases = "LOG_TTL",
                                      .min = "1s"}),
    option<&BufferSettings::bytes_max>({.name = "bytes_max",
                                        .fallback = "64MiB",
                                        .help = "Bytes of stored blocks; beyond it the oldest are dropped.",
                                        .min = "64KiB",
                                        .max = "1TiB"}),
    option<&BufferSettings::hold>(
        {.name = "hold",
         .fallback = "0s",
         .help = "Spares flash: blocks stay in memory until the oldest is this old, and are "
                 "written only if they could not be sent by then. A power cut or a kill may "
                 "lose what was collected in this time and one flush more; with 0 nothing.",
         .max = "24h"}),
    option<&BufferSettings::memory_max>(
        {.name = "memory_max",
         .fallback = "8MiB",
         .help = "Bytes of blocks in memory, by type memory, by hold, or while the disk "
                 "or the Redis takes none; beyond it the oldest are dropped.",
         .min = "64KiB",
         .max = "1GiB"}),
};

// buffer.memory_max, or its share of the process' memory cap.
std::size_t memory_max(const BufferSettings& settings) {
  return std::min(size_from(settings.memory_max.count), memory::share(8, 1U << 20U, SIZE_MAX));
}

std::unique_ptr<Buffer> in_memory(const BufferSettings& settings, const BufferContext& context) {
  const Retention retention = {memory_max(settings), settings.metric_ttl, settings.log_ttl, context.timeline};
  return std::make_unique<MemoryBuffer>(context.outputs, retention, BufferCounters(*context.stats));
}

// No folder, or none that we may write to: not a reason to stop collecting, nor one to call the agent not
// ready.
void warn_memory_only(const std::string& why, const std::string& then = {}) {
  log::warn("buffer", "memory_only",
            {{"reason", why},
             {"effect", "what was not sent is lost at a restart" + then},
             {"remedy", "give the agent a writable state folder, or set SCOPS_BUFFER_TYPE=memory"}});
}

std::unique_ptr<Buffer> behind_queue(std::unique_ptr<Store> store, const BufferSettings& settings,
                                     const BufferContext& context, const Retention& retention,
                                     const std::string& absent = {}) {
  return std::make_unique<HoldingBuffer>(std::move(store), context.outputs,
                                         HoldLimits{settings.hold, memory_max(settings), retention},
                                         *context.clock, BufferCounters(*context.stats), absent);
}

Result<std::unique_ptr<Buffer>> in_redis(const BufferSettings& settings, const BufferContext& context,
                                         const Retention& retention) {
  if (!context.redis || context.redis_name.empty() || context.consumer.empty()) {
    return Error{ErrorKind::refused, "buffer: type redis needs a Redis, a name and a consumer"};
  }
  auto store = std::make_unique<RedisBuffer>(
      *context.redis, RedisSharing{.name = context.redis_name, .consumer = context.consumer}, context.outputs,
      retention, *context.clock, BufferCounters(*context.stats));
  if (Status opened = store->open(); !opened)
    log::warn("buffer", "open_failed", {{"error", opened.error().text}});
  return behind_queue(std::move(store), settings, context, retention);
}

std::string file_in(const std::string& folder) { return folder + "/buffer.db"; }

}  // namespace

Section buffer_section() {
  return section<BufferSettings>("buffer", "The buffer between collecting and sending.", rows);
}

Result<std::unique_ptr<Buffer>> open_buffer(const BufferSettings& settings, const BufferContext& context) {
  if (context.outputs.size() > outputs_max) {
    return Error{ErrorKind::refused, "buffer: more than " + std::to_string(outputs_max) + " outputs"};
  }
  const Retention retention = {settings.bytes_max.count, settings.metric_ttl, settings.log_ttl,
                               context.timeline};
  if (settings.type == "memory") return in_memory(settings, context);
  if (settings.type == "redis") return in_redis(settings, context, retention);
  if (context.folder.empty()) {
    warn_memory_only("no state folder");
    return in_memory(settings, context);
  }
  FolderLock lock(context.folder);
  const Status locked = lock.take();
  const bool only_a_look = context.outputs.empty();
  if (!locked && (only_a_look || locked.error().kind == ErrorKind::refused)) return locked.error();
  if (!locked) warn_memory_only(locked.error().text, "; the folder is tried again at each flush");

  auto store = std::make_unique<EmbeddedBuffer>(file_in(context.folder), std::move(lock), context.outputs,
                                                retention, BufferCounters(*context.stats));
  // A disk that fails now may work later: blocks are held until then.
  if (!locked) return behind_queue(std::move(store), settings, context, retention, locked.error().text);
  if (Status opened = store->open(); !opened)
    log::warn("buffer", "open_failed", {{"error", opened.error().text}});
  return behind_queue(std::move(store), settings, context, retention);
}

bool stored_in(const std::string& folder) { return ::access(file_in(folder).c_str(), F_OK) == 0; }

Status drop_stored(const std::string& folder) {
  FolderLock lock(folder);
  if (Status locked = lock.take(); !locked) return locked;
  remove_file(copy_of(file_in(folder)));  // first: alone, it would be taken for the file
  remove_file(file_in(folder));
  return Ok{};
}

Status drop_stored(const RedisTarget& redis, const std::string& name, const Clock& clock) {
  return RedisStreams(redis, name, {}, clock).drop_all();
}

}  // namespace scops
