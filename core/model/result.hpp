// Result<T>: a value or an Error, for everything that a peer, a file or a user can make fail.
// Exceptions stay for programming mistakes and the standard library. The names are those of
// std::expected, so that this header can become an alias once the compiler has it.
#pragma once

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace scops {

// What the caller does next, not what went wrong.
enum class ErrorKind {
  retry,    // try again later: the peer or the disk may recover
  drop,     // this piece of input is bad and will stay bad: drop it alone, count it
  absent,   // the kernel, board or daemon has no such data: quiet, nothing to report
  refused,  // a setting is wrong: say what is allowed
  bug,      // we did something wrong
};

struct Error {
  ErrorKind kind = ErrorKind::bug;
  std::string text;  // one line, no secrets, says what was attempted and what came of it
};

// Adds what was being done in front of an error on its way up: "mounts: open /proc/mounts: ...".
[[nodiscard]] inline Error within(std::string context, Error error) {
  error.text = std::move(context) + ": " + error.text;
  return error;
}

template <class T>
class [[nodiscard]] Result {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): `return value;` and `return Error{...};` are the point
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  [[nodiscard]] T value_or(T fallback) const& { return has_value() ? value() : std::move(fallback); }

 private:
  std::variant<T, Error> state_;
};

struct Ok {};
// The result of something done for its effect: `return Ok{};` or an Error.
using Status = Result<Ok>;

}  // namespace scops
