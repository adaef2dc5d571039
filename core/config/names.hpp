// Every name by which an option can be set, and what a mistyped one most likely meant.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/option.hpp"

namespace scops {

class Names {
 public:
  struct Row {
    const Section* section;
    const Option* option;
  };
  struct Found {
    std::size_t row = 0;   // index into rows()
    std::size_t rank = 0;  // of several names of one option the smallest wins: 0 is the canonical one
    bool is_path = false;  // NAME_FILE: the value is the content of the file
  };

  explicit Names(std::span<const Section> sections);

  // All options in the order of their tables.
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

  // "host.interval", exactly.
  [[nodiscard]] const Found* find_key(std::string_view name) const;
  // "SCOPS_HOST_INTERVAL", "API_KEY" or "api_key_file", in any case.
  [[nodiscard]] const Found* find_variable(std::string_view name) const;

  // The nearest name of the same kind, or empty.
  [[nodiscard]] std::string nearest_key(std::string_view wrong) const;
  [[nodiscard]] std::string nearest_variable(std::string_view wrong) const;

 private:
  using Table = std::map<std::string, Found, std::less<>>;

  std::vector<Row> rows_;
  Table keys_;
  Table variables_;
};

}  // namespace scops
