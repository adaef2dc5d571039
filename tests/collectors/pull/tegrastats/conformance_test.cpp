// Real lines, read in place out of the folder SCOPS_TEST_DATA: every number in them is sent.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/pull/tegrastats/formats.hpp"
#include "core/model/text.hpp"
#include "tests/collectors/recording_emit.hpp"
#include "tests/support/not_tested.hpp"

using namespace scops;
using scops::test::RecordingEmit;

namespace {

// All there are; empty, loudly, where there is no such folder.
std::vector<std::string> real_lines() {
  const char* data = std::getenv("SCOPS_TEST_DATA");
  std::ifstream file(std::string(data == nullptr ? "" : data) + "/tegrastats/lines.jsonl");
  if (!file) {
    test::not_tested("no tegrastats lines in SCOPS_TEST_DATA");
    return {};
  }
  std::vector<std::string> lines;
  for (std::string text; std::getline(file, text);)
    lines.push_back(nlohmann::json::parse(text).at("line").get<std::string>());
  return lines;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::string_view word = next_word(line); !word.empty(); word = next_word(line))
    words.emplace_back(word);
  return words;
}

// What must not be sent: constants, sensors without power, what is not connected, a bandwidth without root.
bool is_left_out(const std::vector<std::string>& words, std::size_t i) {
  const std::string& word = words[i];
  const std::string before = i == 0 ? "" : words[i - 1];
  const bool is_time = i < 2 && (word.find(':') == 2 || (word.size() == 10 && word[2] == '-'));
  return is_time || word.starts_with("PMIC@") || word.ends_with("@-256C") || before == "NC" ||
         (before == "EMC_FREQ" && word == "0%");
}

// The numbers in a word, those that are part of a name left out: "3x4MB" has 3 and 4, "VDD_1V8" none.
std::vector<double> numbers_in(const std::string& word) {
  std::vector<double> numbers;
  for (std::size_t at = 0; at < word.size();) {
    const char before = at == 0 ? ' ' : word[at - 1];
    const bool factor = before == 'x' && at >= 2 && std::isdigit(word[at - 2]) != 0;
    const bool in_name = std::isalpha(before) != 0 || before == '_';
    if (std::isdigit(word[at]) == 0) {
      ++at;
      continue;
    }
    if (in_name && !factor) {
      while (at < word.size() && std::isdigit(word[at]) != 0) ++at;
      continue;
    }
    std::size_t size = 0;
    const double number = std::stod(word.substr(at), &size);
    if (before != '-') numbers.push_back(number);
    at += size;
  }
  return numbers;
}

// Takes one value of the pool that the number may have become.
bool take(std::vector<double>& pool, double number) {
  for (const double unit : {1.0, 1024.0, 1048576.0}) {
    for (double& value : pool) {
      if (std::abs(value - number * unit) > 1e-9) continue;
      value = -1;
      return true;
    }
  }
  return false;
}

// The values, and for each pair of used and free the total.
std::vector<double> pool_of(const RecordingEmit& emit) {
  std::vector<double> pool = emit.values;
  for (std::size_t i = 0; i + 1 < emit.names.size(); ++i) {
    if (emit.names[i].ends_with(".used")) pool.push_back(emit.values[i] + emit.values[i + 1]);
  }
  return pool;
}

RecordingEmit parsed(const std::string& line) {
  RecordingEmit emit;
  tegrastats::tegrastats_formats[0].parse(line, emit);
  return emit;
}

}  // namespace

TEST_CASE("every real line of tegrastats gives every number in it", "[tegrastats]") {
  for (const std::string& line : real_lines()) {
    CAPTURE(line);
    const RecordingEmit emit = parsed(line);
    CHECK(emit.troubles.empty());
    CHECK(emit.value("tegrastats.ram.used").has_value());
    std::vector<double> pool = pool_of(emit);
    const std::vector<std::string> words = words_of(line);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (is_left_out(words, i)) continue;
      for (const double number : numbers_in(words[i])) {
        CAPTURE(words[i], number);
        CHECK(take(pool, number));
      }
    }
  }
}

TEST_CASE("no real line of tegrastats gives a series twice, or a value that nothing can have",
          "[tegrastats]") {
  for (const std::string& line : real_lines()) {
    CAPTURE(line);
    const RecordingEmit emit = parsed(line);
    std::vector<std::string> keys = emit.keys;
    std::sort(keys.begin(), keys.end());
    CHECK(std::adjacent_find(keys.begin(), keys.end()) == keys.end());
    for (std::size_t i = 0; i < emit.names.size(); ++i) {
      CAPTURE(emit.lines[i]);
      CHECK(emit.values[i] >= (emit.names[i].starts_with("tegrastats.temperature") ? -100 : 0));
      if (emit.names[i].ends_with(".load")) CHECK(emit.values[i] <= 100);
    }
  }
}

TEST_CASE("every start of a real line of tegrastats is taken or left, and nothing worse", "[tegrastats]") {
  for (const std::string& line : real_lines()) {
    std::size_t most = 0;
    for (std::size_t size = 0; size < line.size(); ++size) {
      most = std::max(most, parsed(line.substr(0, size)).values.size());
    }
    CHECK(most <= parsed(line).values.size() + 2);
  }
}
