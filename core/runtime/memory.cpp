#include "core/runtime/memory.hpp"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <span>
#include <string_view>

#include "core/model/size.hpp"
#include "core/model/text.hpp"

namespace scops::memory {
namespace {

// Between two measurements no part takes more than this without having said so.
constexpr std::size_t stride = 256U << 10U;

// Giving back walks over all of the heap: not again before this much more has been taken.
constexpr std::size_t trim_stride = 4U << 20U;

constinit std::atomic<std::uint64_t> cap{0};
constinit std::atomic<Room> last{Room::plenty};
constinit std::atomic<std::size_t> since_measured{0};
constinit std::atomic<std::size_t> since_trimmed{trim_stride};
constinit std::atomic<int> statm{-1};  // the open file; for as long as the process lives

// What is taken without looking while others do so too has to fit above `near` and above `full`.
Room judge(std::uint64_t bytes, std::uint64_t limit) {
  if (bytes > limit - limit / 8) return Room::full;
  return bytes > limit - limit / 4 ? Room::near : Room::plenty;
}

// The first that the loader names is the program, and the only one wanted: what a library does to its own
// code is not ours to know. Relocated data is in segments that were writable, and stays.
int drop_read_only(dl_phdr_info* program, std::size_t /*size*/, void* /*user*/) noexcept {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (const ElfW(Phdr) & segment : std::span(program->dlpi_phdr, program->dlpi_phnum)) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (program->dlpi_addr + segment.p_vaddr) & ~(page - 1);
    const std::uintptr_t end = program->dlpi_addr + segment.p_vaddr + segment.p_memsz;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader speaks of numbers
    (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 1;
}

// Opened once: that is most of what a look costs.
int open_statm() {
  int fd = statm;
  if (fd >= 0) return fd;
  const int opened = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);  // NOLINT(*-vararg)
  if (statm.compare_exchange_strong(fd, opened)) return opened;
  ::close(opened);  // another thread was first
  return fd;
}

}  // namespace

void set_cap(std::uint64_t bytes) {
  cap = bytes;
  last = Room::plenty;
}

std::size_t share(std::uint64_t parts, std::size_t least, std::size_t most) {
  const std::uint64_t limit = cap;
  return limit == 0 ? most : std::clamp(size_from(limit / parts), least, most);
}

void taking(std::size_t bytes) {
  if (since_measured.fetch_add(bytes, std::memory_order_relaxed) + bytes >= stride) (void)measure();
}

Room room() { return last.load(std::memory_order_relaxed); }

Room measure() {
  const std::size_t taken = since_measured.exchange(0, std::memory_order_relaxed);
  const std::size_t trimmable = since_trimmed.fetch_add(taken, std::memory_order_relaxed) + taken;
  const std::uint64_t limit = cap;
  if (limit == 0) return Room::plenty;
  Room now = judge(resident(), limit);
  if (now != Room::plenty && trimmable >= trim_stride) {
    since_trimmed = 0;
    trim();
    now = judge(resident(), limit);
  }
  last = now;
  return now;
}

void trim() {
#ifdef __GLIBC__
  (void)::malloc_trim(0);
#endif
}

void rest() {
  trim();
  (void)::dl_iterate_phdr(drop_read_only, nullptr);
}

// Second number of /proc/self/statm, in pages: proc(5).
std::uint64_t resident() {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(open_statm(), text.data(), text.size() - 1, 0);
  if (size <= 0) return 0;
  std::string_view rest(text.data(), static_cast<std::size_t>(size));
  next_word(rest);
  return to_uint(next_word(rest)).value_or(0) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace scops::memory
