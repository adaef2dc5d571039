// A stand-in for the remote intake while ./dev bench measures agents: accepts every request on a loopback
// port, prints the port, and when its standard input closes, how many requests it got and their bytes, heads
// and bodies.
#include <unistd.h>

#include <array>
#include <cstdint>

#include <fmt/format.h>

#include "bench/head_bytes.hpp"
#include "tests/support/http_sink.hpp"

int main() {
  const scops::test::HttpSink sink;
  fmt::print("{}\n", sink.port());
  (void)std::fflush(stdout);
  std::array<char, 64> ignored{};
  while (::read(STDIN_FILENO, ignored.data(), ignored.size()) > 0) {
  }
  std::uint64_t bytes = 0;
  const auto requests = sink.requests();
  for (const auto& request : requests) bytes += scops::bench::head_bytes(request) + request.raw_body.size();
  fmt::print("{} {}\n", requests.size(), bytes);
  return 0;
}
