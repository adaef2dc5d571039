#include "collectors/listen/chouette/settings.hpp"

#include <array>

namespace scops::chouette {
namespace {

constexpr std::array rows{
    option<&ChouetteSettings::enabled>({
        .name = "enabled",
        .fallback = "auto",
        .help = "Drain the queues that applications fill through Chouette's client; auto: when a Redis is "
                "configured.",
        .choices = "auto|true|false",
    }),
    option<&ChouetteSettings::prefix>({
        .name = "prefix",
        .fallback = "chouette",
        .help = "What the names of the queues begin with, as in chouette:metrics:raw.keys.",
    }),
    option<&ChouetteSettings::lag>({
        .name = "lag",
        .fallback = "500ms",
        .help = "How long after the end of a window its last records may still arrive.",
        .max = "1h",
    }),
    option<&ChouetteSettings::window_max>({
        .name = "window_max",
        .fallback = "500000",
        .help = "Records of one window that are aggregated together; a window with more is cut.",
        .min = "1000",
        .max = "10000000",
    }),
    option<&ChouetteSettings::record_max>({
        .name = "record_max",
        .fallback = "64KiB",
        .help = "Longest metric record; longer ones are dropped.",
        .min = "1KiB",
        .max = "1MiB",
    }),
    option<&ChouetteSettings::log_max>({
        .name = "log_max",
        .fallback = "1MiB",
        .help = "Longest log record; longer ones are dropped.",
        .min = "1KiB",
        .max = "1MiB",
    }),
};

}  // namespace

Section chouette_section() {
  return section<ChouetteSettings>("chouette", "Queues in Redis that applications fill.", rows);
}

}  // namespace scops::chouette
