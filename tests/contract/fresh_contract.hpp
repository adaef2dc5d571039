// How every buffer reads past a backlog: read() with `since`. As buffer_contract.hpp.
#pragma once

#include <functional>
#include <memory>

#include "tests/contract/buffer_contract.hpp"

namespace scops::test {

void check_fresh_contract(const std::function<std::unique_ptr<BufferFixture>()>& make);

}  // namespace scops::test
