#include "tests/support/power_cut.hpp"

#include <algorithm>
#include <fstream>
#include <utility>

#include "core/model/size.hpp"

namespace scops::test {
namespace {

constexpr std::size_t sector = 512;

void write_at(std::string& content, std::size_t at, std::string_view bytes) {
  if (content.size() < at + bytes.size()) content.resize(at + bytes.size(), '\0');
  content.replace(at, bytes.size(), bytes);
}

// Whole; with a chance of less than 100 % sector by sector, each with that chance.
template <class Luck>
void apply(std::string& content, const DiskCall& call, const Luck& luck) {
  const std::size_t begin = size_from(call.at);
  if (call.what == DiskCall::What::resize) {
    if (luck()) content.resize(begin, '\0');
    return;
  }
  for (std::size_t at = 0; at < call.bytes.size();) {
    const std::size_t piece = std::min(call.bytes.size() - at, sector - (begin + at) % sector);
    if (luck()) write_at(content, begin + at, std::string_view(call.bytes).substr(at, piece));
    at += piece;
  }
}

}  // namespace

PowerCut::PowerCut(const std::vector<DiskCall>& calls, std::mt19937& random,
                   const std::map<std::string, std::string>& before)
    : calls_(calls), random_(random) {
  for (const auto& [name, content] : before) {
    names_[name] = std::make_shared<File>(File{.durable = content, .pending = {}});
  }
  durable_names_ = names_;
}

void PowerCut::forward_to(std::size_t calls) {
  for (; done_ < calls; ++done_) make(calls_[done_]);
}

void PowerCut::make(const DiskCall& call) {
  Change changed{.name = call.file, .to = call.to, .made = nullptr};
  switch (call.what) {
    case DiskCall::What::read:
      break;
    case DiskCall::What::sync_folder:
      if (call.failed) break;
      durable_names_ = names_;
      changes_.clear();
      break;
    case DiskCall::What::remove:
    case DiskCall::What::rename:
      if (names_.count(call.file) == 0) break;
      change(names_, changed);
      changes_.push_back(std::move(changed));
      break;
    case DiskCall::What::write:
    case DiskCall::What::resize:
    case DiskCall::What::sync: {
      auto& file = names_[call.file];
      if (!file) {
        file = std::make_shared<File>();
        changed.made = file;
        changes_.push_back(std::move(changed));
      }
      if (call.what == DiskCall::What::sync)
        sync(file, call.failed);
      else
        file->pending.push_back(&call);
    }
  }
}

void PowerCut::sync(const std::shared_ptr<File>& file, bool failed) {
  const int chance = failed ? 50 : 100;
  file->durable = draw(*file, chance);
  file->pending.clear();
  if (failed) return;
  const auto made = std::find_if(changes_.begin(), changes_.end(),
                                 [&](const Change& change) { return change.made == file; });
  if (made == changes_.end()) return;
  for (auto at = changes_.begin(); at <= made; ++at) change(durable_names_, *at);
  changes_.erase(changes_.begin(), made + 1);
}

void PowerCut::change(Names& names, const Change& change) {
  if (change.made) {
    names[change.name] = change.made;
  } else if (const auto at = names.find(change.name); at != names.end()) {
    auto file = std::move(at->second);
    names.erase(at);
    if (!change.to.empty()) names[change.to] = std::move(file);
  }
}

std::string PowerCut::draw(const File& file, int chance) {
  std::string content = file.durable;
  for (const DiskCall* call : file.pending) {
    apply(content, *call, [&] { return static_cast<int>(random_() % 100) < chance; });
  }
  return content;
}

void PowerCut::write_to(const std::string& folder) {
  Names names = durable_names_;
  const std::size_t changes = random_() % (changes_.size() + 1);
  for (std::size_t i = 0; i < changes; ++i) change(names, changes_[i]);
  for (const auto& [name, file] : names) {
    constexpr int chances[] = {0, 100, 50, 90, 10};
    std::ofstream(folder + "/" + name, std::ios::binary) << draw(*file, chances[random_() % 5]);
  }
}

}  // namespace scops::test
