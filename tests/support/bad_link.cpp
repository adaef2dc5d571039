#include "tests/support/bad_link.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/route.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace scops::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* device_name = "wire0";
constexpr std::size_t packet_max = 2048;

ifreq request_for(const char* device) {
  ifreq request{};
  std::strncpy(request.ifr_name, device, IFNAMSIZ - 1);
  return request;
}

sockaddr inet_address(const char* text) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, text, &address.sin_addr);
  sockaddr generic{};
  std::memcpy(&generic, &address, sizeof generic);
  return generic;
}

bool bring_up(int socket, const char* device) {
  ifreq request = request_for(device);
  if (::ioctl(socket, SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);  // NOLINT(*-narrowing-conversions)
  return ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

// In the namespace of the calling thread: `own` on the wire, everything else behind it.
bool give_address(const char* own, const char* peer) {
  const Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq address = request_for(device_name);
  address.ifr_addr = inet_address(own);
  ifreq destination = request_for(device_name);
  destination.ifr_dstaddr = inet_address(peer);
  if (!bring_up(socket.get(), "lo") || ::ioctl(socket.get(), SIOCSIFADDR, &address) != 0 ||
      ::ioctl(socket.get(), SIOCSIFDSTADDR, &destination) != 0 || !bring_up(socket.get(), device_name)) {
    return false;
  }
  rtentry route{};
  route.rt_dst = inet_address("0.0.0.0");
  route.rt_genmask = inet_address("0.0.0.0");
  route.rt_flags = RTF_UP;
  std::string device = device_name;
  route.rt_dev = device.data();
  return ::ioctl(socket.get(), SIOCADDRT, &route) == 0;
}

int open_wire() {
  const int device = ::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0) return -1;
  ifreq request = request_for(device_name);
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  if (::ioctl(device, TUNSETIFF, &request) == 0) return device;
  ::close(device);
  return -1;
}

}  // namespace

BadLink::Visit::Visit(int space, int home) : home_(home) { (void)::setns(space, CLONE_NEWNET); }
BadLink::Visit::~Visit() { (void)::setns(home_, CLONE_NEWNET); }

BadLink::BadLink()
    : home_(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)),
      board_(make_side(board, intake)),
      intake_(make_side(intake, board)),
      random_(std::random_device{}()) {
  if (board_.device.valid() && intake_.device.valid())
    wire_ = std::jthread([this](const std::stop_token& stop) { carry(stop); });
}

BadLink::~BadLink() = default;

BadLink::Side BadLink::make_side(const char* own, const char* peer) const {
  if (::unshare(CLONE_NEWNET) != 0) return {};
  Side side{Fd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)), Fd(open_wire())};
  if (side.device.valid() && !give_address(own, peer)) side.device = Fd();
  (void)::setns(home_.get(), CLONE_NEWNET);
  return side;
}

void BadLink::set(Manner manner) {
  const std::lock_guard lock(mutex_);
  manner_ = manner;
}

void BadLink::move() {
  at_board([] { return give_address(moved_board, intake); });
}

void BadLink::carry(const std::stop_token& stop) {
  Direction up{.from = board_.device.get(), .to = intake_.device.get()};
  Direction down{.from = intake_.device.get(), .to = board_.device.get()};
  while (!stop.stop_requested()) {
    std::unique_lock lock(mutex_);
    const Manner manner = manner_;
    lock.unlock();
    for (Direction* one : {&up, &down}) {
      take(*one, manner);
      deliver(*one);
    }
    const bool busy = !up.under_way.empty() || !down.under_way.empty();
    std::array<pollfd, 2> watched = {pollfd{up.from, POLLIN, 0}, pollfd{down.from, POLLIN, 0}};
    (void)::poll(watched.data(), watched.size(), busy ? 2 : 20);
  }
}

void BadLink::take(Direction& direction, const Manner& manner) {
  std::array<char, packet_max> buffer{};
  while (true) {
    const ssize_t bytes = ::read(direction.from, buffer.data(), buffer.size());
    if (bytes <= 0) return;
    const auto now = steady_clock::now();
    std::bernoulli_distribution lost(manner.loss);
    if (manner.swallows || lost(random_)) continue;
    direction.free = std::max(direction.free, now);
    if (direction.free - now > std::chrono::seconds(2)) continue;
    if (manner.bits_per_second != 0) {
      const std::size_t bits = static_cast<std::size_t>(bytes) * 8;
      direction.free += milliseconds(bits * 1000 / manner.bits_per_second);
    }
    direction.under_way.push_back(
        {direction.free + manner.delay, std::string(buffer.data(), static_cast<std::size_t>(bytes))});
  }
}

void BadLink::deliver(Direction& direction) {
  const auto now = steady_clock::now();
  while (!direction.under_way.empty() && direction.under_way.front().due <= now) {
    const std::string& bytes = direction.under_way.front().bytes;
    if (::write(direction.to, bytes.data(), bytes.size()) > 0) ++packets_;
    direction.under_way.pop_front();
  }
}

}  // namespace scops::test
