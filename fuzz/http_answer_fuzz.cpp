// Whatever an intake may answer: the bytes go over a real loopback connection through the HTTP client and the
// Datadog output, as the whole of an answer. Promises: no crash, no hang, a verdict, one printable line.

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "core/io/files.hpp"
#include "transport/outputs/datadog/datadog.hpp"

namespace {

// Answers each connection with the same bytes, then closes it.
class Intake {
 public:
  Intake() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);  // NOLINT: the interface of sockets
    if (::bind(listener_.get(), generic, size) != 0 || ::listen(listener_.get(), 8) != 0 ||
        ::getsockname(listener_.get(), generic, &size) != 0) {
      std::abort();
    }
    port_ = ntohs(address.sin_port);
    std::thread([this] { serve(); }).detach();  // for the life of the process
  }
  [[nodiscard]] int port() const { return port_; }
  void answer(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    answer_ = bytes;
  }

 private:
  void serve() {
    std::array<char, 4096> request{};
    for (;;) {
      const scops::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!peer.valid()) continue;
      (void)::recv(peer.get(), request.data(), request.size(), 0);
      const std::lock_guard lock(mutex_);
      (void)::send(peer.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
  }

  scops::Fd listener_;
  int port_ = 0;
  std::mutex mutex_;
  std::string answer_;
};

scops::DatadogSettings settings_for(const Intake& intake) {
  scops::DatadogSettings settings;
  settings.api_key.text = "0123456789abcdef";
  settings.url = "http://127.0.0.1:" + std::to_string(intake.port());
  return settings;
}

scops::Payload one_sample() {
  scops::SampleSet set;
  set.series.emplace_back();
  set.series[0].name = "m";
  set.samples.push_back({0, 1'700'000'000'000, 1});
  return {.metrics = set};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {  // NOLINT
  static Intake& intake = *new Intake;  // its thread outlives main()
  static scops::Datadog output(settings_for(intake), {});
  static const scops::Payload batch = one_sample();
  const std::string answer(data, data + size);
  intake.answer(answer);
  const scops::Reply reply = output.send(batch, std::chrono::seconds(5), {});
  const bool sane = reply.code >= 0 && reply.code <= 999 && reply.detail.size() < 300 &&
                    !reply.detail.empty() && reply.detail.find('\n') == std::string::npos &&
                    reply.detail.find("0123456789abcdef") == std::string::npos;
  if (!sane) std::abort();
  (void)scops::parse_retry_after(answer, "Sun, 06 Nov 1994 08:49:37 GMT");
  (void)scops::parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", answer);
  return 0;
}
