// A SQLite database for one owner: opened exclusively, without SQLite's own mutexes. The caller makes sure
// that only one thread at a time uses a database and its statements. Knows no tables.
//
// Errors say what to do: `retry` when the disk is full, locked, read-only or takes no writes; `bug` when the
// library was misused; everything else is `drop`: the file is damaged or cannot be read, is no database, or
// not ours.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace scops {

// Bytes to bind; a std::string_view is bound as text.
struct Blob {
  std::string_view bytes;
};

// A prepared statement, kept and run again. Does not outlive its database.
class Statement {
 public:
  Statement() = default;  // may only be assigned to

  // Starts over with these parameters and makes the first step; true when there is a row. Texts and blobs are
  // not copied: they must live until the last step().
  template <class... Values>
  Result<bool> run(const Values&... values) {
    reset();
    int index = 0;
    (bind(++index, values), ...);
    return step();
  }
  // The next row; false when there is none, which also ends the statement.
  Result<bool> step();
  // Ends a statement whose rows are not all wanted.
  void reset();

  // Columns of the present row, from 0; the text is valid until the next step or reset.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, Blob blob);

  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_failure_ = 0;
};

class Database {
 public:
  // Opens or makes the file, a new one with pages of `page_size` bytes. Nothing is written before
  // start_log().
  static Result<Database> open(const std::string& path, int page_size);
  // From now on every commit goes to a write-ahead log and is synced (but see Sync), and no other process can
  // use the file. The log is moved into the file by checkpoint() and when the database is closed, never
  // otherwise.
  Status start_log();

  // One or more statements whose rows do not matter.
  Status exec(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  // The first column of the first row of a query, 0 when there is none.
  Result<std::int64_t> number(std::string_view sql);

  // Pages in the log after the last commit, also those that checkpoint() has moved already.
  [[nodiscard]] int log_pages() const { return *log_pages_; }
  Status checkpoint();
  // The file or its log was deleted, renamed or replaced under us: what is written now, nobody will find.
  [[nodiscard]] bool moved() const;
  [[nodiscard]] bool sync_failed() const { return sync_failed_; }  // the log may have a hole

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  Error error(int code, std::string_view what);

  std::string path_;
  bool sync_failed_ = false;
  std::unique_ptr<int> log_pages_ = std::make_unique<int>(0);  // set by a callback: needs a fixed address
  std::unique_ptr<sqlite3, Close> handle_;
};

// Is a commit on the disk when it returns, or only safe from the end of the process until a later full one?
enum class Sync : std::uint8_t { full, off };

// A transaction on a database, which stays where it is meanwhile; undone at the end unless committed.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(&database) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Status begin(Sync sync);
  Status commit();

 private:
  void restore_sync();

  Database* database_;
  bool open_ = false;
  bool unsynced_ = false;
};

}  // namespace scops
