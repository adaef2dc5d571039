// The embedded buffer and files that are not as it left them.

#include "transport/buffer/embedded.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/io/block_codec.hpp"
#include "tests/contract/fresh_contract.hpp"
#include "tests/support/captured_log.hpp"
#include "tests/transport/buffer/embedded_fixture.hpp"

namespace scops {
namespace {

namespace fs = std::filesystem;
using test::ack;
using test::block_of;
using test::EmbeddedFixture;
using test::put;
using test::read;

std::string content_of(const std::string& path) { return read_file(path, 64U << 20U).value_or(""); }

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

// Every block that `buffer` gives is whole, and it takes another one, which is there after a restart.
void check_that_it_works(EmbeddedFixture& fixture) {
  auto buffer = fixture.open_store();
  for (const Block& block : read(*buffer, "a")) CHECK(check_block(block.bytes));
  const Block fresh = block_of(1, fixture.clock.wall(), 4711);
  put(*buffer, fresh);
  buffer.reset();
  buffer = fixture.open_store();
  const auto blocks = read(*buffer, "a");
  REQUIRE_FALSE(blocks.empty());
  CHECK(blocks.back().bytes == fresh.bytes);
}

// A file with blocks enough to fill some pages.
void fill(EmbeddedFixture& fixture, std::uint64_t number = 60) {
  const auto buffer = fixture.open_store();
  for (std::uint64_t i = 0; i < number; ++i) put(*buffer, block_of(40, fixture.clock.wall(), 1000003 * i));
}

TEST_CASE("the embedded buffer keeps the contract", "[buffer][embedded]") {
  test::check_buffer_contract([] { return std::make_unique<EmbeddedFixture>(); });
}

TEST_CASE("the embedded buffer gives what is fresh past a backlog", "[buffer][embedded]") {
  test::check_fresh_contract([] { return std::make_unique<EmbeddedFixture>(); });
}

TEST_CASE("a file that is not ours is kept aside, and a fresh one made", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const std::string path = fixture.path();
  SECTION("a text") { write(path, "dear diary\n"); }
  SECTION("a text longer than a page") { write(path, std::string(10000, 'x')); }
  SECTION("a database of another program") { test::alter(path, "CREATE TABLE blocks(id)"); }
  SECTION("a database of another program that calls itself ours") {
    test::alter(path, "PRAGMA application_id=1396920144; PRAGMA user_version=1; CREATE TABLE t(i)");
  }
  SECTION("a newer version") {
    fill(fixture);
    test::alter(path, "PRAGMA user_version=3");
  }
  SECTION("a half file") {
    fill(fixture);
    fs::resize_file(path, 100);
  }
  SECTION("nothing but a log") {
    write(path, "");
    write(path + "-wal", "log");
  }
  const std::string before = content_of(path);
  const test::CapturedLog log;
  check_that_it_works(fixture);
  CHECK(content_of(path + ".aside-1") == before);
  CHECK(log.count("file_set_aside") == 1);
  CHECK_FALSE(fs::exists(path + ".aside-2"));
}

TEST_CASE("something that is no file is kept aside", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const std::string path = fixture.path();
  SECTION("a folder") {
    fs::create_directory(path);
    write(path + "/file", "x");
  }
  SECTION("a FIFO") { REQUIRE(::mkfifo(path.c_str(), S_IRWXU) == 0); }
  check_that_it_works(fixture);
  CHECK(fs::exists(path + ".aside-1"));
}

TEST_CASE("an empty file is a new buffer", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  write(fixture.path(), "");
  check_that_it_works(fixture);
  CHECK_FALSE(fs::exists(fixture.path() + ".aside-1"));
}

TEST_CASE("files kept aside are few, and the first one stays", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  for (int i = 0; i < 5; ++i) {
    write(fixture.path(), "content " + std::to_string(i));
    check_that_it_works(fixture);
  }
  CHECK(content_of(fixture.path() + ".aside-1") == "content 0");
  CHECK(content_of(fixture.path() + ".aside-2") == "content 4");
  CHECK_FALSE(fs::exists(fixture.path() + ".aside-3"));
}

TEST_CASE("any page of the file may be overwritten between two runs", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture);
  const std::string whole = content_of(fixture.path());
  for (std::size_t page = 0; page * page_size < whole.size(); ++page) {
    for (const char with : {'\0', '\x5A', '\xFF'}) {
      CAPTURE(page);
      std::string damaged = whole;
      damaged.replace(page * page_size, page_size, page_size, with);
      EmbeddedFixture other;
      write(other.path(), damaged);
      check_that_it_works(other);
    }
  }
}

TEST_CASE("a file that a changed byte makes one of a newer SQLite, which we may only read, loses nothing",
          "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture);
  std::string content = content_of(fixture.path());
  content[18] = 3;  // file format write version, https://www.sqlite.org/fileformat.html 1.3.3
  write(fixture.path(), content);
  check_that_it_works(fixture);
  CHECK(read(*fixture.open_store(), "a").size() == 61);
}

TEST_CASE("the file may be cut short anywhere between two runs", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture);
  const std::string whole = content_of(fixture.path());
  for (std::size_t size = 1; size < whole.size(); size += 1531) {
    CAPTURE(size);
    EmbeddedFixture other;
    write(other.path(), whole.substr(0, size));
    check_that_it_works(other);
  }
}

TEST_CASE("a broken page costs its own blocks only", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture, 300);
  std::string damaged = content_of(fixture.path());
  const std::size_t middle = damaged.size() / page_size / 2 * page_size;
  damaged.replace(middle, page_size, page_size, '\x5A');
  write(fixture.path(), damaged);
  const auto buffer = fixture.open_store();
  CHECK(read(*buffer, "a").size() > 250);
}

TEST_CASE("a log that was cut short gives the first of the blocks", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const auto buffer = fixture.open_store();
  for (std::uint64_t i = 0; i < 10; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  const std::string file = content_of(fixture.path());
  const std::string log = content_of(fixture.path() + "-wal");
  std::size_t most = 0;
  for (std::size_t size = 0; size <= log.size(); size += 997) {
    EmbeddedFixture other;
    write(other.path(), file);
    write(other.path() + "-wal", log.substr(0, size));
    const auto reopened = other.open_store();
    const auto blocks = read(*reopened, "a");
    CHECK(blocks.size() >= most);
    most = blocks.size();
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      CHECK(blocks[i].bytes == block_of(1, fixture.clock.wall(), i).bytes);
    }
  }
  CHECK(most >= 9);
}

TEST_CASE("the file may be overwritten while it is in use", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture, 3000);
  const auto buffer = fixture.open_store();
  const auto size = fs::file_size(fixture.path());
  REQUIRE(size > 300'000);  // more than the cache holds
  {
    std::fstream file(fixture.path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(size / 2));
    file << std::string(20 * 4096, '\x5A');
  }
  const test::CapturedLog log;
  const auto blocks = read(*buffer, "a");
  CHECK(blocks.size() > 2000);
  CHECK(blocks.size() < 3000);
  for (const Block& block : blocks) REQUIRE(check_block(block.bytes));
  CHECK(buffer->stats().blocks == blocks.size());
  CHECK(fixture.dropped("damaged") == 40.0 * static_cast<double>(3000 - blocks.size()));
  CHECK(log.count("file_replaced") == 1);
  put(*buffer, block_of(1, fixture.clock.wall()));
  CHECK(read(*buffer, "a").size() == blocks.size() + 1);
}

TEST_CASE("the file may be deleted or replaced while it is in use", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  auto buffer = fixture.open_store();
  for (std::uint64_t i = 0; i < 4; ++i) put(*buffer, block_of(1, fixture.clock.wall(), i));
  auto all = read(*buffer, "a");
  ack(*buffer, "a", {all[0]});
  SECTION("deleted") {
    for (const char* suffix : {"", "-wal"}) fs::remove(fixture.path() + suffix);
  }
  SECTION("replaced by a text") {
    fs::remove(fixture.path());
    write(fixture.path(), "mine");
  }
  put(*buffer, block_of(1, fixture.clock.wall(), 4));
  ack(*buffer, "a", {all[1]});
  CHECK(read(*buffer, "a").size() == 3);
  buffer.reset();
  buffer = fixture.open_store();
  const auto left = read(*buffer, "a");
  REQUIRE(left.size() == 3);
  CHECK(left.front().bytes == all[2].bytes);
  CHECK(left.back().bytes == block_of(1, fixture.clock.wall(), 4).bytes);
  CHECK(fixture.dropped("damaged") == 0);
}

TEST_CASE("rows that make no sense cost themselves only", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture, 3);
  test::alter(fixture.path(),
              "INSERT INTO blocks VALUES(-5, 1, 1, 1, x'00', 0), (9223372036854775807, 1, 1, 1, x'00', 0), "
              "(8, 77, 1, 1, x'00', -1);"
              "INSERT INTO cursors VALUES('a', 1, 9, 4), ('a', 9, 0, 1), ('a', 1, -4, 9223372036854775807)");
  auto buffer = fixture.open_store();
  CHECK(read(*buffer, "a").size() == 3);
  buffer.reset();
  check_that_it_works(fixture);
}

// A flush of series that are the same each time, as a block.
Block flush_of(TimeMs time) {
  std::vector<Series> series;
  std::vector<Sample> samples;
  for (std::uint32_t i = 0; i < 40; ++i) {
    series.push_back(
        {.name = "test.shared." + std::to_string(i), .tags = {"mark:" + std::to_string(i * 2654435761U)}});
    samples.push_back({i, time, static_cast<double>(time % 997 + i)});
  }
  return encode_block(series, samples);
}

std::int64_t number_in(const std::string& path, std::string_view sql) {
  auto database = Database::open(path, 4096);
  REQUIRE(database);
  return database->number(sql).value_or(-1);
}

TEST_CASE("a copy that a repair was cut off at does not come back when the file is gone one day",
          "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture, 3);
  fs::copy_file(fixture.path(), fixture.path() + ".new");
  SECTION("the file is used again") { CHECK(fixture.open_store()->stats().blocks == 3); }
  SECTION("everything is dropped") { CHECK(drop_stored(fixture.dir.path())); }
  CHECK_FALSE(fs::exists(fixture.path() + ".new"));
  fs::remove(fixture.path());
  CHECK(fixture.open_store()->stats().blocks == 0);
}

TEST_CASE("what all have acked is erased by the next put, also after one that was too large",
          "[buffer][embedded]") {
  EmbeddedFixture fixture;
  BufferSettings settings = test::buffer_settings();
  settings.bytes_max = {2000};
  auto buffer = fixture.open_store(settings);
  put(*buffer, block_of(1, fixture.clock.wall(), 1));
  ack(*buffer, "a", read(*buffer, "a"));
  Block huge = block_of(7, fixture.clock.wall(), 2);
  huge.bytes.append(3000, 'x');
  put(*buffer, std::move(huge));
  CHECK(fixture.dropped("bytes") == 7);
  put(*buffer, block_of(1, fixture.clock.wall(), 3));
  buffer.reset();
  CHECK(number_in(fixture.path(), "SELECT count(*) FROM blocks") == 1);
}

TEST_CASE("blocks of the same series share their names", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const TimeMs now = fixture.clock.wall();
  auto buffer = fixture.open_store();
  constexpr int flushes = 600;
  for (int i = 0; i < flushes; ++i) put(*buffer, flush_of(now + i));
  const std::uint64_t bytes = buffer->stats().bytes;
  buffer.reset();
  CHECK(number_in(fixture.path(), "SELECT count(*) FROM names") == 3);
  CHECK(number_in(fixture.path(), "SELECT sum(length(bytes)) FROM blocks") <
        static_cast<std::int64_t>(bytes) / 2);

  buffer = fixture.open_store();
  CHECK(buffer->stats().bytes == bytes);  // what a reader is given
  const auto blocks = read(*buffer, "a", Kind::metrics, 1'000'000);
  REQUIRE(blocks.size() == flushes);
  for (int i = 0; i < flushes; ++i)
    CHECK(blocks[static_cast<std::size_t>(i)].bytes == flush_of(now + i).bytes);

  // Names go once no block can have them any more.
  ack(*buffer, "a", blocks);
  put(*buffer, flush_of(now + flushes));
  buffer.reset();
  CHECK(number_in(fixture.path(), "SELECT count(*) FROM names") == 1);
}

TEST_CASE("names that are damaged cost the blocks that share them", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  auto buffer = fixture.open_store();
  for (int i = 0; i < 300; ++i) put(*buffer, flush_of(fixture.clock.wall() + i));
  buffer.reset();
  SECTION("wrong") {
    test::alter(fixture.path(), "UPDATE names SET bytes = zeroblob(length(bytes)) WHERE id = 1");
  }
  SECTION("gone") { test::alter(fixture.path(), "DELETE FROM names WHERE id = 1"); }
  buffer = fixture.open_store();
  CHECK(read(*buffer, "a", Kind::metrics, 1'000'000).size() == 300 - 256);
  CHECK(fixture.dropped("damaged") == 256 * 40);
}

TEST_CASE("a put that failed leaves no names behind that are not there", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  auto file = BlockFile::open(fixture.path());
  REQUIRE(file);
  {
    Transaction transaction(file->database());
    REQUIRE(transaction.begin(Sync::full));
    REQUIRE(file->insert(1, flush_of(1)));
  }
  file->undone();
  Transaction transaction(file->database());
  REQUIRE(transaction.begin(Sync::full));
  REQUIRE(file->insert(1, flush_of(1)));
  REQUIRE(file->insert(2, flush_of(2)));
  REQUIRE(transaction.commit());
  CHECK(file->bytes(2).value_or("") == flush_of(2).bytes);
}

TEST_CASE("a file of version 1 is taken over with all that waits in it", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  const TimeMs now = fixture.clock.wall();
  auto buffer = fixture.open_store();
  for (int i = 0; i < 5; ++i) put(*buffer, flush_of(now + i));
  buffer.reset();
  test::alter(
      fixture.path(),
      "UPDATE blocks SET bytes = CAST(bytes || (SELECT bytes FROM names WHERE id = blocks.names) AS BLOB);"
      "ALTER TABLE blocks DROP COLUMN names; DROP TABLE names; PRAGMA user_version=1");
  buffer = fixture.open_store();
  put(*buffer, flush_of(now + 5));
  buffer.reset();
  buffer = fixture.open_store();
  const auto blocks = read(*buffer, "a");
  REQUIRE(blocks.size() == 6);
  for (int i = 0; i < 6; ++i) CHECK(blocks[static_cast<std::size_t>(i)].bytes == flush_of(now + i).bytes);
}

TEST_CASE("damaged blocks are kept for a look, but not many", "[buffer][embedded]") {
  EmbeddedFixture fixture;
  fill(fixture, 20);
  for (std::size_t i = 0; i < 12; ++i) fixture.damage(i);
  auto buffer = fixture.open_store();
  CHECK(read(*buffer, "a").size() == 8);
  buffer.reset();
  auto database = Database::open(fixture.path(), 4096);
  REQUIRE(database);
  CHECK(database->number("SELECT count(*) FROM damaged").value_or(0) == 8);
  CHECK(database->number("SELECT count(*) FROM blocks").value_or(0) == 8);
}

}  // namespace
}  // namespace scops
