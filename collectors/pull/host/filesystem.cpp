// fs and inodes: one pair a device, however often it is mounted.

#include "collectors/pull/host/filesystem.hpp"

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
        inodes_(inodes) {}

  Status collect(Emit& emit) override {
    Rejects rejects;
    if (table_.changed()) {
      if (Status read = read_table(); !read) return read;
      file_systems_ = plan(rejects);
    }
    for (const FileSystem& file_system : file_systems_) {
      if (Status asked = ask(file_system, emit); !asked)
        emit.trouble("fs " + file_system.device, asked.error());
    }
    return rejects.status("mounts");
  }

 private:
  // That of process 1 is the host's; a tree of files for tests need not have processes.
  Status read_table() {
    const std::string process = looks_from_outside(settings_) ? "/1/" : "/self/";
    folder_ = settings_.proc + process;
    Status read = table_.read(folder_ + "mounts");
    if (read || read.error().kind != ErrorKind::absent) return read;
    return table_.read(settings_.proc + "/mounts");
  }

  std::vector<FileSystem> plan(Rejects& rejects) {
    const MountFilters filters{.points = {settings_.mounts_include, settings_.mounts_exclude},
                               .types = {settings_.fs_types_include, settings_.fs_types_exclude}};
    const Result<std::string> types = read_file(settings_.proc + "/filesystems");
    std::vector<Mount> mounts = parse_mounts(table_.text(), rejects);
    for (Mount& mount : mounts) {
      if (mount.device == unnamed_root) mount.device = root_device();
    }
    return choose_file_systems(mounts, types ? parse_device_types(*types) : std::vector<std::string>(),
                               filters);
  }

  std::string root_device() {
    const Result<std::string> mountinfo = read_file(folder_ + "mountinfo");
    const std::optional<std::string> number =
        mountinfo ? device_number(*mountinfo, unnamed_root) : std::nullopt;
    if (!number) return std::string(unnamed_root);
    const Result<std::string> uevent = read_file(settings_.sys + "/dev/block/" + *number + "/uevent");
    const std::optional<std::string> name = uevent ? device_name(*uevent) : std::nullopt;
    return name ? "/dev/" + *name : std::string(unnamed_root);
  }

  // The first mount point that answers. One that hangs is enough: the others of the device would too.
  Status ask(const FileSystem& file_system, Emit& emit) {
    Status last = Ok{};
    for (const std::string& point : file_system.points) {
      const Result<struct statvfs> answer =
          file_system.at_once && prefix_.empty()
              ? probe_.ask_here(point)
              : probe_.ask(file_system.device, prefix_ + point, file_system.remote);
      if (answer) {
        if (space_) emit_space(*answer, file_system.device, emit);
        if (inodes_) emit_inodes(*answer, file_system.device, emit);
        return Ok{};
      }
      last = answer.error();
      if (probe_.hangs(file_system.device)) break;
    }
    return last;
  }

  const HostSettings& settings_;
  std::string prefix_;
  StatvfsProbe probe_;
  bool space_, inodes_;
  std::string folder_;
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
