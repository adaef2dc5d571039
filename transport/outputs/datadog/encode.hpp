// The body of POST /v1/series. Pure, and deterministic: the same samples give the same bytes.
#pragma once

#include <string>
#include <string_view>

#include "core/model/metric.hpp"

namespace scops {

// Appends {"series":[{"metric","tags","points":[[seconds,value]],"type","interval"?,"host"?}]}: one entry for
// each run of samples of one series, a distribution as gauge. `host` is left out when empty; a value that is
// not finite has no form in JSON and is left out. Returns the number of points written.
std::size_t encode_series(const SampleSet& set, std::string_view host, std::string& into);

}  // namespace scops
