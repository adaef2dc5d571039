#include "core/io/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <string>
#include <utility>

#include "tests/support/temp_dir.hpp"

namespace scops {
namespace {

void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

TEST_CASE("read_file gives the whole file", "[files]") {
  const test::TempDir dir;
  const std::string text(10000, 'x');
  write_file(dir / "file", text + '\0' + "end");
  const auto read = read_file(dir / "file");
  REQUIRE(read);
  CHECK(*read == text + '\0' + "end");
}

TEST_CASE("read_file gives an empty file as an empty text", "[files]") {
  const test::TempDir dir;
  write_file(dir / "file", "");
  CHECK(read_file(dir / "file").value_or("?").empty());
}

TEST_CASE("read_file reads files of /proc, which have no size", "[files]") {
  CHECK_FALSE(read_file("/proc/self/status").value_or("").empty());
}

TEST_CASE("read_file takes a file of exactly the limit and refuses one byte more", "[files]") {
  const test::TempDir dir;
  write_file(dir / "fits", std::string(5000, 'x'));
  write_file(dir / "more", std::string(5001, 'x'));
  CHECK(read_file(dir / "fits", 5000).value_or("").size() == 5000);
  const auto more = read_file(dir / "more", 5000);
  REQUIRE_FALSE(more);
  CHECK(more.error().kind == ErrorKind::retry);
}

TEST_CASE("read_file stops at the limit of an endless device", "[files]") {
  CHECK_FALSE(read_file("/dev/zero", 100000));
}

TEST_CASE("read_file calls a missing file absent", "[files]") {
  const test::TempDir dir;
  write_file(dir / "file", "");
  for (const std::string& path : {dir / "none", dir / "file/none"}) {
    const auto read = read_file(path);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == ErrorKind::absent);
  }
}

TEST_CASE("read_file of a folder is an error worth telling", "[files]") {
  const auto read = read_file("/");
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::retry);
  CHECK(read.error().text == "read /: Is a directory");
}

TEST_CASE("read_file does not wait for the writer of a FIFO", "[files]") {
  const test::TempDir dir;
  REQUIRE(::mkfifo((dir / "fifo").c_str(), S_IRWXU) == 0);
  CHECK(read_file(dir / "fifo").value_or("?").empty());
}

TEST_CASE("read_file_into replaces what was there and keeps the memory", "[files]") {
  const test::TempDir dir;
  write_file(dir / "file", "new");
  std::string text(9000, 'o');
  const auto capacity = text.capacity();
  REQUIRE(read_file_into(dir / "file", text));
  CHECK(text == "new");
  CHECK(text.capacity() == capacity);
}

TEST_CASE("an Fd closes its descriptor once, wherever it went", "[files]") {
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  Fd first(number);
  Fd second(std::move(first));
  CHECK(second.get() == number);
  second = Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  CHECK_FALSE(is_open(number));
  const int other = second.get();
  second.reset();
  CHECK_FALSE(second.valid());
  CHECK_FALSE(is_open(other));
}

TEST_CASE("a released descriptor stays open", "[files]") {
  int number = -1;
  {
    Fd fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    number = fd.release();
  }
  CHECK(is_open(number));
  const Fd closing(number);
}

TEST_CASE("system_error says what failed, where and why", "[files]") {
  const Error error = system_error("open", "/proc/stat", EACCES);
  CHECK(error.text == "open /proc/stat: Permission denied");
  CHECK(error.kind == ErrorKind::retry);
}

}  // namespace
}  // namespace scops
