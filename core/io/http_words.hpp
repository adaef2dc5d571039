// What http_client.cpp says about a failed connection. Nothing of curl: that is http_client.cpp's alone.
#pragma once

#include <string>
#include <string_view>

#include "core/model/result.hpp"

namespace scops {

// `why` is an X509_V_ERR_ number of OpenSSL, which are part of its interface.
[[nodiscard]] bool is_unknown_authority(long why);
// "TLS: the certificate has expired (is the clock right?)"
[[nodiscard]] std::string tls_words(long why);
// "connect: refused"; of an errno, 0 when there was none.
[[nodiscard]] std::string connect_words(long number);

// What needs no more than the number of a CURLcode, which are part of curl's interface too.
[[nodiscard]] Error transfer_error(int code);
// Is this text of an error one of a connection that never came about? Then the request has not left.
[[nodiscard]] bool never_left(std::string_view error);

}  // namespace scops
