// What board this is: one metric that is always 1, whose tags say it, so that they can be joined to the
// others where that is wanted instead of travelling with each.

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <vector>

#include "collectors/pull/jetson/names.hpp"
#include "collectors/pull/jetson/topic.hpp"
#include "collectors/pull/jetson/tree.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr std::size_t line_limit = 256;
constexpr std::size_t package_list_limit = 16U << 20U;  // bytes of it that are looked through

// Looks for the version of one package in dpkg's list, line by line.
class PackageVersion {
 public:
  explicit PackageVersion(std::string_view package) : package_(package) {}

  // True once the version is known.
  bool take(std::string_view line) {
    const std::string_view key = cut(line, ':');
    if (key == "Package") in_it_ = trim(line) == package_;
    if (in_it_ && key == "Version") version = trim(line);
    return !version.empty();
  }

  std::string version;

 private:
  std::string_view package_;
  bool in_it_ = false;
};

// The list is megabytes long: read in pieces, once.
std::string package_version(const std::string& path, std::string_view package) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));  // NOLINT(*-vararg)
  if (!fd.valid()) return {};
  PackageVersion wanted(package);
  std::array<char, 32768> piece{};
  std::string line;
  for (std::size_t seen = 0; seen < package_list_limit;) {
    const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
    if (got <= 0) break;
    seen += static_cast<std::size_t>(got);
    for (const char c : std::string_view(piece.data(), static_cast<std::size_t>(got))) {
      if (c != '\n') {
        if (line.size() < line_limit) line += c;
        continue;
      }
      if (wanted.take(line)) return wanted.version;
      line.clear();
    }
  }
  return {};
}

class BoardTopic final : public Topic {
 public:
  explicit BoardTopic(const JetsonSettings& settings)
      : settings_(settings), root_(settings.root == "/" ? "" : settings.root) {}

  void scan() override {
    facts_.clear();
    const auto tree = [this](const char* name) { return device_tree(settings_.sys, settings_.proc, name); };
    const std::string compatible = tree("compatible");
    const std::string_view soc = soc_of(compatible);
    add("model", tree("model"));
    add("module", module_of(compatible, tree("nvidia,dtsfilename")));
    add("soc", soc);
    add("l4t", l4t(soc));
    if (settings_.serial) add("serial", tree("serial-number"));
    tags_.clear();
    for (const auto& [key, value] : facts_) tags_.push_back({key, value});
  }

  Status collect(Emit& emit) override {
    if (tags_.empty()) return Error{ErrorKind::absent, settings_.sys + ": no device tree"};
    emit.gauge("jetson.board", 1, tags_);
    return Ok{};
  }

 private:
  void add(std::string_view key, std::string_view value) {
    if (std::string text = tag_text(value); !text.empty()) facts_.emplace_back(key, std::move(text));
  }

  [[nodiscard]] std::string l4t(std::string_view soc) {
    std::string version = parse_l4t_release(host_file(root_, "/etc/nv_tegra_release"));
    if (!version.empty() || !is_tegra(soc)) return version;
    if (!package_) package_ = package_version(root_ + "/var/lib/dpkg/status", "nvidia-l4t-core");
    return parse_l4t_version(*package_);
  }

  const JetsonSettings& settings_;
  std::string root_;
  std::optional<std::string> package_;  // the version that is installed, empty where none is: asked once
  std::vector<std::pair<std::string_view, std::string>> facts_;
  std::vector<Tag> tags_;  // views of facts_
};

}  // namespace

std::unique_ptr<Topic> make_board(const TopicContext& context) {
  if (!context.wants("board")) return nullptr;
  return std::make_unique<BoardTopic>(context.settings);
}

}  // namespace scops::jetson
