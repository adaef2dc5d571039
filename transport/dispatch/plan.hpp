// What is still to be sent of one batch: ranges of its samples ("pieces"), widest first. A refused piece is
// sent once more, then cut in two and both halves go to the end of the line, so that the healthy half of a
// batch is sent, and shows that the intake accepts something, before the search for the bad record goes on.
// Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace scops {

// Samples [begin, end) of the merged batch.
struct Piece {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
};

// A record that was refused alone, and how many requests had been accepted before that.
struct Refusal {
  std::uint32_t position = 0;
  std::uint64_t accepted_before = 0;
};

class Plan {
 public:
  explicit Plan(std::uint32_t samples = 0);

  [[nodiscard]] bool done() const { return pieces_.empty(); }
  // The piece to send now, at most `limit` samples (at least 1). Only while not done(); the same until one of
  // the two below was called.
  [[nodiscard]] Piece next(std::uint32_t limit) const;
  // `piece`, as next() gave it, was accepted.
  void accepted(const Piece& piece);
  // `piece` was refused; `accepted_before` counts all requests of the output that were accepted so far.
  void refused(const Piece& piece, std::uint64_t accepted_before);

  // The same plan for what is left of the batch when some of its records are gone: record i of before is
  // record `places[i]` now, or has gone where `places[i + 1]` is the same. One more place than records.
  [[nodiscard]] Plan moved(const std::vector<std::uint32_t>& places) const;

  // Was anything of this batch accepted?
  [[nodiscard]] bool progressed() const { return progressed_; }
  // The records that were refused alone; the plan is done with them.
  [[nodiscard]] const std::vector<Refusal>& refusals() const { return refusals_; }

 private:
  void take_off(const Piece& piece);

  std::deque<Piece> pieces_;
  std::vector<Refusal> refusals_;
  std::uint32_t refused_ = 0;  // requests
  bool progressed_ = false;
};

}  // namespace scops
