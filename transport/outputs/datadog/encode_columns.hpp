// The body of POST /api/intake/metrics/v3/series before compression. Pure, and deterministic: the same
// samples give the same bytes.
//
// Protobuf, a `Payload` of github.com/DataDog/agent-payload, proto/metrics/intake_v3.proto. What an entry a
// series says in JSON stands here in columns, one for the names of all series, one for all times, and so on:
// texts once, in dictionaries, references and times as differences, values exactly as they are, in a form
// that compresses well (docs/decisions/093).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/metric.hpp"

namespace scops {

// Appends the body: one entry for each run of samples of one series, a distribution as gauge. Times are whole
// seconds there: milliseconds are cut. A tag device:NAME is a resource beside the host, as from Datadog's own
// clients. `host` is left out when empty, a value that is not finite as in encode_series. Adds to `cuts`
// where in `into` a column of a kilobyte or more begins, which is compressed better as a block of its own.
// Returns the number of points written.
std::size_t encode_columns(const SampleSet& set, std::string_view host, std::string& into,
                           std::vector<std::size_t>& cuts);

}  // namespace scops
