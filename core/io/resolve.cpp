#include "core/io/resolve.hpp"

#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace scops {
namespace {

using Addresses = std::vector<SocketAddress>;

constexpr std::size_t addresses_max = 8;
// Lookups that nobody waits for any more; with so many the name servers are dead for certain.
constexpr int hanging_max = 4;

struct FreeInfo {
  void operator()(addrinfo* info) const { ::freeaddrinfo(info); }
};

Result<Addresses> look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, FreeInfo> owner(found);
  if (failed == EAI_AGAIN) return Error{ErrorKind::retry, "name server does not answer"};
  if (failed != 0) return Error{ErrorKind::retry, "name not found"};
  Addresses addresses;
  for (const addrinfo* one = found; one != nullptr && addresses.size() < addresses_max; one = one->ai_next) {
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  return addresses;
}

// What a lookup and its caller share; the caller may be gone when the answer comes.
struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Result<Addresses>> result;
};

std::atomic<int>& running() {
  static std::atomic<int> count{0};
  return count;
}

void run(const std::shared_ptr<Lookup>& lookup, const std::string& host, std::uint16_t port) {
  Result<Addresses> result = look_up(host, port, 0);
  {
    const std::scoped_lock lock(lookup->mutex);
    lookup->result = std::move(result);
  }
  lookup->done.notify_one();
  --running();
}

}  // namespace

Result<Addresses> resolve(const std::string& host, std::uint16_t port, Deadline deadline) {
  Result<Addresses> numeric = look_up(host, port, AI_NUMERICHOST);
  if (numeric) return numeric;
  if (++running() > hanging_max) {
    --running();
    return Error{ErrorKind::retry, "name server does not answer"};
  }
  const auto lookup = std::make_shared<Lookup>();
  try {
    std::thread([lookup, host, port] { run(lookup, host, port); }).detach();
  } catch (const std::system_error&) {
    --running();
    return Error{ErrorKind::retry, "no thread for a name lookup"};
  }
  std::unique_lock lock(lookup->mutex);
  lookup->done.wait_until(lock, deadline, [&lookup] { return lookup->result.has_value(); });
  if (!lookup->result) return Error{ErrorKind::retry, "name server does not answer"};
  return *std::move(lookup->result);
}

}  // namespace scops
