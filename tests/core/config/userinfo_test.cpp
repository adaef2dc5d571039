// Passwords inside of addresses.

#include "core/config/userinfo.hpp"

#include <catch2/catch.hpp>

namespace scops {

TEST_CASE("what stands before the @ of an address is not shown") {
  CHECK(without_userinfo("http://user:pass@host:1/path?a=b@c") == "http://***@host:1/path?a=b@c");
  CHECK(without_userinfo("https://host/a@b") == "https://host/a@b");
  CHECK(without_userinfo("user:pass@host") == "user:pass@host");  // no address
  CHECK(without_userinfo("http://a:p@ss@host") == "http://***@host");
  CHECK(without_userinfo("http://@host") == "http://***@host");
  CHECK(without_userinfo(R"(["http://a:b@one","http://two","http://c@three"])") ==
        R"(["http://***@one","http://two","http://***@three"])");
  CHECK(without_userinfo("://") == "://");
  CHECK(without_userinfo("") == "");
}

}  // namespace scops
