#include "collectors/pull/jetson/tree.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "collectors/proc/sysfs.hpp"
#include "collectors/pull/jetson/names.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::jetson {
namespace {

constexpr std::size_t most_parts = 32;
constexpr std::size_t host_file_limit = 256U << 10U;
constexpr int most_links = 8;

std::string link_target(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return {target.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
}

}  // namespace

std::vector<std::string> names_in(const std::string& folder, std::string_view prefix) {
  std::vector<std::string> names = list_folder(folder).value_or(std::vector<std::string>());
  std::erase_if(names, [prefix](const std::string& name) { return !name.starts_with(prefix); });
  if (!prefix.empty() && names.size() > most_parts) names.resize(most_parts);
  return names;
}

std::string line_of(const std::string& path) {
  std::string line = read_line(path).value_or("");
  if (const std::size_t end = line.find('\0'); end != std::string::npos) line.resize(end);
  return line;
}

std::optional<KeptFile> find_file(std::string path) {
  if (::access(path.c_str(), R_OK) != 0) return std::nullopt;
  return KeptFile(std::move(path));
}

std::optional<KeptFile> find_number(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    KeptFile file(path);
    if (file.read_integer()) return file;
  }
  return std::nullopt;
}

std::vector<Chip> hwmon_chips(const std::string& sys) {
  std::vector<Chip> chips;
  for (const std::string& name : names_in(sys + "/class/hwmon", "hwmon")) {
    std::string folder = fmt::format("{}/class/hwmon/{}", sys, name);
    // Before Linux 3.14 all was in the device's own folder.
    if (::access((folder + "/name").c_str(), F_OK) != 0) folder += "/device";
    if (std::string chip = line_of(folder + "/name"); !chip.empty()) chips.push_back({chip, folder});
  }
  return chips;
}

bool is_rail_chip(std::string_view name) { return name.starts_with("ina"); }

std::vector<Device> devfreq_devices(const std::string& sys) {
  std::vector<Device> devices;
  for (const std::string& name : names_in(sys + "/class/devfreq")) {
    if (devices.size() == most_parts) break;
    Device device{.name = name,
                  .unit = std::string(unit_of(name)),
                  .folder = fmt::format("{}/class/devfreq/{}", sys, name)};
    const std::string node = line_of(device.folder + "/device/of_node/name");
    if (is_gpu(node)) device.unit = node;
    devices.push_back(std::move(device));
  }
  return devices;
}

std::string device_tree(const std::string& sys, const std::string& proc, const std::string& name) {
  std::string text = read_file(sys + "/firmware/devicetree/base/" + name, host_file_limit).value_or("");
  if (text.empty()) text = read_file(proc + "/device-tree/" + name, host_file_limit).value_or("");
  return text;
}

std::string host_file(const std::string& root, const std::string& path) {
  std::string place = path;
  for (int i = 0; i < most_links; ++i) {
    const std::string target = link_target(root + place);
    if (target.empty()) return read_file(root + place, host_file_limit).value_or("");
    if (!target.starts_with('/')) {
      place.resize(place.rfind('/') + 1);
      place += target;
    } else {
      place = target;
    }
  }
  return {};
}

std::string UniqueNames::add(const std::string& name) {
  std::string unique = name;
  for (int i = 2; !used_.insert(unique).second; ++i) unique = fmt::format("{}_{}", name, i);
  return unique;
}

}  // namespace scops::jetson
