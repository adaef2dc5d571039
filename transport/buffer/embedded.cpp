#include "transport/buffer/embedded.hpp"

#include <algorithm>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/runtime/log.hpp"
#include "transport/buffer/queue.hpp"

namespace scops {

namespace {

constexpr int log_pages_max = (1 << 20) / page_size;  // 1 MiB: then the log is moved into the file
constexpr std::size_t ranges_max = 1024;  // of a cursor: what is acked beyond may be sent again after a crash

}  // namespace

EmbeddedBuffer::EmbeddedBuffer(std::string path, FolderLock lock, std::vector<std::string> outputs,
                               Retention retention, BufferCounters counters)
    : lock_(std::move(lock)),
      path_(std::move(path)),
      outputs_(outputs),
      retention_(retention),
      counters_(counters),
      ledger_(std::move(outputs), retention),
      unsaved_(ledger_.outputs().size()) {}

Status EmbeddedBuffer::open() {
  const std::scoped_lock lock(mutex_);
  return ensure_open();
}

// Does it; when SQLite finds the file damaged, repairs that and does it once more.
template <class Action>
Status EmbeddedBuffer::attempt(const Action& action) {
  if (Status ready = ensure_open(); !ready) return ready;
  Status result = action();
  if (result || result.error().kind != ErrorKind::drop) return result;
  if (Status repaired = repair(result.error()); !repaired) return repaired;
  result = action();
  if (!result && result.error().kind == ErrorKind::drop) return Error{ErrorKind::retry, result.error().text};
  return result;
}

Result<std::vector<BlockId>> EmbeddedBuffer::put_all(std::span<const Block* const> blocks) {
  const std::scoped_lock lock(mutex_);
  if (Status trusted = renew_file(); !trusted) return trusted.error();
  std::uint64_t bytes = 0;
  for (const Block* block : blocks) bytes += block->bytes.size();
  // Of a batch that is larger than everything allowed, only the end is stored.
  std::size_t skipped = 0;
  double dropped = 0;
  for (; skipped < blocks.size() && bytes > retention_.bytes_max; ++skipped) {
    bytes -= blocks[skipped]->bytes.size();
    dropped += blocks[skipped]->records;
  }
  const auto stored = blocks.subspan(skipped);
  std::vector<std::uint64_t> in_the_way;
  const Status done = attempt([&] {
    if (stored.empty()) return Status(Ok{});
    in_the_way = ledger_.in_the_way(bytes, retention_.bytes_max);
    return store(stored, in_the_way);
  });
  if (!done) return done.error();
  for (const std::uint64_t id : in_the_way) dropped += static_cast<double>(ledger_.retire(id));
  counters_.dropped_bytes.add(dropped);
  std::vector<BlockId> ids(skipped);
  if (stored.empty()) return ids;  // nothing was written: what is gone has yet to be erased
  ledger_.sweep();
  for (const Block* block : stored) {
    const std::uint64_t id = ledger_.next_id();
    ledger_.add({.id = id,
                 .newest = block->newest,
                 .records = block->records,
                 .size = static_cast<std::uint32_t>(block->bytes.size()),
                 .kind = block->kind,
                 .stamp = stamp_of_block(block->bytes)});
    ids.push_back({0, id});
  }
  return ids;
}

// Nothing is put into a file that nobody will find, or whose log may have a hole.
Status EmbeddedBuffer::renew_file() {
  if (!file_) return Ok{};
  if (file_->database().moved()) {
    if (Status locked = take_lock(); !locked) return locked;
    return repair({ErrorKind::drop, path_ + " was deleted or replaced"});
  }
  if (file_->database().sync_failed()) return repair({ErrorKind::drop, path_ + ": a sync has failed"});
  return Ok{};
}

Status EmbeddedBuffer::store(std::span<const Block* const> blocks,
                             std::span<const std::uint64_t> in_the_way) {
  Status stored = write(blocks, in_the_way);
  if (!stored) file_->undone();
  return stored;
}

Status EmbeddedBuffer::write(std::span<const Block* const> blocks,
                             std::span<const std::uint64_t> in_the_way) {
  Transaction transaction(file_->database());
  if (Status begun = transaction.begin(Sync::full); !begun) return begun;
  const std::vector<std::uint64_t> gone = ledger_.gone();
  if (Status erased = file_->erase(gone); !erased) return erased;
  if (Status erased = file_->erase(in_the_way); !erased) return erased;
  if (Status saved = save_cursors(*file_, false); !saved) return saved;
  std::uint64_t id = ledger_.next_id();
  for (const Block* block : blocks) {
    if (Status inserted = file_->insert(id++, *block); !inserted) return inserted;
  }
  if (!gone.empty() || !in_the_way.empty()) {
    if (Status erased = file_->erase_names(oldest_after(in_the_way)); !erased) return erased;
  }
  if (Status committed = transaction.commit(); !committed) return committed;
  counters_.commits.add();
  std::fill(unsaved_.begin(), unsaved_.end(), 0);
  if (file_->database().log_pages() >= log_pages_max) {
    // What is committed stays so: a checkpoint that fails is made up for by the next one.
    if (Status moved = file_->database().checkpoint(); !moved) {
      log::warn("buffer", "checkpoint_failed", {{"error", moved.error().text}});
    }
  }
  return Ok{};
}

// The oldest block that stays when these, the oldest of all, and what is gone are erased.
std::uint64_t EmbeddedBuffer::oldest_after(std::span<const std::uint64_t> in_the_way) const {
  const std::uint64_t last = in_the_way.empty() ? 0 : in_the_way.back();
  const auto& entries = ledger_.entries();
  const auto stays = std::find_if(entries.begin(), entries.end(),
                                  [last](const Entry& entry) { return !entry.gone && entry.id > last; });
  return stays == entries.end() ? ledger_.next_id() : stays->id;
}

Status EmbeddedBuffer::save_cursors(BlockFile& file, bool all) {
  for (std::size_t output = 0; output < unsaved_.size(); ++output) {
    for (const Kind kind : kinds) {
      if (!all && (unsaved_[output] & bit(kind)) == 0) continue;
      Status saved =
          file.save_cursor(ledger_.outputs()[output], kind, ledger_.ranges(output, kind, ranges_max));
      if (!saved) return saved;
    }
  }
  return Ok{};
}

Result<Fetched> EmbeddedBuffer::fetch(std::string_view output, Kind kind, const Wanted& wanted) {
  const std::scoped_lock lock(mutex_);
  const auto index = ledger_.output(output);
  if (!index) return unknown_output(output);
  Fetched batch;
  const Status done = attempt([&]() -> Status {
    bool again = true;
    while (again) {  // ends: each turn but the last drops a block
      batch.blocks.clear();
      const Ledger::Next next = ledger_.next(*index, kind, wanted);
      batch.more = next.more;
      for (const std::uint64_t id : next.ids) {
        Result<Block> block = read_block(*ledger_.find(id));
        if (block) {
          batch.blocks.push_back(std::move(*block));
        } else if (block.error().kind == ErrorKind::absent) {
          drop_damaged(id, block.error());
        } else {
          return block.error();
        }
      }
      again = batch.blocks.empty() && !next.ids.empty();
    }
    return Ok{};
  });
  if (!done) return done.error();
  return batch;
}

// ErrorKind::absent: the file is fine but the block is not.
Result<Block> EmbeddedBuffer::read_block(const Entry& entry) {
  Result<std::string> bytes = file_->bytes(entry.id);
  if (!bytes) return bytes.error();
  if (const Status whole = check_block(*bytes); !whole) return Error{ErrorKind::absent, whole.error().text};
  return Block{.id = {0, entry.id},
               .kind = entry.kind,
               .records = entry.records,
               .newest = entry.newest,
               .shift = ledger_.shift(entry),
               .bytes = std::move(*bytes)};
}

void EmbeddedBuffer::drop_damaged(std::uint64_t id, const Error& why) {
  counters_.dropped_damaged.add(static_cast<double>(ledger_.retire(id)));
  log::warn("buffer", "block_damaged", {{"error", why.text}, {"block", std::to_string(id)}});
  // Unsynced, and if it fails the next start finds the block again; only the evidence is at stake.
  Transaction transaction(file_->database());
  if (transaction.begin(Sync::off) && file_->set_aside(id)) (void)transaction.commit().has_value();
}

Status EmbeddedBuffer::ack(std::string_view output, std::span<const BlockId> ids) {
  const std::scoped_lock lock(mutex_);
  const auto index = ledger_.output(output);
  if (!index) return unknown_output(output);
  for (const BlockId id : ids) {
    const Entry* entry = id.major == 0 ? ledger_.find(id.minor) : nullptr;
    if (entry != nullptr && ledger_.ack(*index, id.minor)) unsaved_[*index] |= bit(entry->kind);
  }
  if (unsaved_[*index] == 0) return Ok{};
  return attempt([&]() -> Status {
    Transaction transaction(file_->database());
    if (Status begun = transaction.begin(Sync::off); !begun) return begun;
    if (Status saved = save_cursors(*file_, false); !saved) return saved;
    if (Status committed = transaction.commit(); !committed) return committed;
    std::fill(unsaved_.begin(), unsaved_.end(), 0);
    return Ok{};
  });
}

Status EmbeddedBuffer::maintain(TimeMs now) {
  const std::scoped_lock lock(mutex_);
  counters_.expired(ledger_.expire(now));
  return ensure_open();
}

BufferStats EmbeddedBuffer::stats() const {
  const std::scoped_lock lock(mutex_);
  return ledger_.stats();
}

}  // namespace scops
