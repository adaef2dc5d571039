// Where a process shows its secrets without a word of its own: its command line, which everybody can read,
// and what is written of its memory when it crashes. See docs/decisions/074-where-secrets-end.md.
#pragma once

#include <span>

namespace scops {

// Overwrites with * what options that are secret, and the passwords in addresses, have as values. Call it
// when the arguments have been copied.
void hide_arguments(std::span<char* const> arguments);

// This process and its children leave no core file, and a program that takes core dumps gets no memory.
void forbid_core_dumps();

}  // namespace scops
