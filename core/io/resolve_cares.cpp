// In a static program glibc's getaddrinfo(3) would need glibc's own plug-ins on the board, of the same
// version: c-ares asks /etc/hosts and the name servers by itself, with a deadline, and needs no thread.
#include <ares.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/io/resolve.hpp"

// c-ares would ask these for the names of services, which we never use, and with them comes all that a static
// program cannot have: the linker warns of it, and that is an error (cmake/flags.cmake).
extern "C" {
servent* getservbyname(const char* /*name*/, const char* /*protocol*/) { return nullptr; }
int no_service(int port, const char* protocol, servent* into, char* buffer, size_t size,
               servent** found) __asm__("getservbyport_r");
int no_service(int /*port*/, const char* /*protocol*/, servent* /*into*/, char* /*buffer*/, size_t /*size*/,
               servent** found) {
  *found = nullptr;
  return 0;
}
}

namespace scops {
namespace {

using Addresses = std::vector<SocketAddress>;
using std::chrono::milliseconds;

constexpr std::size_t addresses_max = 8;
// For one question to one server, at first; a second server gets its turn before the caller's time is over.
constexpr int try_ms = 1500;
constexpr int tries = 3;

struct FreeChannel {
  void operator()(ares_channeldata* channel) const { ares_destroy(channel); }
};
using Channel = std::unique_ptr<ares_channeldata, FreeChannel>;

bool library_ready() {
  static const bool ready = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
  return ready;
}

// Its sockets, but closed on exec from birth: the agent's children inherit none.
ares_socket_t open_socket(int domain, int type, int protocol, void* /*user*/) noexcept {
  return ::socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
}
int close_socket(ares_socket_t fd, void* /*user*/) noexcept { return ::close(fd); }
int connect_socket(ares_socket_t fd, const sockaddr* to, ares_socklen_t size, void* /*user*/) noexcept {
  return ::connect(fd, to, size);
}
ares_ssize_t receive(ares_socket_t fd, void* into, std::size_t size, int flags, sockaddr* from,
                     ares_socklen_t* from_size, void* /*user*/) noexcept {
  return ::recvfrom(fd, into, size, flags, from, from_size);
}
ares_ssize_t send(ares_socket_t fd, const iovec* parts, int count, void* /*user*/) noexcept {
  return ::writev(fd, parts, count);
}
constexpr ares_socket_functions sockets{open_socket, close_socket, connect_socket, receive, send};

// /etc/resolv.conf is read each time: on a board it changes with the network.
Channel open_channel() {
  if (!library_ready()) return nullptr;
  ares_options options{};
  options.timeout = try_ms;
  options.tries = tries;
  ares_channel made = nullptr;
  if (ares_init_options(&made, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES) != ARES_SUCCESS) return nullptr;
  Channel channel(made);
  ares_set_socket_functions(channel.get(), &sockets, nullptr);
  return channel;
}

using Lookup = std::optional<Result<Addresses>>;

Result<Addresses> addresses_of(const ares_addrinfo* found) {
  Addresses addresses;
  for (const ares_addrinfo_node* one = found->nodes; one != nullptr && addresses.size() < addresses_max;
       one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  if (addresses.empty()) return Error{ErrorKind::retry, "name not found"};
  return addresses;
}

bool is_silence(int status) {
  return status == ARES_ETIMEOUT || status == ARES_ECONNREFUSED || status == ARES_ESERVFAIL ||
         status == ARES_EREFUSED || status == ARES_ECANCELLED || status == ARES_EDESTRUCTION;
}

void on_answer(void* user, int status, int /*timeouts*/, ares_addrinfo* found) noexcept {
  Lookup& answer = *static_cast<Lookup*>(user);
  try {
    if (status == ARES_SUCCESS && found != nullptr) {
      answer = addresses_of(found);
    } else {
      answer = Error{ErrorKind::retry, is_silence(status) ? "name server does not answer" : "name not found"};
    }
  } catch (const std::bad_alloc&) {  // nothing may be thrown through its frames
  }
  ares_freeaddrinfo(found);
}

milliseconds wait_of(ares_channel channel, milliseconds left) {
  timeval most{left.count() / 1000, left.count() % 1000 * 1000};
  timeval own{};
  const timeval* const wait = ares_timeout(channel, &most, &own);
  return milliseconds(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1);
}

// False: it has nothing to wait for.
bool wait_for_sockets(ares_channel channel, milliseconds most) {
  std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> fds{};
  const int wanted = ares_getsock(channel, fds.data(), ARES_GETSOCK_MAXNUM);
  std::array<pollfd, ARES_GETSOCK_MAXNUM> polls{};
  std::size_t count = 0;
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const bool to_read = ARES_GETSOCK_READABLE(wanted, i) != 0;
    const bool to_write = ARES_GETSOCK_WRITABLE(wanted, i) != 0;
    if (!to_read && !to_write) continue;
    const auto events = static_cast<short>((to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0));
    polls[count++] = {fds[i], events, 0};
  }
  if (count == 0) return false;
  const int ready = ::poll(polls.data(), count, static_cast<int>(most.count()));
  if (ready < 0 && errno != EINTR) return false;
  if (ready <= 0) ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  for (std::size_t i = 0; ready > 0 && i < count; ++i) {
    const bool readable = (polls[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
    const bool writable = (polls[i].revents & POLLOUT) != 0;
    ares_process_fd(channel, readable ? polls[i].fd : ARES_SOCKET_BAD,
                    writable ? polls[i].fd : ARES_SOCKET_BAD);
  }
  return true;
}

}  // namespace

Result<Addresses> resolve(const std::string& host, std::uint16_t port, Deadline deadline) {
  Lookup answer;  // outlives the channel, which tells it even when it is closed
  const Channel channel = open_channel();
  if (channel == nullptr) return Error{ErrorKind::retry, "name lookup cannot start"};
  ares_addrinfo_hints hints{};
  hints.ai_flags = ARES_AI_NUMERICSERV;
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel.get(), host.c_str(), std::to_string(port).c_str(), &hints, on_answer, &answer);
  while (!answer) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0 || !wait_for_sockets(channel.get(), wait_of(channel.get(), left))) break;
  }
  if (!answer) return Error{ErrorKind::retry, "name server does not answer"};
  return *std::move(answer);
}

}  // namespace scops
