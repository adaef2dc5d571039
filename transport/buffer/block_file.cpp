#include "transport/buffer/block_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/model/stamp.hpp"

namespace scops {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application = 0x53434F50;  // "SCOP"
constexpr std::int64_t version = 2;
constexpr std::int64_t largest_id = std::int64_t{1} << 62U;  // far from the end of the numbers
constexpr int asides_max = 2;
constexpr std::int64_t page_size_max = 65536;        // of any database
constexpr std::size_t names_kept_max = 128U << 10U;  // bytes in memory, to be compared with
constexpr std::size_t names_kept_number = 8;

// An id is given once: it lives in `blocks` or below a cursor, so that the largest of both is known for ever.
constexpr std::string_view schema = R"(
  CREATE TABLE blocks(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, records INTEGER NOT NULL,
                      newest INTEGER NOT NULL, bytes BLOB NOT NULL, names INTEGER NOT NULL) STRICT;
  CREATE TABLE names(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  CREATE TABLE cursors(output TEXT NOT NULL, kind INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
                       PRIMARY KEY(output, kind, first)) STRICT, WITHOUT ROWID;
  CREATE TABLE damaged(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, records INTEGER NOT NULL,
                       newest INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT;
  PRAGMA application_id={};
  PRAGMA user_version={})";

// In version 1 each block has its names with it.
constexpr std::string_view from_version_1 = R"(
  BEGIN IMMEDIATE;
  ALTER TABLE blocks ADD COLUMN names INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE names(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
  PRAGMA user_version={};
  COMMIT)";

Status done(const Result<bool>& row) {
  if (!row) return row.error();
  return Ok{};
}

bool is_there(const std::string& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

// Is there something at `path` that SQLite would take for a new database, or would hang on? A log without its
// file, or beside an empty one, it would remove.
Status check_file(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-journal"}) {
    const std::string name = path + suffix;
    const fs::file_status status = fs::status(name, ignored);
    if (is_there(name) && status.type() != fs::file_type::unknown && !fs::is_regular_file(status))
      return Error{ErrorKind::drop, name + ": not a regular file"};
  }
  if (!is_there(path + "-wal")) return Ok{};
  if (!is_there(path)) return Error{ErrorKind::drop, path + ": missing beside its log"};
  if (fs::file_size(path, ignored) == 0) return Error{ErrorKind::drop, path + ": empty beside its log"};
  return Ok{};
}

// 0: an empty database, to be made ours.
Result<std::int64_t> version_of(Database& database) {
  const Result<std::int64_t> id = database.number("PRAGMA application_id");
  if (!id) return id.error();
  const Result<std::int64_t> known = database.number("PRAGMA user_version");
  if (!known) return known.error();
  const Result<std::int64_t> tables = database.number("SELECT count(*) FROM sqlite_schema");
  if (!tables) return tables.error();
  if (*id == 0 && *known == 0 && *tables == 0) return std::int64_t{0};
  if (*id != application) return Error{ErrorKind::drop, "a database of another program"};
  if (*known < 1 || *known > version)
    return Error{ErrorKind::drop, fmt::format("of version {}, not {}", *known, version)};
  return *known;
}

bool fits(std::int64_t value, std::int64_t max) { return value >= 0 && value <= max; }

}  // namespace

std::optional<Entry> to_entry(const BlockRow& row, std::int64_t size_max) {
  constexpr std::int64_t u32_max = std::numeric_limits<std::uint32_t>::max();
  const bool sound = row.id > 0 && fits(row.id, largest_id) && row.kind >= 1 && row.kind <= 3 &&
                     fits(row.records, u32_max) && fits(row.size, std::min(size_max, u32_max));
  if (!sound) return std::nullopt;
  return Entry{.id = static_cast<std::uint64_t>(row.id),
               .newest = std::clamp(row.newest, -farthest_time, farthest_time),
               .records = static_cast<std::uint32_t>(row.records),
               .size = static_cast<std::uint32_t>(row.size),
               .kind = static_cast<Kind>(row.kind),
               .stamp = stamp_of_block(row.head)};
}

Result<BlockFile> BlockFile::open(const std::string& path) {
  if (Status usable = check_file(path); !usable) return usable.error();
  Result<Database> database = Database::open(path, page_size);
  if (!database) return database.error();
  const Result<std::int64_t> found = version_of(*database);
  if (!found) return within(path, found.error());
  BlockFile file(std::move(*database));
  // A file with other tables than ours is noticed before anything is written to it.
  Status ready = *found == version ? file.prepare() : *found == 0 ? file.make_tables() : file.upgrade();
  if (ready && *found == version) ready = file.database_.start_log();
  if (!ready) return within(path, ready.error());
  return file;
}

// An empty file is as good as one with empty tables: so it needs no journal to go back to, and the tables are
// synced with the first block. On an SD card each sync is a good part of the time that a start takes.
Status BlockFile::make_tables() {
  if (Status light = database_.exec("PRAGMA journal_mode=MEMORY"); !light) return light;
  if (Status started = database_.start_log(); !started) return started;
  Transaction transaction(database_);
  if (Status begun = transaction.begin(Sync::off); !begun) return begun;
  if (Status made = database_.exec(fmt::format(schema, application, version)); !made) return made;
  if (Status committed = transaction.commit(); !committed) return committed;
  return prepare();
}

Status BlockFile::upgrade() {
  const Result<Statement> known = database_.prepare("SELECT id, kind, records, newest, bytes FROM blocks");
  if (!known) return known.error();
  if (Status started = database_.start_log(); !started) return started;
  if (Status made = database_.exec(fmt::format(from_version_1, version)); !made) return made;
  return prepare();
}

Status BlockFile::prepare() {
  const std::array<std::pair<Statement*, std::string_view>, 7> all = {{
      {&insert_, "INSERT INTO blocks(id, kind, records, newest, bytes, names) VALUES(?, ?, ?, ?, ?, ?)"},
      {&insert_names_, "INSERT OR REPLACE INTO names(id, bytes) VALUES(?, ?)"},
      {&erase_, "DELETE FROM blocks WHERE id BETWEEN ? AND ?"},
      {&erase_names_,
       "DELETE FROM names WHERE id < ?1 AND id NOT IN (SELECT names FROM blocks WHERE id < ?1 + ?2)"},
      {&bytes_,
       "SELECT blocks.bytes, names.bytes FROM blocks LEFT JOIN names ON names.id = blocks.names "
       "WHERE blocks.id = ?"},
      {&forget_cursor_, "DELETE FROM cursors WHERE output = ? AND kind = ?"},
      {&save_cursor_, "INSERT INTO cursors(output, kind, first, last) VALUES(?, ?, ?, ?)"},
  }};
  for (const auto& [statement, sql] : all) {
    Result<Statement> prepared = database_.prepare(sql);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return Ok{};
}

// From the front until something cannot be read, and then from the back: one bad page costs little.
Result<BlockFile::Content> BlockFile::content() {
  const std::string ascending = fmt::format(
      "SELECT id, kind, records, newest, length(bytes), substr(bytes, 1, {}), names FROM blocks ORDER BY id",
      stamped_header_size);
  Content content;
  Status read = read_entries(ascending, true, content);
  if (!read) {
    if (read.error().kind != ErrorKind::drop) return read.error();
    content.damage = read.error().text;
    (void)read_entries(ascending + " DESC", false, content).has_value();
    const auto by_id = [](const Entry& a, const Entry& b) { return a.id < b.id; };
    std::sort(content.entries.begin(), content.entries.end(), by_id);
    const auto same_id = [](const Entry& a, const Entry& b) { return a.id == b.id; };
    content.entries.erase(std::unique(content.entries.begin(), content.entries.end(), same_id),
                          content.entries.end());
  }
  if (!content.entries.empty()) content.last_id = content.entries.back().id;
  if (Status cursors = read_cursors(content); !cursors) content.damage = cursors.error().text;
  const Result<std::int64_t> aside = database_.number("SELECT max(id) FROM damaged");
  if (aside && fits(*aside, largest_id))
    content.last_id = std::max(content.last_id, static_cast<std::uint64_t>(*aside));
  return content;
}

// The ids must keep their order: a tree that leads in circles would have no end.
Status BlockFile::read_entries(std::string_view sql, bool ascending, Content& content) {
  const Result<std::int64_t> pages = database_.number("PRAGMA page_count");
  if (!pages) return pages.error();
  Result<Statement> query = database_.prepare(sql);
  if (!query) return query.error();
  const std::int64_t size_max = *pages * page_size_max;
  const std::map<std::uint64_t, std::uint32_t> names = sizes_of_names();
  std::optional<std::int64_t> last;
  Result<bool> row = query->run();
  for (; row && *row; row = query->step()) {
    const BlockRow found = {.id = query->integer(0),
                            .kind = query->integer(1),
                            .records = query->integer(2),
                            .newest = query->integer(3),
                            .size = query->integer(4),
                            .head = query->blob(5)};
    if (last && (ascending ? found.id <= *last : found.id >= *last))
      return Error{ErrorKind::drop, "blocks are out of order"};
    last = found.id;
    if (std::optional<Entry> entry = to_entry(found, size_max)) {
      const auto shared = names.find(static_cast<std::uint64_t>(query->integer(6)));
      if (shared != names.end()) entry->size += std::min(shared->second, UINT32_MAX - entry->size);
      content.entries.push_back(*entry);
    } else {
      content.damage = "a block's row makes no sense";
    }
  }
  return done(row);
}

// As far as they can be read: a block whose names cannot be is found damaged when it is read itself.
std::map<std::uint64_t, std::uint32_t> BlockFile::sizes_of_names() {
  std::map<std::uint64_t, std::uint32_t> sizes;
  Result<Statement> query = database_.prepare("SELECT id, length(bytes) FROM names ORDER BY id");
  if (!query) return sizes;
  std::int64_t last = -1;  // in order, as in read_entries()
  for (Result<bool> row = query->run(); row && *row && query->integer(0) > last; row = query->step()) {
    last = query->integer(0);
    if (fits(query->integer(1), names_kept_max))
      sizes[static_cast<std::uint64_t>(last)] = static_cast<std::uint32_t>(query->integer(1));
  }
  return sizes;
}

Status BlockFile::read_cursors(Content& content) {
  Result<Statement> query = database_.prepare("SELECT output, kind, first, last FROM cursors");
  if (!query) return query.error();
  Result<bool> row = query->run();
  for (; row && *row; row = query->step()) {
    const std::int64_t kind = query->integer(1);
    const std::int64_t first = query->integer(2);
    const std::int64_t last = query->integer(3);
    if (kind < 1 || kind > 3 || !fits(last, largest_id) || !fits(first, last)) {
      content.damage = "a cursor's row makes no sense";
      continue;
    }
    const IdRange acked = {static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(last)};
    content.cursors.push_back({std::string(query->text(0)), static_cast<Kind>(kind), acked});
    content.last_id = std::max(content.last_id, acked.last);
  }
  return done(row);
}

Result<std::string> BlockFile::bytes(std::uint64_t id) {
  const Result<bool> row = bytes_.run(static_cast<std::int64_t>(id));
  if (!row) return row.error();
  if (!*row) return Error{ErrorKind::absent, fmt::format("block {} is missing", id)};
  std::string bytes(bytes_.blob(0));
  bytes.append(bytes_.blob(1));
  bytes_.reset();
  return bytes;
}

Status BlockFile::insert(std::uint64_t id, const Block& block) {
  const std::string_view whole = block.bytes;
  const std::string_view names = whole.substr(names_of_block(whole));
  std::string_view bytes = whole;
  std::uint64_t row = 0;
  if (!names.empty() && names.size() <= names_kept_max) {
    const Result<std::uint64_t> shared = share(id, names);
    if (!shared) return shared.error();
    row = *shared;
    bytes.remove_suffix(names.size());
  }
  return done(insert_.run(static_cast<std::int64_t>(id), static_cast<std::int64_t>(block.kind),
                          static_cast<std::int64_t>(block.records), block.newest, Blob{bytes},
                          static_cast<std::int64_t>(row)));
}

// The row that has these names for the block `id`: one that has them already, or one of its own.
Result<std::uint64_t> BlockFile::share(std::uint64_t id, std::string_view names) {
  std::erase_if(shared_, [id](const Names& one) { return id - one.id >= blocks_sharing; });
  const auto same = [names](const Names& one) { return one.bytes == names; };
  const auto known = std::find_if(shared_.begin(), shared_.end(), same);
  if (known != shared_.end()) return known->id;
  if (Status kept = done(insert_names_.run(static_cast<std::int64_t>(id), Blob{names})); !kept)
    return kept.error();
  shared_.push_back({id, std::string(names)});
  std::size_t bytes = 0;
  std::size_t number = 0;
  const auto enough = std::find_if(shared_.rbegin(), shared_.rend(), [&](const Names& one) {
    bytes += one.bytes.size();
    return ++number > names_kept_number || bytes > names_kept_max;
  });
  shared_.erase(shared_.begin(), enough.base());
  return id;
}

// Not those that the next block may have too.
Status BlockFile::erase_names(std::uint64_t oldest) {
  const std::uint64_t end = shared_.empty() ? oldest : std::min(oldest, shared_.front().id);
  return done(erase_names_.run(static_cast<std::int64_t>(end), static_cast<std::int64_t>(blocks_sharing)));
}

Status BlockFile::erase(std::span<const std::uint64_t> ids) {
  for (std::size_t i = 0; i < ids.size();) {
    const std::size_t first = i++;
    while (i < ids.size() && ids[i] == ids[i - 1] + 1) ++i;
    Status erased =
        done(erase_.run(static_cast<std::int64_t>(ids[first]), static_cast<std::int64_t>(ids[i - 1])));
    if (!erased) return erased;
  }
  return Ok{};
}

Status BlockFile::save_cursor(std::string_view output, Kind kind, std::span<const IdRange> acked) {
  const auto number = static_cast<std::int64_t>(kind);
  if (Status forgotten = done(forget_cursor_.run(output, number)); !forgotten) return forgotten;
  for (const IdRange& range : acked) {
    Status saved = done(save_cursor_.run(output, number, static_cast<std::int64_t>(range.first),
                                         static_cast<std::int64_t>(range.last)));
    if (!saved) return saved;
  }
  return Ok{};
}

Status BlockFile::set_aside(std::uint64_t id) {
  return database_.exec(
      fmt::format("INSERT OR REPLACE INTO damaged SELECT id, kind, records, newest, bytes FROM blocks "
                  "WHERE id = {0} AND length(bytes) <= 65536;"
                  "DELETE FROM damaged WHERE id NOT IN (SELECT id FROM damaged ORDER BY id DESC LIMIT 8);"
                  "DELETE FROM blocks WHERE id = {0}",
                  id));
}

void remove_file(const std::string& path) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) fs::remove_all(path + suffix, ignored);
}

// The first free name; when there is none, the last one is given up: the first damage explains most.
Result<std::string> set_file_aside(const std::string& path) {
  std::error_code error;
  if (!is_there(path) && !is_there(path + "-wal")) return std::string("nothing");
  std::string aside;
  for (int i = 1; i <= asides_max; ++i) {
    aside = fmt::format("{}.aside-{}", path, i);
    if (!is_there(aside) && !is_there(aside + "-wal")) break;
  }
  remove_file(aside);
  if (is_there(path)) fs::rename(path, aside, error);
  if (error) return Error{ErrorKind::retry, fmt::format("rename {} to {}: {}", path, aside, error.message())};
  for (const char* suffix : {"-wal", "-journal"}) fs::rename(path + suffix, aside + suffix, error);
  fs::remove(path + "-shm", error);
  return aside;
}

// A log that is left under that name belongs to a file that was there before.
Result<bool> take_name(const std::string& from, const std::string& path) {
  if (is_there(path) || !is_there(from)) return false;
  std::error_code error;
  for (const char* suffix : {"-wal", "-shm", "-journal"}) fs::remove_all(path + suffix, error);
  fs::rename(from, path, error);
  if (error) return Error{ErrorKind::retry, fmt::format("rename {} to {}: {}", from, path, error.message())};
  return true;
}

}  // namespace scops
