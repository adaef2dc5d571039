#include "core/io/sqlite.hpp"

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/temp_dir.hpp"

namespace scops {
namespace {

Database open_database(const std::string& path) {
  Result<Database> database = Database::open(path, 4096);
  REQUIRE(database);
  REQUIRE(database->start_log());
  return std::move(*database);
}

std::int64_t number(Database& database, std::string_view sql) {
  const auto value = database.number(sql);
  REQUIRE(value);
  return *value;
}

TEST_CASE("integers, texts and blobs go into a database and come out", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i INTEGER, t TEXT, b BLOB) STRICT"));
  auto insert = database.prepare("INSERT INTO t VALUES(?, ?, ?)");
  REQUIRE(insert);
  const std::string bytes("a\0b", 3);
  REQUIRE(insert->run(std::int64_t{-5}, std::string_view("text"), Blob{bytes}));
  REQUIRE(insert->run(std::int64_t{7}, std::string_view(""), Blob{""}));

  auto query = database.prepare("SELECT i, t, b FROM t ORDER BY i");
  REQUIRE(query);
  REQUIRE(query->run().value_or(false));
  CHECK(query->integer(0) == -5);
  CHECK(query->text(1) == "text");
  CHECK(query->blob(2) == bytes);
  REQUIRE(query->step().value_or(false));
  CHECK(query->text(1).empty());
  CHECK_FALSE(query->step().value_or(true));
}

TEST_CASE("a new database and its log are for their owner's eyes only", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i INTEGER) STRICT"));
  constexpr auto own = std::filesystem::perms::owner_read | std::filesystem::perms::owner_write;
  for (const char* name : {"db", "db-wal"}) CHECK(std::filesystem::status(dir / name).permissions() == own);
}

TEST_CASE("a new database has the page size, the log and the sync that were asked for", "[sqlite]") {
  const test::TempDir dir;
  auto database = Database::open(dir / "db", 1024);
  REQUIRE(database);
  REQUIRE(database->start_log());
  REQUIRE(database->exec("CREATE TABLE t(i)"));
  CHECK(number(*database, "PRAGMA page_size") == 1024);
  CHECK(number(*database, "PRAGMA synchronous") == 2);
  CHECK(number(*database, "PRAGMA secure_delete") == 0);
  CHECK(std::filesystem::exists(dir / "db-wal"));
  CHECK_FALSE(std::filesystem::exists(dir / "db-shm"));
}

TEST_CASE("a transaction that is not committed leaves no trace", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i)"));
  {
    Transaction transaction(database);
    REQUIRE(transaction.begin(Sync::full));
    REQUIRE(database.exec("INSERT INTO t VALUES(1)"));
  }
  CHECK(number(database, "SELECT count(*) FROM t") == 0);
  {
    Transaction transaction(database);
    REQUIRE(transaction.begin(Sync::full));
    REQUIRE(database.exec("INSERT INTO t VALUES(1)"));
    REQUIRE(transaction.commit());
  }
  CHECK(number(database, "SELECT count(*) FROM t") == 1);
}

TEST_CASE("after an unsynced transaction everything is synced again, committed or not", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i)"));
  const bool commit = GENERATE(true, false);
  {
    Transaction transaction(database);
    REQUIRE(transaction.begin(Sync::off));
    CHECK(number(database, "PRAGMA synchronous") == 0);
    REQUIRE(database.exec("INSERT INTO t VALUES(1)"));
    if (commit) {
      REQUIRE(transaction.commit());
      CHECK(number(database, "PRAGMA synchronous") == 2);
    }
  }
  CHECK(number(database, "PRAGMA synchronous") == 2);
}

TEST_CASE("the log grows until a checkpoint, and is then written from its start again", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i)"));
  for (int i = 0; i < 2000; ++i) REQUIRE(database.exec("INSERT INTO t VALUES(1)"));
  CHECK(database.log_pages() > 2000);
  REQUIRE(database.checkpoint());
  const auto size = std::filesystem::file_size(dir / "db-wal");
  REQUIRE(database.exec("INSERT INTO t VALUES(1)"));
  CHECK(database.log_pages() < 5);
  CHECK(std::filesystem::file_size(dir / "db-wal") <= size);
}

TEST_CASE("a second owner is refused", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i)"));
  auto second = Database::open(dir / "db", 4096);
  const Status started = second ? second->start_log() : Status(second.error());
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::retry);
}

TEST_CASE("a file that is no database is to be dropped", "[sqlite]") {
  const test::TempDir dir;
  std::ofstream(dir / "db") << std::string(5000, 'x');
  auto database = Database::open(dir / "db", 4096);
  const Status started = database ? database->start_log() : Status(database.error());
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == ErrorKind::drop);
}

TEST_CASE("a folder that is missing is to be tried again", "[sqlite]") {
  const auto database = Database::open("/nonexistent/folder/db", 4096);
  REQUIRE_FALSE(database);
  CHECK(database.error().kind == ErrorKind::retry);
  CHECK(database.error().text.find("/nonexistent/folder/db") != std::string::npos);
}

TEST_CASE("a database that was deleted, renamed or replaced knows it", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  REQUIRE(database.exec("CREATE TABLE t(i)"));
  CHECK_FALSE(database.moved());
  std::filesystem::rename(dir / "db", dir / "other");
  CHECK(database.moved());
  std::ofstream(dir / "db") << "x";
  CHECK(database.moved());
}

TEST_CASE("a wrong statement is an error with its text", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  const auto statement = database.prepare("SELECT * FROM nowhere");
  REQUIRE_FALSE(statement);
  CHECK(statement.error().text.find("no such table: nowhere") != std::string::npos);
}

TEST_CASE("a parameter too many is our mistake, not the file's", "[sqlite]") {
  const test::TempDir dir;
  Database database = open_database(dir / "db");
  auto statement = database.prepare("SELECT ?");
  REQUIRE(statement);
  const auto row = statement->run(std::int64_t{1}, std::int64_t{2});
  REQUIRE_FALSE(row);
  CHECK(row.error().kind == ErrorKind::bug);
}

}  // namespace
}  // namespace scops
