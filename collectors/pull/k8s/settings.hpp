// The options of the k8s collector.
#pragma once

#include <cstdint>
#include <string>

#include "core/config/option.hpp"

namespace scops::k8s {

struct K8sSettings {
  std::string host;
  std::int64_t port = 0;
  std::string path;
  bool tls = true;
  bool tls_verify = true;
  std::string server_name;
  std::string ca_file;
  std::string cert_file, key_file;
  std::string token_file;
  std::string service_account;
  Duration timeout{};
  Bytes body_max;
  TextMap metrics;
  TextList namespaces_include, namespaces_exclude;
  TextList pods_include, pods_exclude;
};

// The rows over fresh settings, which the loader fills.
[[nodiscard]] Section k8s_section();

}  // namespace scops::k8s
