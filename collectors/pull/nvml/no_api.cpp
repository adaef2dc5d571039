// Of a static program: glibc's loader would need the glibc of the board to be the one that it was built with.
#include "collectors/pull/nvml/api.hpp"

namespace scops::nvml {

Result<Library> Library::open(const std::string& /*name*/) {
  return Error{
      ErrorKind::absent,
      "this is the static program, which cannot load NVIDIA's library: use the dynamic one (./dev build "
      "release)"};
}

Library::Library(Library&&) noexcept = default;
Library::~Library() = default;

// NOLINTNEXTLINE(readability-convert-member-functions-to-static): not in api.cpp
std::string Library::text(Answer answer) const { return std::to_string(static_cast<int>(answer)); }

}  // namespace scops::nvml
