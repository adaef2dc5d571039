#include "transport/dispatch/batch.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <tuple>
#include <utility>

#include "core/io/block_codec.hpp"
#include "core/io/block_format.hpp"
#include "core/io/log_block.hpp"
#include "core/runtime/memory.hpp"

namespace scops {
namespace {

// A sample with its origin, while both are being sorted.
struct Entry {
  Sample sample;
  Origin origin;
};

struct Gathered {
  std::vector<Series> series;     // of all blocks, one after the other: with duplicates
  std::vector<std::size_t> ends;  // where those of each block end
  std::vector<Entry> entries;     // in the order of blocks and records
};

// The same for every block of a process: a batch that is read again is the same batch.
std::size_t text_max() { return memory::share(16, 1U << 20U, batch_text_max); }

// Unsigned: what somebody else has written may be any time, and may wrap.
TimeMs shifted(TimeMs time, TimeMs shift) {
  return static_cast<TimeMs>(static_cast<std::uint64_t>(time) + static_cast<std::uint64_t>(shift));
}

// Returns what the names and tags weigh.
std::size_t gather(SampleSet decoded, const Block& block, Gathered& into) {
  const auto first = static_cast<std::uint32_t>(into.series.size());
  std::size_t weight = 0;
  for (const Series& series : decoded.series) weight += block_weight(series);
  for (std::uint32_t record = 0; record < decoded.samples.size(); ++record) {
    Sample sample = decoded.samples[record];
    if (sample.series >= decoded.series.size()) continue;
    sample.series += first;
    sample.time = shifted(sample.time, block.shift);
    into.entries.push_back({sample, {block.id, record}});
  }
  std::move(decoded.series.begin(), decoded.series.end(), std::back_inserter(into.series));
  into.ends.push_back(into.series.size());
  return weight;
}

// The indexes of the series in order. Each block's are in order already, if it is one of ours: they are
// merged in pairs, which compares names a few times each, however many series there are.
std::vector<std::uint32_t> sorted(const std::vector<Series>& series, std::vector<std::size_t> ends) {
  std::vector<std::uint32_t> order(series.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto less = [&series](std::uint32_t a, std::uint32_t b) { return series[a] < series[b]; };
  const auto at = [&order](std::size_t place) { return order.begin() + static_cast<std::ptrdiff_t>(place); };
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    if (!std::is_sorted(at(begin), at(end), less)) std::sort(at(begin), at(end), less);
    begin = end;
  }
  while (ends.size() > 1) {
    std::vector<std::size_t> merged;
    begin = 0;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
      const std::size_t last = ends[std::min(i + 1, ends.size() - 1)];
      std::inplace_merge(at(begin), at(ends[i]), at(last), less);
      merged.push_back(begin = last);
    }
    ends = std::move(merged);
  }
  return order;
}

// Sorts the series, drops duplicates, and says for each old index what its new one is.
std::vector<std::uint32_t> unite(std::vector<Series>& series, std::vector<std::size_t> ends) {
  const std::vector<std::uint32_t> order = sorted(series, std::move(ends));
  std::vector<std::uint32_t> renumbered(series.size());
  std::vector<Series> unique;
  for (const std::uint32_t old : order) {
    if (unique.empty() || unique.back() != series[old]) unique.push_back(std::move(series[old]));
    renumbered[old] = static_cast<std::uint32_t>(unique.size() - 1);
  }
  series = std::move(unique);
  return renumbered;
}

void set_aside(const Block& block, Batch& batch) {
  batch.damaged.push_back(block.id);
  batch.damaged_records += block.records;
}

Batch merge_metrics(std::span<const Block> blocks) {
  Batch batch;
  Gathered all;
  std::size_t text = 0;
  for (const Block& block : blocks) {
    if (text >= text_max()) break;
    ++batch.blocks;
    Result<SampleSet> decoded = decode_block(block.bytes);
    if (decoded) {
      text += gather(std::move(*decoded), block, all);
    } else {
      set_aside(block, batch);
    }
  }
  const std::vector<std::uint32_t> renumbered = unite(all.series, std::move(all.ends));
  for (Entry& entry : all.entries) entry.sample.series = renumbered[entry.sample.series];
  std::stable_sort(all.entries.begin(), all.entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.sample.series, a.sample.time) < std::tie(b.sample.series, b.sample.time);
  });
  SampleSet& set = batch.payload.metrics;
  set.series = std::move(all.series);
  set.samples.reserve(all.entries.size());
  batch.origins.reserve(all.entries.size());
  for (const Entry& entry : all.entries) {
    set.samples.push_back(entry.sample);
    batch.origins.push_back(entry.origin);
  }
  return batch;
}

Batch merge_logs(std::span<const Block> blocks) {
  Batch batch;
  batch.payload.kind = Kind::logs;
  std::size_t text = 0;
  for (const Block& block : blocks) {
    if (text >= text_max()) break;
    ++batch.blocks;
    Result<std::vector<LogRecord>> decoded = decode_log_block(block.bytes);
    if (!decoded) {
      set_aside(block, batch);
      continue;
    }
    for (std::uint32_t record = 0; record < decoded->size(); ++record) {
      text += (*decoded)[record].json.size();
      (*decoded)[record].time = shifted((*decoded)[record].time, block.shift);
      batch.payload.logs.push_back(std::move((*decoded)[record]));
      batch.origins.push_back({block.id, record});
    }
  }
  return batch;
}

SampleSet slice_metrics(const SampleSet& set, std::size_t begin, std::size_t end) {
  SampleSet part;
  std::uint32_t copied = 0;  // index in `set` of the series at the end of `part`
  for (std::size_t i = begin; i < end; ++i) {
    Sample sample = set.samples[i];
    if (part.series.empty() || sample.series != copied) {
      copied = sample.series;
      part.series.push_back(set.series[copied]);
    }
    sample.series = static_cast<std::uint32_t>(part.series.size() - 1);
    part.samples.push_back(sample);
  }
  return part;
}

}  // namespace

Batch merge(Kind kind, std::span<const Block> blocks) {
  return kind == Kind::logs ? merge_logs(blocks) : merge_metrics(blocks);
}

Payload slice(Payload whole, std::size_t begin, std::size_t end) {
  end = std::min(end, whole.size());
  begin = std::min(begin, end);
  if (begin == 0 && end == whole.size()) return whole;
  Payload part{.kind = whole.kind};
  if (whole.kind == Kind::logs) {
    const auto first = std::make_move_iterator(whole.logs.begin());
    part.logs.assign(first + static_cast<std::ptrdiff_t>(begin), first + static_cast<std::ptrdiff_t>(end));
  } else {
    part.metrics = slice_metrics(whole.metrics, begin, end);
  }
  return part;
}

}  // namespace scops
