// Texts that are made one after another in one buffer, and seen as views once all are there: no allocation
// for each of them, nor any once the buffer has grown.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace scops::chouette {

class Texts {
 public:
  void clear();
  // The buffer: append a text to it, then close it.
  [[nodiscard]] std::string& open() { return bytes_; }
  // What was appended is one text more, or number `index` from now on.
  void close();
  void close_as(std::size_t index);

  // Bytes of the text that is open.
  [[nodiscard]] std::size_t open_size() const { return bytes_.size() - begin_; }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  // All texts, in the order of making or sorted; views are good until the next change.
  [[nodiscard]] std::span<const std::string_view> views();
  [[nodiscard]] std::span<const std::string_view> sorted();

 private:
  struct Place {
    std::size_t begin, size;
  };
  std::string bytes_;
  std::vector<Place> places_;
  std::vector<std::string_view> views_;
  std::size_t begin_ = 0;  // of the text that is open
};

}  // namespace scops::chouette
