#include "transport/dispatch/plan.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <vector>

using scops::Piece;
using scops::Plan;

namespace {

// Runs a plan against an intake that refuses each request with one of `poison` in it. Returns the requests
// made.
int run(Plan& plan, const std::set<std::uint32_t>& poison, std::set<std::uint32_t>& delivered,
        std::uint32_t limit = 1000) {
  int requests = 0;
  while (!plan.done() && requests < 10'000) {
    const Piece piece = plan.next(limit);
    ++requests;
    const auto first = poison.lower_bound(piece.begin);
    if (first != poison.end() && *first < piece.end) {
      plan.refused(piece, 0);
    } else {
      plan.accepted(piece);
      for (std::uint32_t i = piece.begin; i < piece.end; ++i) delivered.insert(i);
    }
  }
  return requests;
}

}  // namespace

TEST_CASE("plan: nothing to send is done") { CHECK(Plan(0).done()); }

TEST_CASE("plan: a batch within the limit is one piece") {
  Plan plan(10);
  const Piece piece = plan.next(10);
  CHECK(piece.begin == 0);
  CHECK(piece.end == 10);
  plan.accepted(piece);
  CHECK(plan.done());
  CHECK(plan.progressed());
}

TEST_CASE("plan: a batch above the limit goes in pieces") {
  Plan plan(25);
  std::set<std::uint32_t> delivered;
  CHECK(run(plan, {}, delivered, 10) == 3);
  CHECK(delivered.size() == 25);
}

TEST_CASE("plan: a limit of 0 still sends something") { CHECK(Plan(3).next(0).size() == 1); }

TEST_CASE("plan: the first refusal is sent once more as it was") {
  Plan plan(8);
  const Piece first = plan.next(8);
  plan.refused(first, 0);
  CHECK(plan.next(8).begin == first.begin);
  CHECK(plan.next(8).end == first.end);
  plan.refused(first, 0);
  CHECK(plan.next(8).size() == 4);
}

TEST_CASE("plan: the bisection finds exactly the bad records and delivers the rest") {
  const auto poison =
      GENERATE(std::set<std::uint32_t>{0}, std::set<std::uint32_t>{999}, std::set<std::uint32_t>{500},
               std::set<std::uint32_t>{1, 2, 700}, std::set<std::uint32_t>{});
  Plan plan(1000);
  std::set<std::uint32_t> delivered;
  const int requests = run(plan, poison, delivered);
  std::set<std::uint32_t> found;
  for (const auto& refusal : plan.refusals()) found.insert(refusal.position);
  CHECK(found == poison);
  CHECK(delivered.size() == 1000 - poison.size());
  CHECK(requests <= 2 + static_cast<int>(poison.size()) * 2 * 10);
}

TEST_CASE("plan: after a refusal the healthy half is tried before the search goes on") {
  Plan plan(8);
  plan.refused(plan.next(8), 0);
  plan.refused(plan.next(8), 0);
  plan.refused(plan.next(8), 0);  // the first half
  CHECK(plan.next(8).begin == 4);
  CHECK(plan.next(8).end == 8);
}

TEST_CASE("plan: when both halves are refused too, single records are asked about until one is accepted") {
  Plan plan(100);
  for (int i = 0; i < 4; ++i) plan.refused(plan.next(1000), 0);
  CHECK(plan.next(1000).size() == 1);
  plan.refused(plan.next(1000), 0);
  CHECK(plan.next(1000).size() == 1);
  plan.accepted(plan.next(1000));
  CHECK(plan.next(1000).size() > 1);
}

TEST_CASE("plan: when records of the batch are gone, those that are left keep what was found out of them") {
  Plan plan(10);
  plan.accepted(plan.next(3));    // 0 to 2
  plan.refused(plan.next(1), 7);  // 3 alone: the first refusal of a piece of one is its last
  // Of 0 to 9, the odd ones are left.
  const Plan left = plan.moved({0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5});
  CHECK(left.progressed());
  REQUIRE(left.refusals().size() == 1);
  CHECK(left.refusals().front().position == 1);
  CHECK(left.refusals().front().accepted_before == 7);
  CHECK(left.next(10).begin == 2);
  CHECK(left.next(10).end == 5);
}

TEST_CASE("plan: a search goes on in the same halves when records are gone") {
  Plan plan(8);
  for (int i = 0; i < 2; ++i) plan.refused(plan.next(8), 0);
  plan = plan.moved({0, 0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(plan.next(8).size() == 3);
  plan = plan.moved({0, 0, 0, 0, 1, 2, 3, 4});  // the first half is gone
  CHECK(plan.next(8).begin == 0);
  CHECK(plan.next(8).end == 4);
  CHECK(plan.moved({0, 0, 0, 0, 0}).done());
}

TEST_CASE(
    "plan: one record refused alone is set aside at once, with the number of requests accepted before") {
  Plan plan(1);
  plan.refused(plan.next(10), 42);
  CHECK(plan.done());
  CHECK_FALSE(plan.progressed());
  REQUIRE(plan.refusals().size() == 1);
  CHECK(plan.refusals().front().accepted_before == 42);
}
