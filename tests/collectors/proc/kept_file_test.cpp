#include "collectors/proc/kept_file.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <array>
#include <filesystem>

#include "tests/collectors/file_tree.hpp"

using namespace scops;
using test::FileTree;

TEST_CASE("a kept file is read from its start each time", "[jetson]") {
  const FileTree tree;
  tree.write("temp", "47062\n");
  KeptFile file(tree / "temp");
  CHECK(file.read_integer().value_or(0) == 47062);
  tree.write("temp", "-5\n");
  CHECK(file.read_integer().value_or(0) == -5);
}

TEST_CASE("a kept file is opened once", "[jetson]") {
  const FileTree tree;
  tree.write("temp", "1\n");
  KeptFile file(tree / "temp");
  REQUIRE(file.read_integer().has_value());
  REQUIRE(::chmod((tree / "temp").c_str(), 0) == 0);  // root may open it all the same: then this proves less
  CHECK(file.read_integer().value_or(0) == 1);
}

TEST_CASE("text of the device tree comes without its NULs, and no more than there is room for", "[jetson]") {
  const FileTree tree;
  tree.write("model", std::string_view("Jetson\0", 7));
  KeptFile file(tree / "model");
  std::array<char, 64> room{};
  CHECK(file.read(room).value_or("") == "Jetson");
  std::array<char, 3> little{};
  CHECK(file.read(little).value_or("") == "Jet");
}

TEST_CASE("a kept file that was replaced is opened again", "[jetson]") {
  const FileTree tree;
  tree.write("status", "1\n");
  KeptFile file(tree / "status");
  REQUIRE(file.read_integer().value_or(0) == 1);
  tree.write("new", "2\n");
  std::filesystem::rename(tree / "new", tree / "status");
  CHECK(file.read_integer().value_or(0) == 2);
}

TEST_CASE("a kept file that is gone is absent, and comes back", "[jetson]") {
  const FileTree tree;
  tree.write("temp", "1\n");
  KeptFile file(tree / "temp");
  REQUIRE(file.read_integer().has_value());
  tree.remove("temp");
  const auto gone = file.read_integer();
  REQUIRE_FALSE(gone.has_value());
  CHECK(gone.error().kind == ErrorKind::absent);
  tree.write("temp", "3\n");
  CHECK(file.read_integer().value_or(0) == 3);
}

TEST_CASE("a file that is there and cannot be read is to be tried again", "[jetson]") {
  const FileTree tree;
  tree.write("temp/x", "");
  KeptFile file(tree / "temp");  // a folder: EISDIR, where a part without power says EAGAIN
  const auto failed = file.read_integer();
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().kind == ErrorKind::retry);
}

TEST_CASE("a kept file that holds no number is not understood", "[jetson]") {
  const FileTree tree;
  for (const char* text : {"", "hot\n", "1.5\n", "99999999999999999999999\n"}) {
    CAPTURE(text);
    tree.write("temp", text);
    const auto failed = KeptFile(tree / "temp").read_integer();
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().kind == ErrorKind::drop);
  }
}
