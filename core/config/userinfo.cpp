#include "core/config/userinfo.hpp"

#include "core/runtime/log.hpp"

namespace scops {
namespace {

constexpr std::string_view scheme_end = "://";

// The next one in `rest`, which is cut behind its @; `before` is all that comes before it. Null data when
// there is none. An address ends where no host can go on; its last @ counts, passwords have some too.
std::string_view next_userinfo(std::string_view& rest, std::string_view& before) {
  for (std::size_t from = rest.find(scheme_end); from != std::string_view::npos;
       from = rest.find(scheme_end, from)) {
    from += scheme_end.size();
    const std::string_view authority = rest.substr(from, rest.find_first_of("/?# \t\"'", from) - from);
    const std::size_t at = authority.rfind('@');
    if (at == std::string_view::npos) continue;
    before = rest.substr(0, from);
    const std::string_view found = authority.substr(0, at);
    rest.remove_prefix(from + at);
    return found;
  }
  return {};
}

}  // namespace

std::string without_userinfo(std::string_view text) {
  std::string shown;
  std::string_view before;
  while (next_userinfo(text, before).data() != nullptr) shown.append(before).append("***");
  return shown.append(text);
}

void mask_userinfo(std::string_view text) {
  constexpr std::size_t shortest_token = 8;  // alone it is a token, or only a name
  std::string_view before;
  for (std::string_view found = next_userinfo(text, before); found.data() != nullptr;
       found = next_userinfo(text, before)) {
    const std::size_t colon = found.find(':');
    if (colon != std::string_view::npos) log::mask(found.substr(colon + 1));
    if (colon != std::string_view::npos || found.size() >= shortest_token) log::mask(found);
  }
}

}  // namespace scops
