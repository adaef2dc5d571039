#include "collectors/pull/k8s/settings.hpp"

#include <array>

namespace scops::k8s {
namespace {

constexpr std::array rows{
    option<&K8sSettings::metrics>({
        .name = "metrics",
        .fallback = R"({"pods":["memory","cpu"],"node":["inodes"]})",
        .help = "Groups of metrics to send; docs/collectors/k8s.md lists what each holds.",
        .choices =
            "node.cpu|node.memory|node.ram|node.filesystem|node.inodes|node.network|node.network_errors|"
            "node.image_filesystem|node.page_faults|node.processes|node.psi|node.swap|"
            "pods.cpu|pods.memory|pods.network|pods.network_errors|pods.cpu_total|pods.working_set|"
            "pods.page_faults|pods.processes|pods.psi|pods.swap|pods.ephemeral_storage|pods.volumes|"
            "containers.cpu|containers.memory|containers.page_faults|containers.psi|containers.swap|"
            "containers.rootfs|containers.logs|containers.accelerators",
        .aliases = "K8S_METRICS",
    }),
    option<&K8sSettings::host>({
        .name = "host",
        .fallback = "",
        .help = "Address or name of the node whose kubelet is asked; needed. In a DaemonSet status.hostIP.",
        .aliases = "K8S_STATS_SERVICE_IP",
    }),
    option<&K8sSettings::port>({
        .name = "port",
        .fallback = "10250",
        .help = "The kubelet's port.",
        .aliases = "K8S_STATS_SERVICE_PORT",
        .min = "1",
        .max = "65535",
    }),
    option<&K8sSettings::cert_file>({
        .name = "cert_file",
        .fallback = "",
        .help = "Our client certificate, PEM; read anew for each connection.",
        .aliases = "K8S_CERT_PATH",
    }),
    option<&K8sSettings::key_file>({
        .name = "key_file",
        .fallback = "",
        .help = "The private key of the client certificate, PEM.",
        .aliases = "K8S_KEY_PATH",
    }),
    option<&K8sSettings::token_file>({
        .name = "token_file",
        .fallback = "",
        .help =
            "File with a bearer token, read anew for each capture. Empty: the service account's, unless a "
            "client certificate is set.",
    }),
    option<&K8sSettings::service_account>({
        .name = "service_account",
        .fallback = "/var/run/secrets/kubernetes.io/serviceaccount",
        .help = "Where Kubernetes mounts the service account's token and ca.crt; they are used if there.",
    }),
    option<&K8sSettings::ca_file>({
        .name = "ca_file",
        .fallback = "",
        .help =
            "The authorities, PEM, one of which must have signed the kubelet's certificate. Empty: ca.crt of "
            "the service account, else those of the system.",
    }),
    option<&K8sSettings::server_name>({
        .name = "server_name",
        .fallback = "",
        .help = "The name that the kubelet's certificate must have, often the node's name. Empty: the host.",
    }),
    option<&K8sSettings::tls_verify>({
        .name = "tls_verify",
        .fallback = "true",
        .help = "Verify the kubelet's certificate; without, anybody may answer in its place, and a warning "
                "says so.",
    }),
    option<&K8sSettings::tls>({
        .name = "tls",
        .fallback = "true",
        .help = "Off for the read-only port (10255) over plain HTTP, without certificate and token.",
    }),
    option<&K8sSettings::path>({
        .name = "path",
        .fallback = "/stats/summary",
        .help = "What is asked for; with ?only_cpu_and_memory=true the answer is small.",
    }),
    option<&K8sSettings::timeout>({
        .name = "timeout",
        .fallback = "15s",
        .help = "How long the kubelet may take to answer.",
        .min = "100ms",
        .max = "5m",
    }),
    option<&K8sSettings::body_max>({
        .name = "body_max",
        .fallback = "8MiB",
        .help = "The longest answer to accept; a pod takes about 5 kB of it.",
        .min = "64KiB",
        .max = "64MiB",
    }),
    option<&K8sSettings::namespaces_include>({
        .name = "namespaces_include",
        .fallback = "[]",
        .help = "Globs of namespaces whose pods are looked at; empty: all.",
    }),
    option<&K8sSettings::namespaces_exclude>({
        .name = "namespaces_exclude",
        .fallback = "[]",
        .help = "Globs of namespaces whose pods are left out.",
    }),
    option<&K8sSettings::pods_include>({
        .name = "pods_include",
        .fallback = "[]",
        .help = "Globs of names of pods to look at; empty: all.",
    }),
    option<&K8sSettings::pods_exclude>({
        .name = "pods_exclude",
        .fallback = "[]",
        .help = "Globs of names of pods to leave out.",
    }),
};

}  // namespace

Section k8s_section() { return section<K8sSettings>("k8s", "A Kubernetes node and its pods.", rows); }

}  // namespace scops::k8s
