#include "agent/commands/secrecy.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string_view>

#include "agent/settings.hpp"
#include "core/config/names.hpp"
#include "core/config/userinfo.hpp"
#include "core/io/files.hpp"

namespace scops {
namespace {

bool is_secret(const Names& names, std::string_view key, std::string_view value) {
  const Names::Found* const found = names.find_key(key);
  const bool secret = found != nullptr && names.rows().at(found->row).option->type == OptionType::secret;
  return (secret && !value.starts_with("@/")) || without_userinfo(value) != value;
}

void overwrite(char* text) { std::memset(text, '*', std::strlen(text)); }

}  // namespace

void hide_arguments(std::span<char* const> arguments) {
  const auto sections = Settings().sections();
  const Names names(sections);
  std::string_view key;  // of a flag whose value is the next argument
  for (char* const argument : arguments) {
    const std::string_view text = argument;
    const std::size_t equals = text.find('=');
    if (!text.starts_with("--")) {
      if (is_secret(names, key, text)) overwrite(argument);
      key = {};
    } else if (equals == std::string_view::npos) {
      key = text.substr(2);
    } else {
      if (is_secret(names, text.substr(2, equals - 2), text.substr(equals + 1)))
        overwrite(argument + equals + 1);  // NOLINT(*-pointer-arithmetic)
      key = {};
    }
  }
}

void forbid_core_dumps() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  // The limit does not count where core_pattern names a program: core(5).
  const Fd filter(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC));  // NOLINT(*-vararg)
  [[maybe_unused]] const auto written = ::write(filter.get(), "0", 1);
}

}  // namespace scops
