#include "core/io/redis_link.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "core/io/redis_tls.hpp"
#include "core/model/text.hpp"

namespace scops {
namespace {

using std::chrono::milliseconds;

Error connect_error(int number) {
  if (number == ECONNREFUSED) return retry("connect: refused");
  if (number == ENOENT) return retry("connect: no such socket");
  if (number == ETIMEDOUT) return retry("timeout while connecting");
  return retry("connect: " + std::generic_category().message(number));
}

Error io_error(int number) {
  if (number == ECONNRESET || number == EPIPE) return retry("connection reset");
  return retry("connection lost: " + std::generic_category().message(number));
}

// Small commands go at once; a peer that vanished without a word is noticed within a minute; what was not
// sent when we gave up must not arrive later, when it has been taken for lost.
void tune(int fd) {
  const linger forget{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &forget, sizeof forget);
  const int on = 1;
  const int idle_s = 30;
  const int interval_s = 10;
  const int probes = 3;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof interval_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
}

Result<Fd> connect_one(const SocketAddress& address, Deadline deadline) {
  const int family = address.storage.ss_family;
  Fd fd(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return connect_error(errno);
  if (family != AF_UNIX) tune(fd.get());
  const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);  // NOLINT
  if (::connect(fd.get(), where, address.size) == 0) return fd;
  // EAGAIN: a unix socket whose queue is full does not tell when it has room; the next attempt may do.
  if (errno != EINPROGRESS && errno != EINTR) return connect_error(errno);
  if (const Status ready = wait_for_socket(fd.get(), false, true, deadline); !ready) {
    return retry("timeout while connecting");
  }
  int number = 0;
  socklen_t size = sizeof number;
  if (::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &number, &size) != 0) return connect_error(errno);
  if (number != 0) return connect_error(number);
  return fd;
}

Result<std::vector<SocketAddress>> unix_address(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return retry("connect: the path of the socket is too long");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  std::vector<SocketAddress> one(1);
  std::memcpy(&one[0].storage, &address, sizeof address);
  one[0].size = sizeof address;
  return one;
}

// A name may have several addresses; a dead one must not use up the time of the others.
Result<Fd> connect_any(const std::vector<SocketAddress>& addresses, Deadline deadline) {
  Result<Fd> fd = retry("name not found");
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto now = std::chrono::steady_clock::now();
    if (i > 0 && now >= deadline) break;
    const auto share = (deadline - now) / static_cast<std::int64_t>(addresses.size() - i);
    fd = connect_one(addresses[i], now + share);
    if (fd) break;
  }
  return fd;
}

}  // namespace

std::string RedisAddress::name() const {
  if (!socket.empty()) return socket;
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

Result<RedisAddress> parse_redis_address(std::string_view text, std::uint16_t port) {
  const std::string shown = printable(text);
  const auto wrong = [&shown] {
    return Error{ErrorKind::refused, fmt::format("'{}' is not host:port", shown)};
  };
  const std::size_t colon = text.rfind(':');
  const bool bracketed = text.starts_with('[');
  if (colon != std::string_view::npos && !(bracketed && text.ends_with(']'))) {
    const auto number = to_uint(text.substr(colon + 1));
    if (!number || *number == 0 || *number > 65'535) return wrong();
    port = static_cast<std::uint16_t>(*number);
    text = text.substr(0, colon);
  }
  if (bracketed) {
    if (!text.ends_with(']')) return wrong();
    text = text.substr(1, text.size() - 2);
  }
  if (!is_redis_host(text)) return wrong();
  return RedisAddress{std::string(text), port, {}};
}

bool is_redis_host(std::string_view text) {
  constexpr std::size_t longest = 255;  // of DNS
  // Brackets are around an address of IPv6, never in one.
  const auto is_plain = [](char c) { return c > ' ' && c < '\x7f' && c != '[' && c != ']'; };
  return !text.empty() && text.size() <= longest && std::all_of(text.begin(), text.end(), is_plain);
}

Status wait_for_socket(int fd, bool to_read, bool to_write, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return retry("timeout: no answer");
    const int events = (to_read ? POLLIN : 0) | (to_write ? POLLOUT : 0);
    pollfd watched{fd, static_cast<short>(events), 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
    if (ready > 0) return Ok{};
    if (ready < 0 && errno != EINTR) return io_error(errno);
  }
}

Result<std::size_t> send_some(int fd, std::string_view bytes) {
  for (;;) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN) return std::size_t{0};
    if (errno != EINTR) return io_error(errno);
  }
}

Result<std::size_t> receive_some(int fd, std::span<char> into) {
  for (;;) {
    const ssize_t came = ::recv(fd, into.data(), into.size(), MSG_DONTWAIT);
    if (came > 0) return static_cast<std::size_t>(came);
    if (came == 0) return retry("connection closed by the server");
    if (errno == EAGAIN) return std::size_t{0};
    if (errno != EINTR) return io_error(errno);
  }
}

RedisLink::RedisLink(Fd fd, std::unique_ptr<TlsSession> tls) : fd_(std::move(fd)), tls_(std::move(tls)) {}
RedisLink::RedisLink(RedisLink&& other) noexcept = default;
RedisLink& RedisLink::operator=(RedisLink&& other) noexcept = default;
RedisLink::~RedisLink() = default;

// An authority may be in the bundle and not in the folder, as for HTTP (docs/decisions/024): then the bundle
// it is from here on.
Result<RedisLink> RedisLink::connect(const RedisAddress& address, RedisTls* tls, Deadline deadline) {
  const auto addresses =
      address.socket.empty() ? resolve(address.host, address.port, deadline) : unix_address(address.socket);
  if (!addresses) return addresses.error();
  Result<Fd> fd = connect_any(*addresses, deadline);
  if (!fd) return fd.error();
  if (tls == nullptr || !address.socket.empty()) return RedisLink(std::move(*fd), nullptr);
  auto session = TlsSession::connect(fd->get(), address.host, *tls, deadline);
  const bool other_way = !tls->whole_bundle && !tls->system.folder.empty();
  if (!session && other_way && session.error().text == unknown_authority) {
    tls->whole_bundle = true;
    return connect(address, tls, deadline);
  }
  if (!session) return session.error();
  return RedisLink(std::move(*fd), std::move(*session));
}

Result<std::size_t> RedisLink::write_some(std::string_view bytes) {
  return tls_ ? tls_->write_some(bytes) : send_some(fd_.get(), bytes);
}

Result<std::size_t> RedisLink::read_some(std::span<char> into) {
  return tls_ ? tls_->read_some(into) : receive_some(fd_.get(), into);
}

Status RedisLink::wait(bool to_write, Deadline deadline) const {
  return wait_for_socket(fd_.get(), true, to_write, deadline);
}

}  // namespace scops
