// Where this machine keeps the certificates of the authorities that it trusts. A static program finds itself
// on boards of any distribution, and each has a place of its own.
#pragma once

#include <span>
#include <string>

namespace scops {

// A member that is empty: there is none.
struct Authorities {
  std::string file;    // PEM, all of them
  std::string folder;  // by the hash of their names: OpenSSL reads the one that it needs, when it needs it

  [[nodiscard]] bool empty() const { return file.empty() && folder.empty(); }
};

// The first of the usual places that is there. Looks again with each call until it has found one. Any thread.
[[nodiscard]] Authorities system_authorities();

// The same among these places.
[[nodiscard]] Authorities find_authorities(std::span<const char* const> files,
                                           std::span<const char* const> folders);

}  // namespace scops
