// The buffer in a SQLite file, written so as to spare flash and to survive anything:
//
//   put       one transaction and one synced commit; it also deletes the blocks that nobody waits for
//   ack       one unsynced commit of the output's cursor: the kernel has it, so it survives our end at once,
//             and the next put makes it survive a power cut too
//   damage    a block with a wrong checksum goes to the table `damaged`; of a file that SQLite cannot read,
//             what can be read is copied to a fresh one, and the file is kept aside; the same when the file
//             is deleted under us, or a sync fails
//
// What each output has acked is held in memory (ledger.hpp) and saved as ranges of ids. An error with kind
// `retry` says that the disk did not take it; nothing that was stored is lost by it. Any thread; one lock.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "transport/buffer/block_file.hpp"
#include "transport/buffer/folder_lock.hpp"
#include "transport/buffer/ledger.hpp"
#include "transport/buffer/store.hpp"

namespace scops {

class EmbeddedBuffer final : public Store {
 public:
  // `lock` is what keeps other processes away from `path`; taken before the file is opened, released last.
  EmbeddedBuffer(std::string path, FolderLock lock, std::vector<std::string> outputs, Retention retention,
                 BufferCounters counters);

  // Opens the file; called again by all the others for as long as it fails.
  Status open();

  Result<std::vector<BlockId>> put_all(std::span<const Block* const> blocks) override;
  Result<Fetched> fetch(std::string_view output, Kind kind, const Wanted& wanted) override;
  // An error means that a restart may read them again, not that this process will.
  Status ack(std::string_view output, std::span<const BlockId> ids) override;
  Status maintain(TimeMs now) override;
  [[nodiscard]] BufferStats stats() const override;

 private:
  // Of a kind in unsaved_.
  static constexpr std::uint32_t bit(Kind kind) { return 1U << static_cast<unsigned>(kind); }

  // All of these with mutex_ held.
  Status take_lock();
  Status ensure_open();
  Status open_file();
  void take_over(const BlockFile::Content& content);
  template <class Action>
  Status attempt(const Action& action);
  Status renew_file();
  Status repair(const Error& why);
  Status copy_to(const std::string& path, std::vector<std::uint64_t>& lost);
  Status copy_blocks(BlockFile& fresh, std::vector<std::uint64_t>& lost);
  Status copy_block(const Entry& entry, BlockFile& fresh, std::vector<std::uint64_t>& lost);
  Status store(std::span<const Block* const> blocks, std::span<const std::uint64_t> in_the_way);
  Status write(std::span<const Block* const> blocks, std::span<const std::uint64_t> in_the_way);
  [[nodiscard]] std::uint64_t oldest_after(std::span<const std::uint64_t> in_the_way) const;
  Status save_cursors(BlockFile& file, bool all);
  Result<Block> read_block(const Entry& entry);
  void drop_damaged(std::uint64_t id, const Error& why);

  [[nodiscard]] std::string copy_path() const { return copy_of(path_); }

  FolderLock lock_;
  const std::string path_;
  const std::vector<std::string> outputs_;
  const Retention retention_;
  const BufferCounters counters_;

  mutable std::mutex mutex_;
  Ledger ledger_;
  std::vector<std::uint32_t> unsaved_;  // for each output a bit for each kind whose cursor moved
  std::optional<BlockFile> file_;
};

}  // namespace scops
