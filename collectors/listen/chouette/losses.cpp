#include "collectors/listen/chouette/losses.hpp"

#include <fmt/format.h>

#include "core/model/text.hpp"
#include "core/runtime/log.hpp"

namespace scops::chouette {

void Losses::note(Flaw flaw, std::string_view record) {
  if (noted_.at(static_cast<std::size_t>(flaw))++ > 0) return;
  log::warn("collect", "record_dropped",
            {{"kind", fmt::format("{} {}", queue_, to_string(flaw))}, {"record", printable(record)}});
}

void Losses::note(Flaw flaw, std::uint64_t records) {
  noted_.at(static_cast<std::size_t>(flaw)) += records;
  log::warn("collect", "records_dropped",
            {{"kind", fmt::format("{} {}", queue_, to_string(flaw))}, {"records", fmt::to_string(records)}});
}

void Losses::count() {
  for (std::size_t i = 0; i < flaw_count; ++i) {
    if (noted_.at(i) == 0) continue;
    const std::string labels =
        fmt::format(R"(queue="{}",reason="{}")", queue_, to_string(static_cast<Flaw>(i)));
    stats_
        .counter("scops_chouette_dropped_total", "Records of Chouette's queues that were dropped, by reason.",
                 labels)
        .add(static_cast<double>(noted_.at(i)));
  }
  forget();
}

}  // namespace scops::chouette
