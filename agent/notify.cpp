#include "agent/notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/environment.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

// WATCHDOG_PID: the variables may have been meant for the shell that started us.
bool is_for_us() {
  const std::string_view pid = environment("WATCHDOG_PID");
  return pid.empty() || to_uint(pid) == static_cast<std::uint64_t>(::getpid());
}

}  // namespace

Notify::Notify() : address_(environment("NOTIFY_SOCKET")) {
  if (address_.starts_with('@')) address_.front() = '\0';
  const bool known = address_.starts_with('/') || address_.starts_with('\0');
  if (!known || address_.size() < 2 || address_.size() > sizeof sockaddr_un::sun_path) return;
  socket_ = Fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (is_for_us()) {
    watchdog_ = std::chrono::duration_cast<Duration>(
        std::chrono::microseconds(to_int(environment("WATCHDOG_USEC")).value_or(0)));
  }
}

void Notify::status(std::string_view text) const { tell(fmt::format("STATUS={}", text)); }

// What a full queue does not take is lost: a supervisor that does not listen must not stop us.
void Notify::tell(std::string_view line) const {
  if (!socket_.valid()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  [[maybe_unused]] const auto sent =
      ::sendto(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&to), size);  // NOLINT(*-reinterpret-cast)
}

}  // namespace scops
