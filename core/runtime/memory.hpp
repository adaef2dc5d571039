// The hard cap on the memory of the process (agent.memory_max), and how near it is. What counts is what is
// resident, VmRSS of /proc/PID/status: the private memory and the pages of the program itself.
//
// Whoever takes what a peer decides the size of says so (`taking`) and looks at room() before he takes more:
//
//   plenty   go on
//   near     no growth: commit what there is, estimate instead of keeping values
//   full     shed, the oldest first, and count it
//
// Limits of parts that work without looking (a batch, a slice) are shares of the cap. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace scops::memory {

enum class Room : std::uint8_t { plenty, near, full };

// 0: no cap. To be called before there are threads.
void set_cap(std::uint64_t bytes);

// The cap divided by `parts`, within these bounds; `most` without a cap.
[[nodiscard]] std::size_t share(std::uint64_t parts, std::size_t least, std::size_t most);

// Some bytes more are about to be in use. Costs an addition; measures once in a while.
void taking(std::size_t bytes);

// As of the last measurement.
[[nodiscard]] Room room();

// Measures now; what is free in the heap goes back to the kernel first when it is needed.
Room measure();

// Free heap goes back to the kernel. Walks over all of it: now and then.
void trim();

// What was needed for a moment only is given back: free heap, and the program's own pages that are read only,
// of which those that are wanted again come back from the page cache. A tenth of a millisecond; now and then.
// A breakpoint or probe that somebody has put into our code is gone with its page.
void rest();

// Bytes that are resident now; 0 where /proc cannot be read.
[[nodiscard]] std::uint64_t resident();

}  // namespace scops::memory
