#include "core/io/http_words.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>

namespace scops {

bool is_unknown_authority(long why) { return why >= 18 && why <= 21; }

// Own words: curl's may name hosts and paths, and cannot be told apart by a user of ours.
std::string tls_words(long why) {
  if (is_unknown_authority(why)) return "TLS: unknown certificate authority";
  switch (why) {
    case 0:
    case 1:
      return "TLS: the certificate is for another host name";  // the chain is good, curl says no
    case 9:
      return "TLS: the certificate is not valid yet (is the clock right?)";
    case 10:
      return "TLS: the certificate has expired (is the clock right?)";
    default:
      return "TLS: the certificate is not acceptable, reason " + std::to_string(why);
  }
}

std::string connect_words(long number) {
  if (number == ECONNREFUSED) return "connect: refused";
  if (number == 0) return "connect: failed";
  return "connect: " + std::generic_category().message(static_cast<int>(number));
}

Error transfer_error(int code) {
  switch (code) {
    case 0:
      return {ErrorKind::retry, "the answer ends in its head"};
    case 1:  // what curl calls an answer without a status line
    case 8:
      return {ErrorKind::retry, "the answer is not HTTP"};
    case 3:
      return {ErrorKind::refused, "the URL is malformed"};
    case 5:
      return {ErrorKind::retry, "DNS: name of the proxy not found"};
    case 6:
      return {ErrorKind::retry, "DNS: name not found"};
    case 23:
      return {ErrorKind::retry, "the head of the answer is too long"};
    case 35:
      return {ErrorKind::retry, "TLS: handshake failed"};
    case 52:
      return {ErrorKind::retry, "connection closed without an answer"};
    case 55:
    case 56:
      return {ErrorKind::retry, "connection reset"};
    case 58:
      return {ErrorKind::refused, "TLS: our certificate or key is unusable"};
    case 77:
      return {ErrorKind::refused, "TLS: the file of authorities is unusable"};
    default:
      return {ErrorKind::retry, "transfer failed, curl code " + std::to_string(code)};
  }
}

bool never_left(std::string_view error) {
  constexpr std::string_view beginnings[] = {
      "DNS: ", "connect: ", "TLS: ", "proxy: ", "timeout while connecting"};
  return std::any_of(std::begin(beginnings), std::end(beginnings),
                     [error](std::string_view one) { return error.starts_with(one); });
}

}  // namespace scops
