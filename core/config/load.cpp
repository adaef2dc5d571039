#include "core/config/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "core/config/names.hpp"
#include "core/config/units.hpp"
#include "core/config/userinfo.hpp"
#include "core/config/value.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops {
namespace {

constexpr std::size_t longest_file = 1 << 20;
constexpr std::size_t longest_line = 64 << 10;
constexpr std::size_t longest_value_file = 64 << 10;
constexpr std::size_t most_problems = 100;

constexpr std::string_view config_flag = "--config";
constexpr std::string_view config_variable = "SCOPS_CONFIG";

enum class Source { flag, environment, file };  // the earlier one wins

// A setting as its user wrote it.
struct Given {
  Source source = Source::flag;
  std::string name;
  std::string value;
  std::string origin;  // "environment", "flag", "file /etc/scops.conf line 3"
  std::size_t rank = 0;
  bool is_path = false;
};

bool is_settings_flag(std::string_view argument) {
  const std::string_view name = argument.substr(0, argument.find('='));
  return name == config_flag || (name.starts_with("--") && name.find('.') != std::string_view::npos);
}

// Kubernetes and Docker links describe every service to every container: for a service called redis there is
// REDIS_PORT=tcp://10.0.0.7:6379, where our user never said a word.
bool is_service_address(std::string_view name, std::string_view value) {
  constexpr std::array<std::string_view, 3> schemes = {"tcp://", "udp://", "sctp://"};
  return name.ends_with("_PORT") && std::any_of(schemes.begin(), schemes.end(),
                                                [value](auto scheme) { return value.starts_with(scheme); });
}

// The other variables that appear for a service called scops or scops-*. SCOPS_TEST_* belongs to our tests.
bool is_not_ours(std::string_view name) {
  constexpr std::array<std::string_view, 7> patterns = {
      "SCOPS_TEST_*",       "SCOPS_*SERVICE_HOST", "SCOPS_*SERVICE_PORT", "SCOPS_*SERVICE_PORT_*",
      "SCOPS_*PORT_*_TCP*", "SCOPS_*PORT_*_UDP*",  "SCOPS_*PORT_*_SCTP*"};
  return !name.starts_with("SCOPS_") || std::any_of(patterns.begin(), patterns.end(),
                                                    [=](auto pattern) { return glob_match(pattern, name); });
}

// What is between the quotes, if one pair is around the whole.
std::string_view unquoted(std::string_view value) {
  if (value.size() < 2 || (value.front() != '"' && value.front() != '\'')) return value;
  if (value.find(value.front(), 1) != value.size() - 1) return value;
  return value.substr(1, value.size() - 2);
}

class Loader {
 public:
  explicit Loader(std::span<const Section> sections) : names_(sections), best_(names_.rows().size()) {}

  void take_flags(const Arguments& arguments);
  void take_environment(const std::vector<std::string>& environment);
  void take_file(const std::string& default_path);
  Loaded settle() &&;

 private:
  void take_line(std::string_view line, std::string origin);
  void offer(const Names::Found& found, Given given);
  std::optional<OptionValue> value_of(const Option& option, const Given& given);
  void complain(std::string_view subject, std::string_view origin, std::string_view text);
  void complain_unknown(std::string_view name, std::string_view origin, std::string_view nearest);

  Names names_;
  std::vector<std::optional<Given>> best_;  // for each row
  std::string config_path_;
  Loaded result_;
};

void Loader::complain(std::string_view subject, std::string_view origin, std::string_view text) {
  if (result_.problems.size() == most_problems)
    result_.problems.emplace_back("further problems are left out");
  if (result_.problems.size() > most_problems) return;
  result_.problems.push_back(fmt::format("{} ({}): {}", printable(subject, 200), origin, text));
}

void Loader::complain_unknown(std::string_view name, std::string_view origin, std::string_view nearest) {
  complain(name, origin,
           nearest.empty() ? "unknown; --help lists all names"
                           : fmt::format("unknown; nearest known name: {}", nearest));
}

void Loader::offer(const Names::Found& found, Given given) {
  given.rank = found.rank;
  given.is_path = found.is_path;
  std::optional<Given>& best = best_.at(found.row);
  // Of two that are equal the later one counts.
  if (!best || std::tie(given.source, given.rank) <= std::tie(best->source, best->rank))
    best = std::move(given);
}

void Loader::take_flags(const Arguments& arguments) {
  for (std::string_view value : arguments.flags) {
    const bool has_value = value.find('=') != std::string_view::npos;
    const std::string_view name = cut(value, '=');
    const Names::Found* found = names_.find_key(name.substr(2));
    if (!has_value) {
      complain(name, "flag", "needs a value");
    } else if (name == config_flag) {
      config_path_ = value;
    } else if (found == nullptr) {
      const std::string nearest = names_.nearest_key(name.substr(2));
      complain_unknown(name, "flag", nearest.empty() ? "" : "--" + nearest);
    } else {
      offer(
          *found,
          {.source = Source::flag, .name = std::string(name), .value = std::string(value), .origin = "flag"});
    }
  }
  for (const std::string_view word : arguments.rest) {
    // A lone word is not shown: it may be the secret that belonged to a mistyped flag.
    complain(word.starts_with("--") ? word.substr(0, word.find('=')) : "a lone word", "flag",
             "no setting; settings are written --room.name=value");
  }
}

void Loader::take_environment(const std::vector<std::string>& environment) {
  for (std::string_view value : environment) {
    const std::string_view name = cut(value, '=');
    const std::string upper = to_upper(name);
    if (upper.ends_with("_PROXY")) mask_userinfo(value);
    if (is_service_address(upper, value)) continue;
    const Names::Found* found = names_.find_variable(name);
    if (upper == config_variable) {
      if (config_path_.empty()) config_path_ = value;
    } else if (found != nullptr) {
      if (value.empty()) continue;  // `HOST=` is how compose files say: not set
      offer(*found, {.source = Source::environment,
                     .name = std::string(name),
                     .value = std::string(value),
                     .origin = "environment"});
    } else if (!is_not_ours(upper)) {
      complain_unknown(name, "environment", names_.nearest_variable(name));
    }
  }
}

void Loader::take_file(const std::string& default_path) {
  const bool asked_for = !config_path_.empty();
  const std::string& path = asked_for ? config_path_ : default_path;
  if (path.empty()) return;
  const Result<std::string> content = read_file(path, longest_file);
  if (!content) {
    const bool absent = content.error().kind == ErrorKind::absent;
    if (asked_for || !absent) complain("configuration file", path, content.error().text);
    return;
  }
  result_.file = path;
  std::string_view rest = *content;
  for (int number = 1; !rest.empty() && result_.problems.size() <= most_problems; ++number) {
    take_line(trim(cut(rest, '\n')), fmt::format("file {} line {}", path, number));
  }
}

void Loader::take_line(std::string_view line, std::string origin) {
  if (line.empty() || line.starts_with('#')) return;
  if (line.size() > longest_line) return complain("a line", origin, "longer than 64 KiB");
  // The line is not shown: without a name nobody knows whether it is a secret.
  if (line.find('=') == std::string_view::npos)
    return complain("a line", origin, "no '='; write name = value");
  const std::string_view name = trim(cut(line, '='));
  const std::string_view value = trim(line);
  const bool is_key = name.find('.') != std::string_view::npos;
  const Names::Found* found = is_key ? names_.find_key(name) : names_.find_variable(name);
  if (found == nullptr) {
    return complain_unknown(name, origin, is_key ? names_.nearest_key(name) : names_.nearest_variable(name));
  }
  if (value.empty()) return;  // as in the environment; "" between quotes is a value
  offer(*found, {.source = Source::file,
                 .name = std::string(name),
                 .value = std::string(unquoted(value)),
                 .origin = std::move(origin)});
}

// The parsed value; nothing, and a problem, when it cannot be read or is not allowed.
std::optional<OptionValue> Loader::value_of(const Option& option, const Given& given) {
  const bool in_file = given.is_path || given.value.starts_with("@/");
  const bool hidden = option.type == OptionType::secret && !in_file;
  const std::string subject =
      fmt::format("{}={}", given.name, hidden ? "***" : printable(without_userinfo(given.value)));
  std::string text = given.value;
  if (in_file) {
    Result<std::string> content =
        read_file(given.is_path ? given.value : given.value.substr(1), longest_value_file);
    if (!content) {
      complain(subject, given.origin, content.error().text);
      return std::nullopt;
    }
    text = *std::move(content);
  }
  Result<OptionValue> value = parse_value(option, text);
  if (value) return *std::move(value);
  const std::string example = example_value(option.text, option.type);
  complain(subject, given.origin,
           fmt::format("{}; allowed: {}{}{}", value.error().text, allowed_values(option.text, option.type),
                       example.empty() ? "" : ", for example ", example));
  return std::nullopt;
}

Loaded Loader::settle() && {
  for (std::size_t i = 0; i < best_.size(); ++i) {
    const auto [section, option] = names_.rows().at(i);
    std::string origin = "default";
    std::optional<OptionValue> value;
    if (const std::optional<Given>& given = best_.at(i)) {
      value = value_of(*option, *given);
      if (value) origin = given->source == Source::environment ? "environment " + given->name : given->origin;
    }
    if (!value) {
      Result<OptionValue> fallback = parse_value(*option, option->text.fallback);
      assert(fallback.has_value());  // check_tables() sees to it
      value = *std::move(fallback);
    }
    const std::string printed = print_value(*value);
    if (const Secret* secret = std::get_if<Secret>(&*value)) log::mask(secret->text);
    mask_userinfo(printed);
    result_.effective.push_back({section, option, without_userinfo(printed), std::move(origin)});
    store_value(*option, section->settings.get(), *std::move(value));
  }
  return std::move(result_);
}

}  // namespace

Arguments split_arguments(std::span<const Section> sections, std::span<const std::string> arguments) {
  const Names names(sections);
  Arguments result;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string flag = arguments[i];
    if (!is_settings_flag(flag)) {
      result.rest.push_back(std::move(flag));
      continue;
    }
    const bool has_next = i + 1 < arguments.size() && !arguments[i + 1].starts_with("--");
    const Names::Found* found = names.find_key(std::string_view(flag).substr(2));
    const bool boolean = found != nullptr && names.rows().at(found->row).option->type == OptionType::boolean;
    if (flag.find('=') != std::string::npos) {
      // has its value already
    } else if (has_next && (!boolean || parse_boolean(arguments[i + 1]))) {
      flag.append("=").append(arguments[++i]);
    } else if (boolean) {
      flag += "=true";
    }
    result.flags.push_back(std::move(flag));
  }
  return result;
}

Loaded load(std::span<const Section> sections, const LoadInput& input) {
  Loader loader(sections);
  loader.take_flags(split_arguments(sections, input.flags));
  loader.take_environment(input.environment);
  loader.take_file(input.file);
  return std::move(loader).settle();
}

}  // namespace scops
