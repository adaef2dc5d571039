// The answers of an intake that fails in every way a sink knows.
#pragma once

#include <random>
#include <vector>

#include "tests/support/http_sink.hpp"

namespace scops::test {

// About half of them are no yes. 400 and 413 are rarer than the rest: an intake that refuses the same record
// again and again while it takes others is right to be believed, see transport/dispatch/delivery.hpp.
[[nodiscard]] std::vector<SinkAnswer> draw_script(std::mt19937& random, std::size_t length);

}  // namespace scops::test
