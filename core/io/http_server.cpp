#include "core/io/http_server.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <stop_token>
#include <thread>
#include <utility>

#include "core/io/files.hpp"
#include "core/runtime/stop.hpp"

namespace scops {

namespace {

constexpr unsigned connections_max = 16;
constexpr std::size_t connection_memory = 16384;
constexpr unsigned idle_seconds = 10;

struct StopDaemon {
  void operator()(MHD_Daemon* daemon) const { MHD_stop_daemon(daemon); }
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Result<Address> parse_address(const std::string& text, std::uint16_t port) {
  Address address;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&address.storage);   // NOLINT: the sockets API
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);  // NOLINT: the sockets API
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    address.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, text.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    address.size = sizeof *v6;
  } else {
    return Error{ErrorKind::refused, fmt::format("\"{}\" is no numeric IPv4 or IPv6 address", text)};
  }
  return address;
}

// Own socket instead of MHD's: its errors stay ours to tell.
Result<Fd> bind_socket(const Address& address, std::string_view shown) {
  Fd fd(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return system_error("socket for", shown, errno);
  const int yes = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const auto* const any = reinterpret_cast<const sockaddr*>(&address.storage);  // NOLINT: the sockets API
  if (::bind(fd.get(), any, address.size) != 0 || ::listen(fd.get(), connections_max) != 0) {
    return system_error("listen on", shown, errno);
  }
  return fd;
}

}  // namespace

struct HttpServer::State {
  HttpHandler handler;
  std::unique_ptr<MHD_Daemon, StopDaemon> daemon;  // owns the listening socket
  Fd wake;                                         // an eventfd: written to stop
  std::jthread thread;

  void serve(const std::stop_token& stop) const;

  static MHD_Result answer(void* self, MHD_Connection* connection, const char* url, const char* method,
                           const char* version, const char* upload, std::size_t* upload_size, void** context);
};

namespace {

MHD_Result queue(MHD_Connection* connection, const HttpAnswer& answer) {
  // MUST_COPY is the library's contract for memory that dies with this call; the cast is for its non-const
  // void*.
  MHD_Response* const response = MHD_create_response_from_buffer(
      answer.body.size(), const_cast<char*>(answer.body.data()), MHD_RESPMEM_MUST_COPY);  // NOLINT
  if (response == nullptr) return MHD_NO;
  MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer.content_type.c_str());
  const MHD_Result result = MHD_queue_response(connection, static_cast<unsigned>(answer.status), response);
  MHD_destroy_response(response);
  return result;
}

}  // namespace

MHD_Result HttpServer::State::answer(void* self, MHD_Connection* connection, const char* url,
                                     const char* method, const char* /*version*/, const char* /*upload*/,
                                     std::size_t* upload_size,  // NOLINT(readability-non-const-parameter)
                                     void** context) {
  // The first call of a request comes before its body: what has no business here is turned away then, unread.
  const std::string_view verb(method);
  if (verb != "GET" && verb != "HEAD") return queue(connection, {.status = 405, .body = "only GET\n"});
  if (*upload_size != 0) return MHD_NO;
  static char seen = 0;
  if (*context == nullptr) {
    *context = &seen;
    return MHD_YES;
  }
  try {
    return queue(connection, static_cast<State*>(self)->handler(url));
  } catch (const std::exception&) {  // an exception must not cross the C library
    return queue(connection, {.status = 500, .body = "internal error\n"});
  }
}

// The library's own thread would be called MHD-single; ours is named like all others and wakes for requests
// only.
void HttpServer::State::serve(const std::stop_token& stop) const {
  name_thread("http");
  const int events = MHD_get_daemon_info(daemon.get(), MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
  while (!stop.stop_requested()) {
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    const bool waits = MHD_get_timeout(daemon.get(), &wait_ms) == MHD_YES;
    std::array<pollfd, 2> ready = {
        {{.fd = events, .events = POLLIN, .revents = 0}, {.fd = wake.get(), .events = POLLIN, .revents = 0}}};
    ::poll(ready.data(), ready.size(),
           waits ? static_cast<int>(std::min<MHD_UNSIGNED_LONG_LONG>(wait_ms, 60000)) : -1);
    MHD_run(daemon.get());
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(const std::string& address, std::uint16_t port,
                                                       HttpHandler handler) {
  const auto where = parse_address(address, port);
  if (!where) return where.error();
  auto socket = bind_socket(*where, fmt::format("{} port {}", address, port));
  if (!socket) return socket.error();

  auto state = std::make_unique<State>();
  state->handler = std::move(handler);
  state->wake = Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  state->daemon.reset(MHD_start_daemon(MHD_USE_EPOLL, 0, nullptr, nullptr, &State::answer, state.get(),
                                       MHD_OPTION_LISTEN_SOCKET, socket->get(), MHD_OPTION_CONNECTION_LIMIT,
                                       connections_max, MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,
                                       MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds, MHD_OPTION_END));
  if (!state->daemon)
    return Error{ErrorKind::retry, fmt::format("start of the HTTP server on {} failed", address)};
  socket->release();  // stopping the daemon closes it
  State* const self = state.get();
  self->thread = std::jthread([self](const std::stop_token& stop) { self->serve(stop); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HttpServer::~HttpServer() {
  state_->thread.request_stop();
  eventfd_write(state_->wake.get(), 1);
  state_->thread.join();
}

std::uint16_t HttpServer::port() const {
  return MHD_get_daemon_info(state_->daemon.get(), MHD_DAEMON_INFO_BIND_PORT)->port;
}

}  // namespace scops
