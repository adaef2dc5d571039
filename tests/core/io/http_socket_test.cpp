#include "core/io/http_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cerrno>
#include <string>

#include "core/io/files.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/silent_listener.hpp"

namespace {

struct Pair {
  Pair() {
    const scops::test::SilentListener listener;
    const sockaddr_in& address = listener.address();
    REQUIRE(::connect(ours, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    peer = listener.accept();
  }
  // What the peer finds at the end: 0, or an errno.
  int end() const {
    std::array<char, 65536> piece{};
    ssize_t came = 1;
    while (came > 0) came = ::recv(peer.get(), piece.data(), piece.size(), 0);
    return came == 0 ? 0 : errno;
  }
  int ours = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  scops::Fd peer;
};

}  // namespace

TEST_CASE("http socket: what the peer has not taken is counted, and forgotten") {
  if (!scops::test::SilentListener::can_tell_unsent()) {
    return scops::test::left_out("this kernel, or its emulator, does not tell what a socket has not sent");
  }
  const Pair pair;
  const std::string much(1U << 20U, 'x');
  REQUIRE(::fcntl(pair.ours, F_SETFL, O_NONBLOCK) == 0);
  while (::send(pair.ours, much.data(), much.size(), MSG_NOSIGNAL) > 0) continue;
  scops::Unsent unsent;
  CHECK(scops::close_looking_back(&unsent, pair.ours) == 0);
  CHECK(unsent.unconfirmed > scops::unsent_bytes_min);
  CHECK(unsent.never_left > 0);
  CHECK(pair.end() == ECONNRESET);
}

TEST_CASE("http socket: a connection with nothing under way just ends") {
  const Pair pair;
  scops::Unsent unsent;
  CHECK(scops::close_looking_back(&unsent, pair.ours) == 0);
  CHECK(unsent.unconfirmed == 0);
  CHECK(pair.end() == 0);
}
