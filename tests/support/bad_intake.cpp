#include "tests/support/bad_intake.hpp"

#include <fmt/format.h>

#include <string>

namespace scops::test {
namespace {

std::vector<SinkAnswer> troubles() {
  std::vector<SinkAnswer> all;
  for (const int status : {500, 502, 503, 504, 403, 404, 302})
    all.push_back({.status = status, .body = "no"});
  all.push_back({.status = 429, .headers = {"Retry-After: 1"}});
  all.push_back({.status = 503, .headers = {"Retry-After: 1"}});
  for (const char* absurd :
       {"-5", "0", "1.5", "soon", "Thu, 01 Jan 1970 00:00:00 GMT", "99999999999999999999999"})
    all.push_back({.status = 429, .headers = {fmt::format("Retry-After: {}", absurd)}});
  all.push_back({.status = 500, .body = std::string(1'000'000, 'x'), .times = 64});
  all.push_back(captive_portal());
  for (const Fault fault : {Fault::reset_in_request, Fault::reset_after, Fault::stall, Fault::half,
                            Fault::half_body, Fault::garbage, Fault::endless_body, Fault::endless_head,
                            Fault::endless_continue, Fault::drip, Fault::no_length, Fault::trickle}) {
    all.push_back({.fault = fault});
  }
  all.push_back({.status = 500, .fault = Fault::endless_body});
  return all;
}

}  // namespace

std::vector<SinkAnswer> draw_script(std::mt19937& random, std::size_t length) {
  const std::vector<SinkAnswer> all = troubles();
  std::vector<SinkAnswer> script;
  while (script.size() < length) {
    const std::size_t at = script.size();
    if (at % 16 == 7) {
      script.push_back({.status = at % 32 == 7 ? 400 : 413, .body = "no"});
    } else if (random() % 100 < 60) {
      script.push_back(all[random() % all.size()]);
    } else {
      script.push_back({.status = random() % 2 == 0 ? 200 : 202});
    }
  }
  return script;
}

}  // namespace scops::test
