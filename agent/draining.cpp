#include "agent/draining.hpp"

#include <utility>

namespace scops {

Draining::Draining(std::unique_ptr<DrainCollector> drain, std::unique_ptr<Intake> intake)
    : drain_(std::move(drain)), intake_(std::move(intake)) {}

Status Draining::collect(Emit& emit) {
  (void)emit;
  intake_->discard();  // of a round that failed
  // The last round comes after the stop: it bounds itself.
  return drain_->drain(*intake_, closing_, closing_ ? std::stop_token{} : stop_);
}

}  // namespace scops
