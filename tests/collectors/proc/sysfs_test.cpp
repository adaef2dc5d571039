#include "collectors/proc/sysfs.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "collectors/proc/name_filter.hpp"
#include "tests/collectors/file_tree.hpp"

using namespace scops;
using test::FileTree;

TEST_CASE("a folder is listed in the order of its numbers") {
  const FileTree dir;
  for (const char* name : {"zone10", "zone2", "zone1"}) dir.write(name, "");
  CHECK(list_folder(dir.path()).value_or({}) == std::vector<std::string>{"zone1", "zone2", "zone10"});
}

TEST_CASE("a folder that does not exist is absent") {
  const Result<std::vector<std::string>> names = list_folder("/nowhere/at/all");
  REQUIRE_FALSE(names.has_value());
  CHECK(names.error().kind == ErrorKind::absent);
}

TEST_CASE("a number is read from a file that holds nothing else") {
  const FileTree dir;
  dir.write("good", "-41250\n");
  dir.write("bad", "41 C\n");
  dir.write("empty", "");
  CHECK(read_integer(dir / "good").value_or(0) == -41250);
  CHECK(read_integer(dir / "bad").error().kind == ErrorKind::drop);
  CHECK(read_integer(dir / "empty").error().kind == ErrorKind::drop);
  CHECK(read_integer(dir / "none").error().kind == ErrorKind::absent);
}

TEST_CASE("a line is read without what is around it") {
  const FileTree dir;
  dir.write("type", " cpu-thermal \nmore\n");
  CHECK(read_line(dir / "type").value_or("") == "cpu-thermal");
}

TEST_CASE("an empty list of globs lets everything in, and leaving out wins") {
  const std::vector<std::string> none;
  const std::vector<std::string> ethernet{"eth*"};
  const std::vector<std::string> second{"eth1"};
  CHECK(NameFilter{none, none}.passes("anything"));
  CHECK(NameFilter{ethernet, none}.passes("eth0"));
  CHECK_FALSE(NameFilter{ethernet, none}.passes("wlan0"));
  CHECK_FALSE(NameFilter{ethernet, second}.passes("eth1"));
  CHECK_FALSE(NameFilter{none, second}.passes("eth1"));
}
