#include "core/io/sqlite.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>

#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops {

namespace {

ErrorKind kind_of(int code) {
  // A sector that cannot be read stays so, and must not be waited for: it is damage like any other.
  if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_DATA || code == SQLITE_IOERR_CORRUPTFS) {
    return ErrorKind::drop;
  }
  switch (code & 0xFF) {
    case SQLITE_FULL:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_PROTOCOL:
    case SQLITE_INTERRUPT:
      return ErrorKind::retry;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return ErrorKind::bug;
    default:
      return ErrorKind::drop;
  }
}

// Nothing but a byte in the file, or how it was once opened, keeps us from writing to it: a copy of it mends
// that.
bool forbids_itself(sqlite3* handle, int code) {
  const char* const path = sqlite3_db_filename(handle, "main");
  return code == SQLITE_READONLY && path != nullptr && ::access(path, W_OK) == 0;
}

Error sqlite_error(sqlite3* handle, int code, std::string_view what) {
  // The message belongs to the last call only; SQLite keeps it in step with the code.
  const char* detail =
      sqlite3_extended_errcode(handle) == code ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  return {forbids_itself(handle, code) ? ErrorKind::drop : kind_of(code),
          fmt::format("sqlite {}: {} ({})", what.substr(0, what.find_first_of("=;(")), detail, code)};
}

int remember_log_pages(void* into, sqlite3* /*handle*/, const char* /*schema*/, int pages) {
  *static_cast<int*>(into) = pages;
  return SQLITE_OK;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::reset() {
  sqlite3_reset(handle_.get());  // repeats the error of the last step, which was told already
  sqlite3_clear_bindings(handle_.get());
  bind_failure_ = SQLITE_OK;
}

void Statement::bind(int index, std::int64_t value) {
  const int code = sqlite3_bind_int64(handle_.get(), index, value);
  if (code != SQLITE_OK) bind_failure_ = code;
}

void Statement::bind(int index, std::string_view text) {
  const int code =
      sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_failure_ = code;
}

void Statement::bind(int index, Blob blob) {
  const int code =
      sqlite3_bind_blob64(handle_.get(), index, blob.bytes.data(), blob.bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) bind_failure_ = code;
}

Result<bool> Statement::step() {
  sqlite3* owner = sqlite3_db_handle(handle_.get());
  if (bind_failure_ != SQLITE_OK) return sqlite_error(owner, bind_failure_, "bind");
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    sqlite3_reset(handle_.get());
    return false;
  }
  Error error = sqlite_error(owner, code, sqlite3_sql(handle_.get()));
  sqlite3_reset(handle_.get());
  return error;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::text(int column) const { return blob(column); }

std::string_view Statement::blob(int column) const {
  const void* data = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  if (data == nullptr || size <= 0) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Error Database::error(int code, std::string_view what) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) sync_failed_ = true;
  return sqlite_error(handle_.get(), code, what);
}

Result<Database> Database::open(const std::string& path, int page_size) {
  Database database;
  database.path_ = path;
  // SQLite would make it for all to read. Whatever is in the way here, SQLite says it better.
  (void)Fd(
      ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));  // NOLINT(*-vararg)
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  database.handle_.reset(handle);  // also after a failure there is one to close
  if (code != SQLITE_OK) return database.error(code, "open " + path);
  // Its own pool of small pieces would be 48 kB, for a speed that nobody needs here.
  sqlite3_db_config(handle, SQLITE_DBCONFIG_LOOKASIDE, nullptr, 0, 0);
  // secure_delete, on in Debian, would write zeros over every deleted block.
  const Status set = database.exec(fmt::format(
      "PRAGMA locking_mode=EXCLUSIVE; PRAGMA page_size={}; PRAGMA cache_size=-256; PRAGMA mmap_size=0;"
      "PRAGMA secure_delete=OFF; PRAGMA temp_store=MEMORY; PRAGMA journal_size_limit=4194304",
      page_size));
  if (!set) return within(path, set.error());
  return database;
}

// The lock was made exclusive before: the index of the log then lives in our memory, not in a shared file.
Status Database::start_log() {
  Result<Statement> wal = prepare("PRAGMA journal_mode=WAL");
  if (!wal) return wal.error();
  const Result<bool> row = wal->run();
  if (!row) return row.error();
  if (!*row || wal->text(0) != "wal")
    return Error{ErrorKind::retry, "sqlite: no write-ahead log possible here"};
  wal->reset();
  // Takes the place of SQLite's own checkpoints, which might fall into a commit that is not synced.
  sqlite3_wal_hook(handle_.get(), remember_log_pages, log_pages_.get());
  return exec("PRAGMA synchronous=FULL");
}

Status Database::exec(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, sql);
  return Ok{};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v3(handle_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  Statement statement;
  statement.handle_.reset(handle);
  if (code != SQLITE_OK) return error(code, sql);
  return statement;
}

Result<std::int64_t> Database::number(std::string_view sql) {
  Result<Statement> statement = prepare(sql);
  if (!statement) return statement.error();
  const Result<bool> row = statement->run();
  if (!row) return row.error();
  return *row ? statement->integer(0) : 0;
}

Status Database::checkpoint() {
  const int code =
      sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code != SQLITE_OK) return error(code, "checkpoint");
  return Ok{};
}

// The file has its pages since the last checkpoint at least, and the log is never empty after a commit.
// SQLite itself asks for the file's name only.
bool Database::moved() const {
  int answer = 0;
  const bool known =
      sqlite3_file_control(handle_.get(), "main", SQLITE_FCNTL_HAS_MOVED, &answer) == SQLITE_OK;
  if (known && answer != 0) return true;
  struct stat status {};
  if (*log_pages_ == 0) return false;
  return ::stat((path_ + "-wal").c_str(), &status) != 0 || status.st_size == 0;
}

Transaction::~Transaction() {
  if (open_) (void)database_->exec("ROLLBACK").has_value();  // the error that led here was told already
  open_ = false;
  restore_sync();
}

Status Transaction::begin(Sync sync) {
  if (sync == Sync::off) {
    // The level cannot change inside a transaction.
    if (Status relaxed = database_->exec("PRAGMA synchronous=OFF"); !relaxed) return relaxed;
    unsynced_ = true;
  }
  Status begun = database_->exec("BEGIN IMMEDIATE");
  open_ = begun.has_value();
  return begun;
}

Status Transaction::commit() {
  Status committed = database_->exec("COMMIT");
  if (committed) open_ = false;
  restore_sync();
  return committed;
}

// At once: a checkpoint, also the one when the database is closed, must never run without syncs.
void Transaction::restore_sync() {
  if (unsynced_ && !open_) unsynced_ = !database_->exec("PRAGMA synchronous=FULL").has_value();
}

}  // namespace scops
