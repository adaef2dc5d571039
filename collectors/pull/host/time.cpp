#include "collectors/pull/host/time.hpp"

#include <cerrno>

#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"

namespace scops::host {
namespace {

class TimeTopic final : public Topic {
 public:
  explicit TimeTopic(int (*adjtimex)(struct timex* into)) : adjtimex_(adjtimex) {}

  Status collect(Emit& emit) override {
    struct timex clock {};  // modes 0: only reads
    const int state = adjtimex_(&clock);
    // A sandbox may refuse even reading (systemd's ProtectClock=): then there is nothing to be had.
    if (state < 0) return Error{ErrorKind::absent, system_error("adjtimex", "clock", errno).text};
    emit_time(clock, state, emit);
    return Ok{};
  }

 private:
  int (*adjtimex_)(struct timex* into);
};

}  // namespace

void emit_time(const struct timex& clock, int state, Emit& emit) {
  const bool synchronised = state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
  emit.gauge("host.time.synchronised", synchronised ? 1 : 0);
  if (!synchronised) return;
  const double unit = (clock.status & STA_NANO) != 0 ? 1e9 : 1e6;
  emit.gauge("host.time.offset", static_cast<double>(clock.offset) / unit);
  emit.gauge("host.time.error", static_cast<double>(clock.maxerror) / 1e6);  // microseconds in both modes
}

std::unique_ptr<Topic> make_time(const TopicContext& context) {
  if (!context.wants("time")) return nullptr;
  return std::make_unique<TimeTopic>(context.calls.adjtimex);
}

}  // namespace scops::host
