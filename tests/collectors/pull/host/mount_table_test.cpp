#include "collectors/pull/host/mount_table.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>
#include <thread>

#include "tests/collectors/file_tree.hpp"
#include "tests/support/not_tested.hpp"
#include "tests/support/temp_dir.hpp"

using namespace scops;
using namespace scops::host;

namespace {

// What happens to the kernel's table, in a mount namespace of a thread.
struct Seen {
  bool mounted = false;
  bool before_reading = false;
  bool after_reading = true;
  bool after_mount = false;
  bool after_second_reading = true;
  std::string text;
};

Seen watch_a_mount(const std::string& folder) {
  Seen seen;
  if (::geteuid() != 0 || ::unshare(CLONE_FS | CLONE_NEWNS) != 0) return seen;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return seen;
  const std::string path = "/proc/thread-self/mounts";
  MountTable table;
  seen.before_reading = table.changed();
  if (!table.read(path)) return seen;
  seen.after_reading = table.changed();
  seen.mounted = ::mount("scops-test", folder.c_str(), "tmpfs", 0, "size=64k") == 0;
  seen.after_mount = table.changed();
  if (table.read(path)) seen.text = table.text();
  seen.after_second_reading = table.changed();
  return seen;
}

}  // namespace

TEST_CASE("the kernel's table of mounts is read again only after a mount") {
  const test::TempDir folder;
  Seen seen;
  std::thread([&] { seen = watch_a_mount(folder.path()); }).join();
  if (!seen.mounted) return test::not_tested("who is not root cannot mount");
  CHECK(seen.before_reading);
  CHECK_FALSE(seen.after_reading);
  CHECK(seen.after_mount);
  CHECK(seen.text.find("scops-test " + folder.path() + " tmpfs") != std::string::npos);
  CHECK_FALSE(seen.after_second_reading);
}

TEST_CASE("a plain file as mount table may have changed at any time") {
  test::FileTree tree;
  tree.write("mounts", "/dev/sda1 / ext4 rw 0 0\n");
  MountTable table;
  REQUIRE(table.read(tree.path() + "/mounts"));
  CHECK(table.changed());
}

TEST_CASE("a table that cannot be read is tried again") {
  MountTable table;
  CHECK_FALSE(table.read("/nowhere/mounts"));
  CHECK(table.changed());
}
