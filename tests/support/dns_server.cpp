#include "tests/support/dns_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <utility>

namespace scops::test {

// Another address of the loopback for each process: tests run side by side, and the port is always 53.
DnsServer::DnsServer()
    : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
      old_mounts_(::open("/proc/thread-self/ns/mnt", O_RDONLY | O_CLOEXEC)) {
  const std::string own = fmt::format("127.53.{}.{}", ::getpid() / 250 % 250 + 1, ::getpid() % 250 + 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(53);
  ::inet_pton(AF_INET, own.c_str(), &address.sin_addr);
  if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
  if (::unshare(CLONE_NEWNS) != 0) return;
  const std::string file = folder_ / "resolv.conf";
  std::ofstream(file) << "nameserver " << own << "\noptions timeout:1 attempts:1\n";
  works_ = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount(file.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr) == 0;
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

// The thread shares our view of the file system: while there is one, the kernel gives us no other.
DnsServer::~DnsServer() {
  thread_ = {};
  if (old_mounts_.valid()) (void)::setns(old_mounts_.get(), CLONE_NEWNS);
}

void DnsServer::answer(std::string address) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(address);
}

int DnsServer::questions() const {
  const std::lock_guard lock(mutex_);
  return questions_;
}

void DnsServer::serve(const std::stop_token& stop) {
  std::array<char, 512> buffer{};
  while (!stop.stop_requested()) {
    pollfd watched{socket_.get(), POLLIN, 0};
    if (::poll(&watched, 1, 20) <= 0) continue;
    sockaddr_in from{};
    socklen_t size = sizeof from;
    auto* const generic = reinterpret_cast<sockaddr*>(&from);
    const ssize_t came = ::recvfrom(socket_.get(), buffer.data(), buffer.size(), 0, generic, &size);
    if (came < 17) continue;
    const std::string reply = reply_to({buffer.data(), static_cast<std::size_t>(came)});
    if (!reply.empty()) ::sendto(socket_.get(), reply.data(), reply.size(), 0, generic, size);
  }
}

// RFC 1035: the header, the question as it came, and for type A an answer that lives for a day.
std::string DnsServer::reply_to(std::string_view question) {
  const std::lock_guard lock(mutex_);
  ++questions_;
  if (answer_ == "silent") return {};
  const std::size_t end = question.find('\0', 12) + 5;  // of the name, its type and class
  if (end > question.size()) return {};
  const bool type_a = question[end - 3] == 1;
  const bool give = type_a && !answer_.empty();
  std::string reply(question.substr(0, end));
  reply[2] = '\x81';
  reply[3] = answer_.empty() ? '\x83' : '\x80';  // no such name, or well
  for (std::size_t at = 6; at < 12; ++at) reply[at] = '\0';
  if (!give) return reply;
  reply[7] = 1;
  reply += std::string("\xc0\x0c\0\x01\0\x01\0\x01\x51\x80\0\x04", 12);
  in_addr address{};
  ::inet_pton(AF_INET, answer_.c_str(), &address);
  reply.append(reinterpret_cast<const char*>(&address), 4);
  return reply;
}

}  // namespace scops::test
