// The tables of the embedded buffer in one SQLite file, as typed calls. No policy and no lock: embedded.hpp
// has both. Of blocks that have the same names (names_of_block) one row keeps them for the next
// blocks_sharing ids: a block of a usual flush is then a third as large, and a row that goes bad costs so
// many at most (docs/decisions/087).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/sqlite.hpp"
#include "core/model/buffer.hpp"
#include "transport/buffer/ledger.hpp"

namespace scops {

inline constexpr int page_size = 1024;  // of the file: small, as most blocks are (docs/decisions/012)

inline constexpr std::uint64_t blocks_sharing = 256;

// A row of the table of blocks as it was read; `head` is the beginning of the block.
struct BlockRow {
  std::int64_t id = 0, kind = 0, records = 0, newest = 0, size = 0;
  std::string_view head;
};
// Nothing when the row makes no sense; `size_max`: no block of the file can be longer.
[[nodiscard]] std::optional<Entry> to_entry(const BlockRow& row, std::int64_t size_max);

class BlockFile {
 public:
  // Makes the file and its tables when there is nothing. ErrorKind::drop when it is damaged, foreign or of a
  // newer version; it is then as it was.
  static Result<BlockFile> open(const std::string& path);

  struct Cursor {
    std::string output;
    Kind kind = Kind::metrics;
    IdRange acked;
  };
  struct Content {
    std::vector<Entry> entries;  // ascending, nobody's ack set
    std::vector<Cursor> cursors;
    std::uint64_t last_id = 0;  // the largest that was ever given, as far as the file knows
    std::string damage;         // why some of it could not be read, else empty
  };
  // Everything but the blocks' bytes; of a damaged file what can be read. ErrorKind::retry when the disk
  // fails.
  Result<Content> content();

  // The bytes of a block; ErrorKind::absent when it is not there.
  Result<std::string> bytes(std::uint64_t id);

  // Inside a transaction:
  Status insert(std::uint64_t id, const Block& block);
  Status erase(std::span<const std::uint64_t> ids);  // ascending
  // No block below `oldest` is left: nor are the names that only those had. After insert().
  Status erase_names(std::uint64_t oldest);
  Status save_cursor(std::string_view output, Kind kind, std::span<const IdRange> acked);
  // Moves a block out of the way into the table `damaged`, which keeps the last few.
  Status set_aside(std::uint64_t id);

  // A transaction was undone: what it wrote is not there.
  void undone() { shared_.clear(); }

  [[nodiscard]] Database& database() { return database_; }

 private:
  explicit BlockFile(Database database) : database_(std::move(database)) {}
  // What lies in the row `id` of the table `names`.
  struct Names {
    std::uint64_t id = 0;
    std::string bytes;
  };

  Status make_tables();
  Status upgrade();
  Status prepare();
  Result<std::uint64_t> share(std::uint64_t id, std::string_view names);
  [[nodiscard]] std::map<std::uint64_t, std::uint32_t> sizes_of_names();
  Status read_entries(std::string_view sql, bool ascending, Content& content);
  Status read_cursors(Content& content);

  Database database_;
  Statement insert_, insert_names_, erase_, erase_names_, bytes_, forget_cursor_, save_cursor_;
  std::vector<Names> shared_;  // that the next block may have too, the youngest last
};

// Renames the file, with its log, to `path`.aside-1 or -2, so that a fresh one can be made; returns the new
// name, or "nothing" when there was neither.
Result<std::string> set_file_aside(const std::string& path);

// Where a repair fills a file that is to take the place of the one at `path`.
[[nodiscard]] inline std::string copy_of(const std::string& path) { return path + ".new"; }

// Gives the file `from` the name `path`, which no other file has any more. False when there is no `from`, or
// `path` is still there.
Result<bool> take_name(const std::string& from, const std::string& path);

// Removes a file and its log.
void remove_file(const std::string& path);

}  // namespace scops
