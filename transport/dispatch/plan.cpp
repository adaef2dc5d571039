#include "transport/dispatch/plan.hpp"

#include <algorithm>

namespace scops {

Plan::Plan(std::uint32_t samples) {
  if (samples > 0) pieces_.push_back({0, samples});
}

Piece Plan::next(std::uint32_t limit) const {
  const Piece& front = pieces_.front();
  // The batch and both its halves were refused: is it a bad record here and there, or the intake? One record
  // alone tells soonest, and costs least if it is the intake.
  constexpr std::uint32_t hopeless = 4;
  if (!progressed_ && refused_ >= hopeless) limit = 1;
  return {front.begin, front.begin + std::min(front.size(), std::max(limit, 1U))};
}

void Plan::accepted(const Piece& piece) {
  take_off(piece);
  progressed_ = true;
}

void Plan::refused(const Piece& piece, std::uint64_t accepted_before) {
  ++refused_;
  if (piece.size() > 1 && refused_ == 1) return;  // it may be a hiccup: once more as it was
  take_off(piece);
  if (piece.size() == 1) {
    refusals_.push_back({piece.begin, accepted_before});
    return;
  }
  const std::uint32_t middle = piece.begin + piece.size() / 2;
  pieces_.push_back({piece.begin, middle});
  pieces_.push_back({middle, piece.end});
}

Plan Plan::moved(const std::vector<std::uint32_t>& places) const {
  Plan plan = *this;
  for (Piece& piece : plan.pieces_) piece = {places[piece.begin], places[piece.end]};
  std::erase_if(plan.pieces_, [](const Piece& piece) { return piece.size() == 0; });
  std::erase_if(plan.refusals_, [&places](const Refusal& refusal) {
    return places[refusal.position] == places[refusal.position + 1];
  });
  for (Refusal& refusal : plan.refusals_) refusal.position = places[refusal.position];
  return plan;
}

void Plan::take_off(const Piece& piece) {
  pieces_.front().begin = piece.end;
  if (pieces_.front().size() == 0) pieces_.pop_front();
}

}  // namespace scops
