#include "transport/buffer/buffer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "core/io/files.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/block_file.hpp"
#include "transport/buffer/embedded.hpp"
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

std::unique_ptr<Buffer> in_memory(const BufferSettings& settings, const BufferContext& context) {
  const Retention retention = {settings.memory_max.count, settings.metric_ttl, settings.log_ttl,
                               context.timeline};
  return std::make_unique<MemoryBuffer>(context.outputs, retention, BufferCounters(*context.stats));
}

// No folder, or none that we may write to: not a reason to stop collecting, nor one to call the agent not
// ready.
std::unique_ptr<Buffer> without_folder(const BufferSettings& settings, const BufferContext& context,
                                       const std::string& why) {
  log::warn("buffer", "memory_only",
            {{"reason", why},
             {"effect", "what was not sent is lost at a restart"},
             {"remedy", "give the agent a writable state folder, or set SCOPS_BUFFER_TYPE=memory"}});
  return in_memory(settings, context);
}

std::unique_ptr<Buffer> behind_queue(std::unique_ptr<Store> store, const BufferSettings& settings,
                                     const BufferContext& context, const Retention& retention) {
  return std::make_unique<HoldingBuffer>(std::move(store), context.outputs,
                                         HoldLimits{settings.hold, settings.memory_max.count, retention},
                                         *context.clock, BufferCounters(*context.stats));
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

// The folder's lock. ErrorKind::refused: somebody has it; anything else: the folder is of no use.
Result<Fd> lock_folder(const std::string& folder) {
  if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST)
    return system_error("make folder", folder, errno);
  const std::string path = folder + "/buffer.lock";
  Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
               S_IRUSR | S_IWUSR));  // NOLINT(*-vararg)
  if (!fd.valid()) return system_error("open", path, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return system_error("lock", path, errno);
  return Error{ErrorKind::refused, "buffer: another agent uses the folder " + folder +
                                       ": stop that one, or give this one a state folder of its own"};
}

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
  if (context.folder.empty()) return without_folder(settings, context, "no state folder");
  Result<Fd> lock = lock_folder(context.folder);
  if (!lock && lock.error().kind == ErrorKind::refused) return lock.error();
  if (!lock) return without_folder(settings, context, lock.error().text);

  auto store = std::make_unique<EmbeddedBuffer>(file_in(context.folder), std::move(*lock), context.outputs,
                                                retention, BufferCounters(*context.stats));
  // A disk that fails now may work later: blocks are held until then.
  if (Status opened = store->open(); !opened)
    log::warn("buffer", "open_failed", {{"error", opened.error().text}});
  return behind_queue(std::move(store), settings, context, retention);
}

Status drop_stored(const std::string& folder) {
  const Result<Fd> lock = lock_folder(folder);
  if (!lock) return lock.error();
  remove_file(file_in(folder));
  return Ok{};
}

Status drop_stored(const RedisTarget& redis, const std::string& name, const Clock& clock) {
  return RedisStreams(redis, name, {}, clock).drop_all();
}

}  // namespace scops
