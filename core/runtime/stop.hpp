// Waiting that ends at once when the agent stops, and the name and guard of a thread. No other sleep is in
// the tree.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <string_view>

namespace scops {

// Waits for `duration`, or until `stop` is requested; false when stopped.
bool nap(const std::stop_token& stop, std::chrono::milliseconds duration);

// Names the calling thread for ps, top and gdb (15 characters are kept).
void name_thread(std::string_view name);

}  // namespace scops
