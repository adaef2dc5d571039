// The embedded buffer's file when it is opened, and when it is not as it should be.

#include <algorithm>
#include <utility>

#include "core/runtime/log.hpp"
#include "transport/buffer/embedded.hpp"

namespace scops {

namespace {

constexpr std::size_t blocks_a_copy = 256;  // in one transaction, so that the log stays small

}  // namespace

Status EmbeddedBuffer::ensure_open() {
  if (file_) return Ok{};
  if (Status locked = take_lock(); !locked) return locked;
  if (Status opened = open_file(); !opened) return opened;
  const Result<BlockFile::Content> content = file_->content();
  if (!content) {
    file_.reset();
    return content.error();
  }
  take_over(*content);
  if (content->damage.empty()) return Ok{};
  return repair({ErrorKind::drop, content->damage});
}

// A folder that is of no use now, or used by somebody else, may be well again later.
Status EmbeddedBuffer::take_lock() {
  const Status taken = lock_.take();
  if (!taken) return Error{ErrorKind::retry, taken.error().text};
  return Ok{};
}

Status EmbeddedBuffer::open_file() {
  // A repair was cut off between two names: the copy is whole, and the old file is out of the way.
  if (const Result<bool> taken = take_name(copy_path(), path_); !taken) return taken.error();
  Result<BlockFile> file = BlockFile::open(path_);
  if (!file && file.error().kind == ErrorKind::drop) {
    const Result<std::string> aside = set_file_aside(path_);
    if (!aside) return aside.error();
    log::warn("buffer", "file_set_aside", {{"error", file.error().text}, {"kept_as", *aside}});
    file = BlockFile::open(path_);
  }
  if (!file) return file.error();
  file_ = std::move(*file);
  remove_file(copy_path());  // of a repair that was cut off before: it must not come back later
  return Ok{};
}

// Outputs that are not configured now keep what waits for them: somebody may just be having a look, in a
// shell that lacks the service's settings. Retention ends it.
void EmbeddedBuffer::take_over(const BlockFile::Content& content) {
  ledger_ = Ledger(outputs_, retention_);
  for (const Entry& entry : content.entries) ledger_.add(entry);
  ledger_.reserve_ids(content.last_id + 1);
  for (const BlockFile::Cursor& cursor : content.cursors) {
    if (!ledger_.output(cursor.output)) (void)ledger_.add_absent(cursor.output);
  }
  // One without a cursor gets one with the next put, so that it is known should it be absent next time.
  unsaved_.assign(ledger_.outputs().size(), bit(Kind::metrics));
  for (const BlockFile::Cursor& cursor : content.cursors) {
    const auto output = ledger_.output(cursor.output);
    if (!output) continue;
    ledger_.ack_range(*output, cursor.kind, cursor.acked);
    unsaved_[*output] = 0;
  }
}

// Copies what can be read to a fresh file, which then takes the old one's place: at any moment one of the two
// is whole. As long as that fails the old one stays in use.
Status EmbeddedBuffer::repair(const Error& why) {
  std::vector<std::uint64_t> lost;
  if (Status copied = copy_to(copy_path(), lost); !copied) {
    remove_file(copy_path());
    return Error{ErrorKind::retry, copied.error().text};
  }
  const bool is_evidence = !lost.empty() || !file_->database().sync_failed();
  const Result<std::string> aside = is_evidence ? set_file_aside(path_) : std::string("nothing");
  if (!aside) {
    remove_file(copy_path());
    return aside.error();
  }
  if (!is_evidence) remove_file(path_);
  file_.reset();  // SQLite removes its log, by name: after it was renamed, and before there is another one
  std::uint64_t records = 0;
  for (const std::uint64_t id : lost) records += ledger_.retire(id);
  ledger_.sweep();
  counters_.dropped_damaged.add(static_cast<double>(records));
  log::warn("buffer", "file_replaced",
            {{"error", why.text},
             {"kept_as", *aside},
             {"blocks_saved", std::to_string(ledger_.stats().blocks)},
             {"blocks_lost", std::to_string(lost.size())}});
  if (Status opened = open_file(); !opened) return Error{ErrorKind::retry, opened.error().text};
  return Ok{};
}

Status EmbeddedBuffer::copy_to(const std::string& path, std::vector<std::uint64_t>& lost) {
  remove_file(path);
  Result<BlockFile> fresh = BlockFile::open(path);
  if (!fresh) return fresh.error();
  return copy_blocks(*fresh, lost);
}

Status EmbeddedBuffer::copy_blocks(BlockFile& fresh, std::vector<std::uint64_t>& lost) {
  const std::size_t total = ledger_.entries().size();
  std::size_t next = 0;
  do {
    const std::size_t end = std::min(total, next + blocks_a_copy);
    Transaction transaction(fresh.database());
    if (Status begun = transaction.begin(Sync::full); !begun) return begun;
    for (; next < end; ++next) {
      if (Status copied = copy_block(ledger_.entries()[next], fresh, lost); !copied) return copied;
    }
    if (Status saved = save_cursors(fresh, true); !saved) return saved;
    if (Status committed = transaction.commit(); !committed) return committed;
    counters_.commits.add();
    if (Status moved = fresh.database().checkpoint(); !moved) return moved;
  } while (next < total);
  return Ok{};
}

Status EmbeddedBuffer::copy_block(const Entry& entry, BlockFile& fresh, std::vector<std::uint64_t>& lost) {
  if (entry.gone) return Ok{};
  const Result<Block> block = read_block(entry);
  if (block) return fresh.insert(entry.id, *block);
  if (block.error().kind == ErrorKind::retry) return block.error();
  lost.push_back(entry.id);
  return Ok{};
}

}  // namespace scops
