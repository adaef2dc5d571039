#include "tests/support/http_sink.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "core/io/compress.hpp"
#include "core/model/size.hpp"
#include "core/model/text.hpp"

namespace scops::test {
namespace {

constexpr std::size_t body_limit = 64 << 20;

// Appends what has come; false when the peer is gone.
bool receive(int fd, std::string& input) {
  std::array<char, 16384> buffer{};
  const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), 0);
  if (count <= 0) return false;
  input.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

bool transmit(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

// RST instead of FIN: what a rebooting middlebox does.
void reset_at_close(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void wait_until_gone(int fd) {
  std::string ignored;
  while (receive(fd, ignored)) ignored.clear();
}

SinkRequest parse_head(std::string_view head) {
  SinkRequest request;
  std::string_view first = cut(head, '\n');
  request.method = next_word(first);
  request.target = next_word(first);
  while (!head.empty()) {
    std::string_view value = cut(head, '\n');
    const std::string_view name = cut(value, ':');
    request.headers[to_lower(trim(name))] = trim(value);
  }
  return request;
}

std::string head_of(const SinkAnswer& answer) {
  std::string head = "HTTP/1.1 " + std::to_string(answer.status) + " Scripted\r\n";
  for (const std::string& header : answer.headers) head += header + "\r\n";
  return head;
}

// True when the connection can be used again.
bool give(int fd, const SinkAnswer& answer) {
  const std::string head = head_of(answer);
  const std::size_t bytes = answer.body.size() * static_cast<std::size_t>(answer.times);
  const std::string length = "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
  switch (answer.fault) {
    case Fault::none:
      if (!transmit(fd, head + length + answer.body)) return false;
      for (int i = 1; i < answer.times; ++i) {
        if (!transmit(fd, answer.body)) return false;
      }
      return true;
    case Fault::reset_in_request:
    case Fault::reset_after:
      reset_at_close(fd);
      return false;
    case Fault::stall:
      wait_until_gone(fd);
      return false;
    case Fault::half:
      transmit(fd, head + "Content-Le");
      return false;
    case Fault::half_body:
      transmit(fd, head + "Content-Length: 1000\r\n\r\n" + answer.body);
      return false;
    case Fault::garbage:
      transmit(fd, std::string("\x16\x03\x01\x00\xff not http \0\r\n\r\n", 20));
      return false;
    case Fault::endless_body:
      transmit(fd, head + "\r\n");
      while (transmit(fd, std::string(4096, 'x'))) {
      }
      return false;
    case Fault::endless_head:
      transmit(fd, head);
      while (transmit(fd, "X-More: and more\r\n")) {
      }
      return false;
    case Fault::endless_continue:
      while (transmit(fd, "HTTP/1.1 100 Continue\r\n\r\n")) {
      }
      return false;
    case Fault::drip:
      for (const char byte : head + length + answer.body) {
        if (!transmit(fd, {&byte, 1})) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
      return true;
    case Fault::no_length:
      transmit(fd, "HTTP/1.0" + head.substr(8) + "\r\n" + answer.body);
      return false;
    case Fault::trickle:
      transmit(fd, head + "Content-Length: 1000\r\n\r\n{");
      wait_until_gone(fd);
      return false;
  }
  return false;
}

}  // namespace

SinkAnswer captive_portal() {
  return {.status = 200,
          .headers = {"Content-Type: text/html"},
          .body = "\n<!DOCTYPE html><html><body>Welcome, please log in</body></html>"};
}

HttpSink::HttpSink(const std::string& address_text, int port)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ::inet_pton(AF_INET, address_text.c_str(), &address.sin_addr);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 16) != 0 ||
      ::getsockname(listener_.get(), generic, &size) != 0) {
    std::abort();  // no loopback interface: no test can say anything
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_all(); });
}

HttpSink::~HttpSink() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();  // then nobody adds workers any more
  workers_.clear();
}

std::string HttpSink::url() const { return "http://127.0.0.1:" + std::to_string(port_); }

void HttpSink::script(std::vector<SinkAnswer> answers) {
  const std::lock_guard lock(mutex_);
  script_.assign(answers.begin(), answers.end());
}

void HttpSink::otherwise(SinkAnswer answer) {
  const std::lock_guard lock(mutex_);
  otherwise_ = std::move(answer);
}

std::vector<SinkRequest> HttpSink::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int HttpSink::connections() const {
  const std::lock_guard lock(mutex_);
  return accepted_;
}

bool HttpSink::wait_for(std::size_t count, std::chrono::milliseconds patience) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this, count] { return requests_.size() >= count; });
}

void HttpSink::accept_all() {
  for (;;) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno == EINTR) continue;
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (closing_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    workers_.emplace_back([this, fd, number = ++accepted_] { serve(fd, number); });
  }
}

void HttpSink::serve(int fd, int number) {
  std::string input;
  while (serve_one(fd, number, input)) {
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

// One request of a connection; `input` keeps what came beyond it. False when the connection is to be closed.
bool HttpSink::serve_one(int fd, int number, std::string& input) {
  if (input.empty() && !receive(fd, input)) return false;
  if (next_is(Fault::reset_in_request)) return give(fd, next_answer());
  std::size_t end = std::string::npos;
  while ((end = input.find("\r\n\r\n")) == std::string::npos) {
    if (!receive(fd, input)) return false;
  }
  SinkRequest request = parse_head(std::string_view(input).substr(0, end));
  input.erase(0, end + 4);
  const std::size_t length = size_from(to_uint(request.headers["content-length"]).value_or(0));
  while (input.size() < length) {
    if (!receive(fd, input)) return false;
  }
  request.raw_body = input.substr(0, length);
  input.erase(0, length);
  request.connection = number;
  const bool deflated = request.headers["content-encoding"] == "deflate";
  request.body =
      deflated ? inflate(request.raw_body, body_limit).value_or("not a zlib stream") : request.raw_body;
  remember(std::move(request));
  return give(fd, next_answer());
}

SinkAnswer HttpSink::next_answer() {
  const std::lock_guard lock(mutex_);
  if (script_.empty()) return otherwise_;
  SinkAnswer answer = std::move(script_.front());
  script_.pop_front();
  return answer;
}

bool HttpSink::next_is(Fault fault) const {
  const std::lock_guard lock(mutex_);
  return (script_.empty() ? otherwise_ : script_.front()).fault == fault;
}

void HttpSink::forget() {
  const std::lock_guard lock(mutex_);
  requests_.clear();
}

void HttpSink::remember(SinkRequest request) {
  const std::lock_guard lock(mutex_);
  requests_.push_back(std::move(request));
  changed_.notify_all();
}

}  // namespace scops::test
