// scops config: every option with its value and origin, or the reference pages that are made from the same
// tables.
#include <fmt/format.h>

#include "agent/commands/command.hpp"
#include "collectors/registry.hpp"
#include "core/config/describe.hpp"

namespace scops {

namespace {

// docs/generated/collectors.md.
std::string describe_collectors() {
  std::string page =
      "# Collectors\n\nMade by `scops config --print=collectors`.\n\n| name | what it reads | `scops parse` "
      "formats |\n|---|---|---|\n";
  for (const CollectorSpec* spec : collector_specs()) {
    std::vector<std::string> formats;
    for (const Format& format : spec->formats) formats.push_back(fmt::format("`{}`", format.name));
    page += fmt::format("| [{0}](../collectors/{0}.md) | {1} | {2} |\n", spec->name, spec->help,
                        fmt::join(formats, ", "));
  }
  return page;
}

}  // namespace

int show_config(const CommandLine& line) {
  Settings settings;
  if (line.print.empty()) {
    const auto loaded = load_or_complain(settings, line);
    if (!loaded) return 2;
    print(line.json ? describe_effective_json(*loaded) : describe_effective(*loaded));
  } else if (line.print == "md") {
    print(describe_markdown(settings.sections()));
  } else if (line.print == "env") {
    print(describe_environment(settings.sections()));
  } else if (line.print == "collectors") {
    print(describe_collectors());
  } else if (line.print == "man") {
    print(manual_page(settings.sections()));
  } else if (line.print == "bash") {
    print(bash_completion(settings.sections()));
  } else {
    complain("scops config: --print is md, env, collectors, man or bash");
    return 2;
  }
  return 0;
}

}  // namespace scops
