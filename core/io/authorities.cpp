#include "core/io/authorities.hpp"

#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <system_error>

namespace scops {
namespace {

constexpr const char* files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine, Gentoo, Yocto
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL 7 and newer
    "/etc/pki/tls/certs/ca-bundle.crt",                   // RHEL 6
    "/var/lib/ca-certificates/ca-bundle.pem",             // openSUSE
    "/etc/ssl/ca-bundle.pem",                             // older openSUSE
    "/etc/ssl/certs/ca-bundle.crt",                       // NixOS
    "/etc/ssl/cert.pem",                                  // OpenWrt, older Alpine
    "/etc/pki/tls/cacert.pem",                            // OpenELEC
    "/usr/share/ssl/certs/ca-bundle.crt",                 // old ones
    "/opt/etc/ssl/certs/ca-certificates.crt",             // Entware
};

constexpr const char* folders[] = {
    "/etc/ssl/certs",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted/pem/directory-hash",
    "/opt/etc/ssl/certs",
};

// Links or copies that c_rehash(1) names by a hash: 0a775a30.0.
bool has_hashes(const char* folder) {
  std::error_code error;
  for (std::filesystem::directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    if (file->path().extension() == ".0") return true;
  }
  return false;
}

}  // namespace

Authorities find_authorities(std::span<const char* const> among_files,
                             std::span<const char* const> among_folders) {
  Authorities found;
  for (const char* const file : among_files) {
    if (::access(file, R_OK) != 0) continue;
    found.file = file;
    break;
  }
  for (const char* const folder : among_folders) {
    if (!has_hashes(folder)) continue;
    found.folder = folder;
    break;
  }
  return found;
}

Authorities system_authorities() {
  static std::mutex mutex;
  static Authorities found;
  const std::scoped_lock lock(mutex);
  if (found.empty()) found = find_authorities(files, folders);
  return found;
}

}  // namespace scops
