// fs and inodes: one pair a device, however often it is mounted.

#include "collectors/pull/host/filesystem.hpp"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <array>
#include <utility>

#include "collectors/pull/host/mount_table.hpp"
#include "collectors/pull/host/mounts.hpp"
#include "collectors/pull/host/statvfs_probe.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"

namespace scops::host {
namespace {

// So a kernel that mounts the root itself, without an initramfs, calls the device; there is no such file.
constexpr std::string_view unnamed_root = "/dev/root";

class FilesystemTopic final : public Topic {
 public:
  FilesystemTopic(const TopicContext& context, bool space, bool inodes)
      : settings_(context.settings),
        prefix_(settings_.root.ends_with('/') ? settings_.root.substr(0, settings_.root.size() - 1)
                                              : settings_.root),
        probe_(context.calls.statvfs, settings_.statvfs_timeout),
        space_(space),
        inodes_(inodes),
        mountinfo_(settings_.proc + (is_outside() ? "/1/mountinfo" : "/self/mountinfo")) {}

  Status collect(Emit& emit) override {
    Rejects rejects;
    if (table_.changed()) {
      if (Status read = table_.read(mountinfo_); !read)
        return is_outside() ? lacks_process_1(read.error()) : read;
      file_systems_ = plan(rejects);
    }
    std::vector<std::pair<const FileSystem*, Error>> failures;
    for (const FileSystem& file_system : file_systems_) {
      if (Status asked = ask(file_system, emit); !asked) failures.emplace_back(&file_system, asked.error());
    }
    if (!failures.empty() && failures.size() == file_systems_.size() && !has_root())
      return Error{ErrorKind::retry, "no root of the host at '" + settings_.root + "': see SCOPS_HOST_ROOT"};
    for (const auto& [file_system, error] : failures) emit.trouble("fs " + file_system->device, error);
    return rejects.status(mountinfo_);
  }

 private:
  [[nodiscard]] bool is_outside() const { return looks_from_outside(settings_); }

  bool has_root() {
    return !is_outside() || probe_.ask(settings_.root, settings_.root, false) || probe_.hangs(settings_.root);
  }

  std::vector<FileSystem> plan(Rejects& rejects) {
    const MountFilters filters{.points = {settings_.mounts_include, settings_.mounts_exclude},
                               .types = {settings_.fs_types_include, settings_.fs_types_exclude}};
    const Result<std::string> types = read_file(settings_.proc + "/filesystems");
    std::vector<Mount> mounts = parse_mounts(table_.text(), rejects);
    for (Mount& mount : mounts) {
      if (mount.device == unnamed_root) mount.device = root_device(mount.number);
    }
    return choose_file_systems(mounts, types ? parse_device_types(*types) : std::vector<std::string>(),
                               filters);
  }

  [[nodiscard]] std::string root_device(dev_t number) const {
    const Result<std::string> uevent =
        read_file(fmt::format("{}/dev/block/{}:{}/uevent", settings_.sys, major(number), minor(number)));
    const std::optional<std::string> name = uevent ? device_name(*uevent) : std::nullopt;
    return name ? "/dev/" + *name : std::string(unnamed_root);
  }

  // The first mount point that answers. One that hangs is enough: the others of the device would too.
  Status ask(const FileSystem& file_system, Emit& emit) {
    Status last = Ok{};
    for (const MountPoint& point : file_system.points) {
      const std::string path = prefix_ + point.path;
      const Result<FsAnswer> answer = file_system.at_once && !is_outside()
                                          ? probe_.ask_here(path)
                                          : probe_.ask(file_system.device, path, file_system.remote);
      if (answer && is_seen(file_system, point, answer->number)) {
        if (space_) emit_space(answer->counts, file_system.device, emit);
        if (inodes_) emit_inodes(answer->counts, file_system.device, emit);
        return Ok{};
      }
      if (!answer && probe_.hangs(file_system.device)) return answer.error();
      last = answer || answer.error().kind == ErrorKind::absent ? not_seen(path) : answer.error();
    }
    return last;
  }

  // Another mount covers it, which is how the machine is set up; or the container was made without it.
  [[nodiscard]] Error not_seen(const std::string& path) const {
    if (!is_outside()) return {ErrorKind::absent, path + " is covered by another mount"};
    return {ErrorKind::retry, "what is mounted at " + path +
                                  " is not seen from here: give SCOPS_HOST_ROOT the host's / with rslave"};
  }

  const HostSettings& settings_;
  std::string prefix_;
  StatvfsProbe probe_;
  bool space_, inodes_;
  std::string mountinfo_;
  MountTable table_;
  std::vector<FileSystem> file_systems_;
};

}  // namespace

void emit_space(const struct statvfs& answer, std::string_view device, Emit& emit) {
  if (answer.f_blocks == 0 || answer.f_bfree > answer.f_blocks) return;
  const auto block = static_cast<double>(answer.f_frsize != 0 ? answer.f_frsize : answer.f_bsize);
  const std::array tags{Tag{"device", device}};
  emit.gauge("host.fs.used", static_cast<double>(answer.f_blocks - answer.f_bfree) * block, tags);
  emit.gauge("host.fs.free", static_cast<double>(answer.f_bavail) * block, tags);
}

void emit_inodes(const struct statvfs& answer, std::string_view device, Emit& emit) {
  if (answer.f_files == 0 || answer.f_ffree > answer.f_files) return;
  const std::array tags{Tag{"device", device}};
  emit.gauge("host.fs.inodes.used", static_cast<double>(answer.f_files - answer.f_ffree), tags);
  emit.gauge("host.fs.inodes.free", static_cast<double>(answer.f_favail), tags);
}

std::unique_ptr<Topic> make_filesystem(const TopicContext& context) {
  const bool space = context.wants("fs");
  const bool inodes = context.wants("inodes");
  if (!space && !inodes) return nullptr;
  return std::make_unique<FilesystemTopic>(context, space, inodes);
}

}  // namespace scops::host
