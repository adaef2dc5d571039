// Ids of records, kept small: the clients' UUIDs in 17 bytes instead of 36 and a string's overhead, so that
// the ids of a large window can wait for its commit. Any bytes are an id.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/io/varint.hpp"

namespace scops::chouette {

class PackedIds {
 public:
  void add(std::string_view id);
  void clear();

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t bytes() const;  // that they take

  // Reads them in the order of adding; the ids must outlive it unchanged.
  class Reader {
   public:
    explicit Reader(const PackedIds& ids) : pieces_(ids.pieces_) {}
    // The next id, good until the next call. There must be one.
    std::string_view next();

   private:
    std::span<const std::string> pieces_;  // not yet begun
    ByteReader rest_;
    std::array<char, 36> uuid_{};
  };

 private:
  // Each id is a 0 and a UUID's 16 bytes, or its length + 1 as a varint and itself. In pieces, because one
  // text would be copied, and be there twice, whenever it grew.
  std::vector<std::string> pieces_;
  std::size_t count_ = 0;
};

}  // namespace scops::chouette
