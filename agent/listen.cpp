#include "agent/listen.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "core/model/text.hpp"

namespace scops {

Result<std::optional<Listen>> parse_listen(const HttpSettings& http) {
  if (http.listen.empty() || iequals(http.listen, "off")) return std::optional<Listen>{};
  const auto colon = http.listen.rfind(':');
  const auto port =
      colon == std::string::npos ? std::nullopt : to_uint(std::string_view(http.listen).substr(colon + 1));
  if (!port || *port > 65535) {
    return Error{ErrorKind::refused,
                 fmt::format("http.listen={}: no address and port, for example 127.0.0.1:18125",
                             printable(http.listen))};
  }
  std::string address = http.listen.substr(0, colon);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (iequals(address, "localhost")) address = "127.0.0.1";  // which nobody has to be asked for
  if (!http.insecure && !address.starts_with("127.") && address != "::1") {
    return Error{ErrorKind::refused,
                 fmt::format("http.listen={}: not a loopback address; http.insecure=true allows it",
                             printable(http.listen))};
  }
  return std::optional<Listen>({.address = std::move(address), .port = static_cast<std::uint16_t>(*port)});
}

std::string authority(const Listen& listen) {
  return listen.address.find(':') == std::string::npos ? fmt::format("{}:{}", listen.address, listen.port)
                                                       : fmt::format("[{}]:{}", listen.address, listen.port);
}

}  // namespace scops
