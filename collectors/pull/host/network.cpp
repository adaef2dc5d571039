#include "collectors/pull/host/network.hpp"

#include <array>
#include <optional>

#include "collectors/proc/name_filter.hpp"
#include "collectors/pull/host/topic.hpp"
#include "core/io/files.hpp"
#include "core/model/text.hpp"

namespace scops::host {
namespace {

// Receive: bytes packets errs drop fifo frame compressed multicast; transmit: bytes packets errs drop fifo
// colls carrier compressed.
constexpr std::size_t interface_columns = 16;
constexpr std::size_t transmit = 8;

Traffic traffic_at(const std::array<std::uint64_t, interface_columns>& numbers, std::size_t first) {
  return {.bytes = numbers[first], .errors = numbers[first + 2], .dropped = numbers[first + 3]};
}

//   eth0: 1286 12 0 0 0 0 0 0 998 10 0 0 0 0 0 0
// The name ends at the last colon: an alias has one in its name (eth0:1), and old kernels leave out the
// blank.
std::optional<Interface> parse_interface(std::string_view line) {
  const std::size_t colon = line.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(colon + 1);
  std::array<std::uint64_t, interface_columns> numbers{};
  for (std::uint64_t& number : numbers) {
    const std::optional<std::uint64_t> read = to_uint(trim(next_word(rest)));
    if (!read) return std::nullopt;
    number = *read;
  }
  const std::string_view name = trim(line.substr(0, colon));
  if (name.empty()) return std::nullopt;
  return Interface{.name = name, .received = traffic_at(numbers, 0), .sent = traffic_at(numbers, transmit)};
}

class NetworkTopic final : public Topic {
 public:
  NetworkTopic(const HostSettings& settings, bool bytes, bool errors)
      : filter_{settings.interfaces_include, settings.interfaces_exclude},
        outside_(looks_from_outside(settings)),
        // <proc>/net is that of the process that reads it: in a container, the container's.
        path_(settings.proc + (outside_ ? "/1/net/dev" : "/net/dev")),
        bytes_(bytes),
        errors_(errors) {}

  Status collect(Emit& emit) override {
    if (Status read = read_file_into(path_, text_); !read)
      return outside_ ? lacks_process_1(read.error()) : read;
    Rejects rejects;
    parse_net_dev(text_, interfaces_, rejects);
    for (const Interface& interface : interfaces_) {
      if (filter_.passes(interface.name)) emit_interface(interface, bytes_, errors_, emit);
    }
    return rejects.status(path_);
  }

 private:
  NameFilter filter_;
  bool outside_;
  std::string path_;
  bool bytes_, errors_;
  std::string text_;
  std::vector<Interface> interfaces_;
};

}  // namespace

void parse_net_dev(std::string_view text, std::vector<Interface>& into, Rejects& rejects) {
  into.clear();
  LineReader lines(text);
  for (std::string_view line; lines.next(line);) {
    if (line.find('|') != std::string_view::npos) continue;  // the two lines of headings
    if (const std::optional<Interface> interface = parse_interface(line)) {
      into.push_back(*interface);
    } else {
      rejects.add(lines.number(), line);
    }
  }
}

void emit_interface(const Interface& interface, bool bytes, bool errors, Emit& emit) {
  const std::array tags{Tag{"iface", interface.name}};
  const auto gauge = [&](std::string_view name, std::uint64_t value) {
    emit.gauge(name, static_cast<double>(value), tags);
  };
  if (bytes) {
    gauge("host.network.bytes.sent", interface.sent.bytes);
    gauge("host.network.bytes.recv", interface.received.bytes);
  }
  if (errors) {
    gauge("host.network.errors.sent", interface.sent.errors);
    gauge("host.network.errors.recv", interface.received.errors);
    gauge("host.network.dropped.sent", interface.sent.dropped);
    gauge("host.network.dropped.recv", interface.received.dropped);
  }
}

std::unique_ptr<Topic> make_network(const TopicContext& context) {
  const bool bytes = context.wants("network");
  const bool errors = context.wants("network_errors");
  if (!bytes && !errors) return nullptr;
  return std::make_unique<NetworkTopic>(context.settings, bytes, errors);
}

}  // namespace scops::host
