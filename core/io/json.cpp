#include "core/io/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/model/text.hpp"

namespace scops {
namespace {

using Json = nlohmann::json;

const Json& as_json(const void* node) { return *static_cast<const Json*>(node); }

// Receives the events of nlohmann's parser, which does not recurse, and builds the tree. Our own, because the
// parser's own builder neither limits the depth nor tells where a text is wrong without throwing.
class TreeBuilder final : public Json::json_sax_t {
 public:
  explicit TreeBuilder(int max_depth) : max_depth_(static_cast<std::size_t>(std::max(max_depth, 0))) {}

  [[nodiscard]] Json take_tree() { return std::move(tree_); }
  [[nodiscard]] const std::string& trouble() const { return trouble_; }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(Json::number_integer_t value) override { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) override { return add(value); }
  bool number_float(Json::number_float_t value, const std::string& /*text*/) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(Json::binary_t& /*value*/) override { return false; }  // not in JSON text
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }

  bool key(std::string& name) override {
    member_ = &(*open_.back())[name];  // a second time the same: the later value replaces the first
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const Json::exception& /*error*/) override {
    trouble_ = fmt::format("not JSON at byte {}", position);
    return false;
  }

 private:
  Json& place(Json value) {
    if (open_.empty()) return tree_ = std::move(value);
    if (open_.back()->is_object()) return *member_ = std::move(value);
    open_.back()->push_back(std::move(value));
    return open_.back()->back();
  }

  bool add(Json value) {
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.size() == max_depth_) {
      trouble_ = fmt::format("JSON nested more than {} levels deep", max_depth_);
      return false;
    }
    open_.push_back(&place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  Json tree_;
  std::vector<Json*> open_;  // the containers around the current place, outermost first
  Json* member_ = nullptr;   // where the value of the last key goes
  std::size_t max_depth_;
  std::string trouble_;
};

void append_escaped(std::string& into, char c) {
  switch (c) {
    case '"':
      into += "\\\"";
      break;
    case '\\':
      into += "\\\\";
      break;
    case '\n':
      into += "\\n";
      break;
    case '\r':
      into += "\\r";
      break;
    case '\t':
      into += "\\t";
      break;
    default:
      fmt::format_to(std::back_inserter(into), "\\u{:04x}", static_cast<unsigned char>(c));
  }
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

Result<JsonDoc> JsonDoc::parse(std::string_view text, int max_depth) {
  // The parser takes a 0 byte for the end of the text.
  if (const auto zero = text.find('\0'); zero != std::string_view::npos) {
    return Error{ErrorKind::drop, fmt::format("not JSON at byte {}", zero + 1)};
  }
  TreeBuilder builder(max_depth);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) return Error{ErrorKind::drop, builder.trouble()};
  return JsonDoc(std::make_shared<const Json>(builder.take_tree()));
}

JsonDoc::Value JsonDoc::root() const { return Value(tree_.get()); }

bool JsonDoc::Value::exists() const { return node_ != nullptr && !as_json(node_).is_null(); }

bool JsonDoc::Value::is_object() const { return node_ != nullptr && as_json(node_).is_object(); }

bool JsonDoc::Value::is_array() const { return node_ != nullptr && as_json(node_).is_array(); }

JsonDoc::Value JsonDoc::Value::operator[](std::string_view key) const {
  if (!is_object()) return Value(nullptr);
  const auto found = as_json(node_).find(key);
  return Value(found == as_json(node_).end() ? nullptr : &*found);
}

JsonDoc::Value JsonDoc::Value::at(std::size_t index) const {
  if (!is_array() || index >= as_json(node_).size()) return Value(nullptr);
  return Value(&as_json(node_)[index]);
}

std::size_t JsonDoc::Value::size() const { return is_object() || is_array() ? as_json(node_).size() : 0; }

std::vector<std::string> JsonDoc::Value::keys() const {
  std::vector<std::string> names;
  if (!is_object()) return names;
  names.reserve(size());
  for (const auto& [name, value] : as_json(node_).items()) names.push_back(name);
  return names;
}

std::optional<double> JsonDoc::Value::number() const {
  if (node_ == nullptr || !as_json(node_).is_number()) return std::nullopt;
  return as_json(node_).get<double>();
}

std::optional<std::string> JsonDoc::Value::text() const {
  if (node_ == nullptr || !as_json(node_).is_string()) return std::nullopt;
  return as_json(node_).get_ref<const std::string&>();
}

std::optional<bool> JsonDoc::Value::boolean() const {
  if (node_ == nullptr || !as_json(node_).is_boolean()) return std::nullopt;
  return as_json(node_).get<bool>();
}

void append_json_string(std::string& into, std::string_view text) {
  std::string repaired;
  if (!is_ascii(text)) {
    repaired = to_utf8(text);
    text = repaired;
  }
  into += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      append_escaped(into, c);
    } else {
      into += c;
    }
  }
  into += '"';
}

void append_json_number(std::string& into, double value) {
  if (!std::isfinite(value)) {
    into += "null";  // JSON has no other word for it; callers drop such values before
    return;
  }
  constexpr double exact_integers = 9007199254740992.0;  // 2^53: from here on doubles skip integers
  std::array<char, 32> digits{};
  const bool integer = std::fabs(value) <= exact_integers && std::trunc(value) == value;
  const auto written = integer ? std::to_chars(digits.begin(), digits.end(), static_cast<std::int64_t>(value))
                               : std::to_chars(digits.begin(), digits.end(), value);
  into.append(digits.begin(), written.ptr);
}

}  // namespace scops
