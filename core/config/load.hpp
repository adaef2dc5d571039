// Fills the settings of all sections: flag over environment over file over default. Nothing is skipped
// silently: a name that nobody knows and a value that its row does not allow are problems, and all are found
// in one go.
//
//   environment   SCOPS_<ROOM>_<NAME> and the aliases of the row, in any case; the canonical name wins over
//   its
//                 aliases. An empty value counts as not set. NAME_FILE=/path: the value is the file's
//                 content.
//   file          lines `host.interval = 30s` or `SCOPS_HOST_INTERVAL=30s`, comments with #, optional quotes;
//                 its path comes from --config or SCOPS_CONFIG
//   any value     @/path: the value is the file's content, at most 64 KiB, without line ends at its end
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/config/option.hpp"

namespace scops {

// What the command line says about settings, each as --room.name=value, and the rest of it in its order:
// commands and their own flags, which have no point in their names.
struct Arguments {
  std::vector<std::string> flags;
  std::vector<std::string> rest;
};

// Takes `--room.name=value`, `--room.name value` and `--room.boolean`; --config counts as a setting.
[[nodiscard]] Arguments split_arguments(std::span<const Section> sections,
                                        std::span<const std::string> arguments);

struct LoadInput {
  std::vector<std::string> flags = {};        // as split_arguments() takes them
  std::vector<std::string> environment = {};  // "NAME=value"
  std::string file = {};  // read if it exists, when neither --config nor SCOPS_CONFIG names another; or empty
};

// One option as it is now. The pointers are into the sections given to load().
struct Effective {
  const Section* section = nullptr;
  const Option* option = nullptr;
  std::string value;   // printed; *** for a secret that is set
  std::string origin;  // "default", "flag", "environment API_KEY", "file /etc/scops.conf line 3"
};

struct Loaded {
  std::vector<Effective> effective;   // in the order of the tables
  std::vector<std::string> problems;  // one line each; an option with a problem keeps its default
  std::string file;                   // the configuration file that was read, or empty
};

// Secrets are registered with log::mask() as they come in.
[[nodiscard]] Loaded load(std::span<const Section> sections, const LoadInput& input);

}  // namespace scops
