// A small read-only view of a JSON document (RFC 8259) over nlohmann/json, for configuration and API answers
// of modest size. Parsing never throws and refuses more than `max_depth` levels; of equal keys the last
// counts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/result.hpp"

namespace scops {

class JsonDoc {
 public:
  // ErrorKind::drop with the byte position when `text` is no JSON.
  static Result<JsonDoc> parse(std::string_view text, int max_depth = 32);

  // One place in the document: cheap to copy, lives as long as the document. Asking a value of the wrong kind
  // for something gives nothing, never an error: absent fields and nulls are normal life.
  class Value {
   public:
    [[nodiscard]] bool exists() const;  // there, and not null
    [[nodiscard]] bool is_object() const;
    [[nodiscard]] bool is_array() const;
    [[nodiscard]] Value operator[](std::string_view key) const;
    [[nodiscard]] Value at(std::size_t index) const;
    [[nodiscard]] std::size_t size() const;               // of an array or object, else 0
    [[nodiscard]] std::vector<std::string> keys() const;  // of an object
    [[nodiscard]] std::optional<double> number() const;   // finite numbers only
    [[nodiscard]] std::optional<std::string> text() const;
    [[nodiscard]] std::optional<bool> boolean() const;

   private:
    friend class JsonDoc;
    explicit Value(const void* node) : node_(node) {}
    const void* node_;
  };

  [[nodiscard]] Value root() const;

 private:
  explicit JsonDoc(std::shared_ptr<const void> tree) : tree_(std::move(tree)) {}
  std::shared_ptr<const void> tree_;
};

// `text` as a JSON string with quotes; bytes that are no UTF-8 become U+FFFD. Appends, for encoders.
void append_json_string(std::string& into, std::string_view text);

// A finite number in its shortest form that reads back the same; integers without exponent or point up to
// 2^53.
void append_json_number(std::string& into, double value);

}  // namespace scops
