#include "collectors/listen/chouette/texts.hpp"

#include <algorithm>

namespace scops::chouette {

void Texts::clear() {
  bytes_.clear();
  places_.clear();
  begin_ = 0;
}

void Texts::close() {
  places_.push_back({begin_, open_size()});
  begin_ = bytes_.size();
}

void Texts::close_as(std::size_t index) {
  places_[index] = {begin_, open_size()};
  begin_ = bytes_.size();
}

std::span<const std::string_view> Texts::views() {
  views_.clear();
  for (const Place& place : places_)
    views_.push_back(std::string_view(bytes_).substr(place.begin, place.size));
  return views_;
}

std::span<const std::string_view> Texts::sorted() {
  (void)views();
  std::sort(views_.begin(), views_.end());
  return views_;
}

}  // namespace scops::chouette
