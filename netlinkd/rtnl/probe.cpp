#include "netlinkd/rtnl/probe.hpp"

#include <sched.h>

#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "netlinkd/model/installed.hpp"
#include "netlinkd/rtnl/suppression.hpp"
#include "netlinkd/rtnl/transactor.hpp"

namespace kvtep::rtnl {
namespace {

constexpr const char* kBridge = "kvprobe0";
constexpr const char* kTable = "kvtep_probe";

// In a namespace of its own, where every name and number is free.
class Probe {
 public:
  explicit Probe(Transactor transactor) : transactor_(std::move(transactor)) {}

  Result<Capabilities> run() {
    must(Feature::Bridges, CreateBridge{.name = kBridge, .alias = {}, .address = {{0x06, 0, 0, 0, 0, 1}}});
    if (auto done = look(); !done) return std::unexpected(std::move(done.error()));
    const auto bridge = index_of(kBridge);
    must(Feature::VxlanDevices, vxlan("kvprobe1", 1, "192.0.2.1", bridge));
    must(Feature::Ipv6Tunnels, vxlan("kvprobe2", 2, "2001:db8::1", bridge));
    must(Feature::VlanDevices,
         CreateVlan{.name = "kvprobe3", .alias = {}, .info = {.vlan = VlanId{1}, .parent = bridge}});
    must(Feature::TagFilters, SetTagFilter{.index = bridge, .filter = {}});
    must(Feature::SourceFilters,
         SetSourceFilter{.table = kTable,
                         .filter = {.tunnel_ip = *IpAddress::parse("192.0.2.1"), .allowed = {}}});
    transactor_.apply(std::array<KernelOp, 1>{
        ConfigureBridge{.index = bridge, .info = {.multicast_snooping = true, .mac_limit = 1}}});
    if (auto done = look(); !done) return std::unexpected(std::move(done.error()));
    // A vxlan device gets its socket, and with it what it needs of IPv6, when it is set up.
    must(Feature::Ipv6Tunnels, SetUp{.index = index_of("kvprobe2")});
    must(Feature::Announcers, SetAnnouncer{.index = index_of("kvprobe1"), .announcer = {bridge}});
    look_at_probes(bridge, index_of("kvprobe1"));
    must(Feature::NexthopGroups, SetServiceNode{.vxlan = index_of("kvprobe1"),
                                                .ids = ServiceNodeIds::of(Vni{1}, true),
                                                .node = *IpAddress::parse("192.0.2.2")});
    const auto* info = bridge_info();
    found(Feature::MulticastSnooping, info != nullptr && info->multicast_snooping);
    found(Feature::MacLimits, info != nullptr && info->mac_limit == 1U);
    return std::move(capabilities_);
  }

 private:
  static KernelOp vxlan(const char* name, std::uint32_t vni, const char* local, IfIndex bridge) {
    return CreateVxlan{.name = name,
                       .alias = {},
                       .info = {.vni = Vni{vni}, .local = IpAddress::parse(local)},
                       .bridge = bridge};
  }

  void look_at_probes(IfIndex bridge, IfIndex vxlan) {
    transactor_.apply(std::array<KernelOp, 2>{
        SetUp{.index = vxlan},
        ConfigureBridgePort{.index = vxlan, .port = {.learning = false, .neigh_suppress = true}}});
    const auto pass = lets_probes_pass(bridge, vxlan);
    found(Feature::ProbesPass, pass && *pass, pass ? std::string() : pass.error().message);
  }

  Result<void> look() {
    const auto snapshot = transactor_.dump();
    if (!snapshot) return std::unexpected(snapshot.error());
    there_ = Installed::from(*snapshot);
    return {};
  }

  IfIndex index_of(const char* name) const {
    const Link* link = there_.link_named(name);
    return link == nullptr ? IfIndex{} : link->index;
  }

  const BridgeInfo* bridge_info() const {
    const Link* link = there_.link_named(kBridge);
    return link == nullptr ? nullptr : std::get_if<BridgeInfo>(&link->info);
  }

  // Without what was tried: that is our own business.
  static std::string words_of(const OpResult& result) {
    if (!result.error) return {};
    const auto tried = describe(result.op) + ": ";
    const auto& message = result.error->message;
    return message.starts_with(tried) ? message.substr(tried.size()) : message;
  }

  // The feature is there where the kernel does all of its operations.
  void must(Feature feature, const KernelOp& op) {
    const auto result = transactor_.apply(std::array{op}).front();
    for (auto& known : capabilities_) {
      if (known.feature != feature) continue;
      if (!known.is_present || !result.error) return;
      known = {.feature = feature, .is_present = false, .words = words_of(result)};
      return;
    }
    found(feature, !result.error, words_of(result));
  }

  void found(Feature feature, bool is_present, std::string words = {}) {
    capabilities_.push_back({.feature = feature, .is_present = is_present, .words = std::move(words)});
  }

  Transactor transactor_;
  Installed there_;
  Capabilities capabilities_;
};

Result<Capabilities> probe_here() {
  auto transactor = Transactor::open();
  if (!transactor) return std::unexpected(std::move(transactor.error()));
  return Probe(std::move(*transactor)).run();
}

}  // namespace

Result<Capabilities> probe() {
  Result<Capabilities> result;
  const auto in_own_namespace = [&result] {
    if (unshare(CLONE_NEWNET) != 0) {
      result = std::unexpected(system_error(errno, "make a network namespace to try the kernel in"));
      return;
    }
    result = probe_here();
  };
  try {
    std::thread(in_own_namespace).join();
  } catch (const std::system_error& error) {
    return std::unexpected(Error{error.code(), "start a thread to try the kernel in"});
  }
  return result;
}

}  // namespace kvtep::rtnl
