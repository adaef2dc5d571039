// Passwords inside of addresses: "http://user:password@proxy:3128". An option that holds an address is no
// secret as a whole, but this part of it is.
#pragma once

#include <string>
#include <string_view>

namespace scops {

// `text` with *** in the place of what stands between "://" and "@" of each address in it.
[[nodiscard]] std::string without_userinfo(std::string_view text);

// Registers the same parts, and the passwords in them, with log::mask().
void mask_userinfo(std::string_view text);

}  // namespace scops
