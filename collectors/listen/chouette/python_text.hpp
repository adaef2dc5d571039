// How values of JSON read as texts where the Python agent made texts of them: a graph must keep its tags when
// the agent changes. Everything is appended.
#pragma once

#include <string>
#include <string_view>

namespace scops::chouette {

// A number as Python's str() writes it: 3, 3.0, 0.25, 1e+22, inf. `literal` is a number of JSON.
void append_number(std::string& into, std::string_view literal);

// The same text for numbers that are equal, as 1 and 1.0 are: members of a set are told apart by it.
void append_canonical_number(std::string& into, std::string_view literal);

// A JSON value without the blanks that say nothing.
void append_without_blanks(std::string& into, std::string_view json);

}  // namespace scops::chouette
