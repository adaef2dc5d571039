#include "core/io/http_server.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <stdexcept>
#include <string>

#include "core/io/files.hpp"

using namespace scops;

namespace {

Fd connected(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  return fd;
}

// Sends raw bytes and reads until the server closes.
std::string ask(std::uint16_t port, const std::string& request) {
  const Fd fd = connected(port);
  REQUIRE(::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(request.size()));
  std::string answer;
  std::array<char, 4096> piece{};
  for (ssize_t count = 0; (count = ::recv(fd.get(), piece.data(), piece.size(), 0)) > 0;) {
    answer.append(piece.data(), static_cast<std::size_t>(count));
  }
  return answer;
}

std::string get(std::uint16_t port, const std::string& path) {
  return ask(port, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

std::unique_ptr<HttpServer> echo_server() {
  auto server = HttpServer::listen("127.0.0.1", 0, [](std::string_view path) -> HttpAnswer {
    if (path == "/throw") throw std::runtime_error("handler");
    return {.status = 200, .content_type = "text/x-test", .body = "you asked " + std::string(path)};
  });
  REQUIRE(server);
  return std::move(*server);
}

}  // namespace

TEST_CASE("a GET gets the handler's answer", "[io]") {
  const auto server = echo_server();
  const std::string answer = get(server->port(), "/status");
  CHECK(answer.starts_with("HTTP/1.1 200 "));
  CHECK(answer.find("Content-Type: text/x-test") != std::string::npos);
  CHECK(answer.ends_with("\r\n\r\nyou asked /status"));
}

TEST_CASE("other methods and bodies are refused", "[io]") {
  const auto server = echo_server();
  const std::string answer =
      ask(server->port(), "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
  CHECK(answer.starts_with("HTTP/1.1 405 "));
}

TEST_CASE("an exception in the handler is a 500, and the next request is served", "[io]") {
  const auto server = echo_server();
  CHECK(get(server->port(), "/throw").starts_with("HTTP/1.1 500 "));
  CHECK(get(server->port(), "/ok").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("garbage and a request line without end do not stop the server", "[io]") {
  const auto server = echo_server();
  (void)ask(server->port(), std::string("\x16\x03\x01\x02\x00\x01\r\n\r\n", 9));
  (void)ask(server->port(), "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n");
  CHECK(get(server->port(), "/ok").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a port that is taken is an error that names it", "[io]") {
  const auto server = echo_server();
  const auto second =
      HttpServer::listen("127.0.0.1", server->port(), [](std::string_view) { return HttpAnswer{}; });
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == ErrorKind::retry);
  CHECK(second.error().text.find(std::to_string(server->port())) != std::string::npos);
}

TEST_CASE("an address that is none is refused", "[io]") {
  const auto server = HttpServer::listen("localhost", 0, [](std::string_view) { return HttpAnswer{}; });
  REQUIRE_FALSE(server);
  CHECK(server.error().kind == ErrorKind::refused);
}

TEST_CASE("stopping ends at once, also with a connection open", "[io]") {
  auto server = echo_server();
  const Fd idle = connected(server->port());
  server.reset();
  std::array<char, 1> byte{};
  CHECK(::recv(idle.get(), byte.data(), byte.size(), 0) <= 0);
}
