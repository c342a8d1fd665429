#include "tests/contract/real_world.hpp"

#include <net/if.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "netlinkd/model/installed.hpp"

namespace kvtep::testing {
namespace {

template <class T>
T value_or_throw(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// Hosts that say nothing by themselves: no router solicitations, no multicast reports.
void silence_ipv6() { std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << "1"; }

std::string kind_word(BridgeEntryKind kind) {
  switch (kind) {
    case BridgeEntryKind::Learned: return "dynamic";
    case BridgeEntryKind::Static: return "static";
    case BridgeEntryKind::Permanent: return "permanent";
    case BridgeEntryKind::ExternallyLearned: return "extern_learn";
  }
  return {};
}

}  // namespace

RealWorld::RealWorld()
    : transactor_(value_or_throw(rtnl::Transactor::open())), monitor_(value_or_throw(rtnl::Monitor::open())) {
  hosts_.enter();
  silence_ipv6();
  switch_.enter();
}

std::vector<OpResult> RealWorld::apply(const std::vector<KernelOp>& ops) { return transactor_.apply(ops); }

Snapshot RealWorld::dump() { return value_or_throw(transactor_.dump()); }

CounterReading RealWorld::counters() { return value_or_throw(transactor_.read_counters()); }

std::vector<KernelEvent> RealWorld::take_events(bool may_wait) {
  pollfd waiting{.fd = monitor_.fd(), .events = POLLIN, .revents = 0};
  if (may_wait) poll(&waiting, 1, 20);
  std::vector<KernelEvent> events;
  for (bool more = true; more;) {
    auto drained = monitor_.drain();
    more = drained.more;
    events.insert(events.end(), drained.events.begin(), drained.events.end());
  }
  const auto read_back = transactor_.take_read_back();
  events.insert(events.end(), read_back.begin(), read_back.end());
  return events;
}

std::vector<KernelEvent> RealWorld::overheard(const std::function<void()>& busy) {
  auto listener = value_or_throw(rtnl::Monitor::open({.receive_buffer = 4096}));
  busy();
  std::vector<KernelEvent> events;
  for (bool more = true; more;) {
    auto drained = listener.drain();
    more = drained.more;
    events.insert(events.end(), drained.events.begin(), drained.events.end());
  }
  return events;
}

bool RealWorld::has_vlan_devices() {
  const auto port = add_port("vlan-probe");
  const auto result = apply(CreateVlan{.name = "vlan-probe.1", .alias = {}, .info = {VlanId{1}, port}});
  delete_link(port);
  return !result.error;
}

bool RealWorld::has_mac_limits() {
  // By its release: how a bridge's settings are read is under test.
  std::ifstream file("/proc/sys/kernel/osrelease");
  unsigned major = 0;
  unsigned minor = 0;
  char dot = 0;
  file >> major >> dot >> minor;
  return std::pair(major, minor) >= std::pair(6U, 7U);
}

std::string RealWorld::name_of(IfIndex index) {
  std::array<char, IF_NAMESIZE> name{};
  if (if_indextoname(index.value, name.data()) == nullptr) {
    throw std::runtime_error("no device " + std::to_string(index.value));
  }
  return name.data();
}

std::vector<std::string> RealWorld::entry_command(const std::string& verb, const VxlanEntry& entry) {
  const auto& destination = entry.destination;
  std::vector<std::string> command{"bridge", "fdb",
                                   verb,     entry.mac.to_string(),
                                   "dev",    name_of(entry.device),
                                   "dst",    destination.address.value().to_string()};
  if (destination.vni) command.insert(command.end(), {"vni", std::to_string(destination.vni->value)});
  if (destination.udp_port != 0)
    command.insert(command.end(), {"port", std::to_string(destination.udp_port)});
  command.push_back("self");
  return command;
}

IfIndex RealWorld::index_of(const std::string& name) { return IfIndex{if_nametoindex(name.c_str())}; }

IfIndex RealWorld::add_port(const std::string& name) {
  run_command(
      {"ip", "link", "add", "name", name, "type", "veth", "peer", "name", name, "netns", hosts_.path()});
  const auto index = index_of(name);
  hosts_.enter();
  run_command({"ip", "link", "set", name, "up"});
  PacketSocket far_end(name);
  switch_.enter();
  far_ends_.erase(index);
  far_ends_.emplace(index, std::move(far_end));
  return index;
}

IfIndex RealWorld::add_bridge(const std::string& name) {
  // An address of its own, or it would take its ports'.
  run_command({"ip", "link", "add", "name", name, "address", "06:fa:4e:ff:00:01", "type", "bridge"});
  return index_of(name);
}

IfIndex RealWorld::add_vxlan(const std::string& name, const VxlanInfo& info) {
  run_command({"ip", "link", "add", "name", name, "type", "vxlan", "id", std::to_string(info.vni.value),
               "local", info.local.value().to_string(), "dstport", std::to_string(info.udp_port), "ttl",
               std::to_string(info.ttl), "tos", info.tos_inherit ? "inherit" : "0",
               info.learning ? "learning" : "nolearning", info.udp_checksum ? "udpcsum" : "noudpcsum"});
  return index_of(name);
}

void RealWorld::delete_link(IfIndex index) { run_command({"ip", "link", "delete", name_of(index)}); }

void RealWorld::set_up(IfIndex index) { run_command({"ip", "link", "set", name_of(index), "up"}); }

void RealWorld::set_down(IfIndex index) { run_command({"ip", "link", "set", name_of(index), "down"}); }

void RealWorld::rename(IfIndex index, const std::string& name) {
  run_command({"ip", "link", "set", name_of(index), "name", name});
}

void RealWorld::enslave(IfIndex index, IfIndex bridge) {
  if (!bridge) return run_command({"ip", "link", "set", name_of(index), "nomaster"});
  run_command({"ip", "link", "set", name_of(index), "master", name_of(bridge)});
}

void RealWorld::send_frame(IfIndex port, const MacAddress& mac, VlanId vlan) {
  far_end(port).send(vlan == kUntagged ? make_frame(mac) : make_frame(mac, {{.vlan = vlan.value}}));
}

void RealWorld::age_out(IfIndex bridge, const MacAddress&) {
  // In hundredths of a second.
  run_command({"ip", "link", "set", name_of(bridge), "type", "bridge", "ageing_time", "1"});
}

void RealWorld::change_group(const std::string& verb, IfIndex port, const IpAddress& group) {
  const auto installed = Installed::from(dump());
  const auto bridge = name_of(installed.link(port)->master);
  run_command(
      {"bridge", "mdb", verb, "dev", bridge, "port", name_of(port), "grp", group.to_string(), "temp"});
}

void RealWorld::join(IfIndex port, const IpAddress& group) { change_group("add", port, group); }

void RealWorld::leave(IfIndex port, const IpAddress& group) { change_group("del", port, group); }

void RealWorld::add_entry(const BridgeEntry& entry) {
  run_command({"bridge", "fdb", "replace", entry.mac.to_string(), "dev", name_of(entry.port), "master",
               kind_word(entry.kind)});
}

void RealWorld::remove_entry(const BridgeEntry& entry) {
  run_command({"bridge", "fdb", "del", entry.mac.to_string(), "dev", name_of(entry.port), "master"});
}

void RealWorld::add_entry(const VxlanEntry& entry) {
  const bool has_many = entry.mac.is_zero() || entry.mac.is_group();
  auto command = entry_command(has_many ? "append" : "replace", entry);
  command.push_back(entry.lasting ? "permanent" : "dynamic");
  run_command(command);
}

void RealWorld::delete_nexthop(std::uint32_t id) {
  run_command({"ip", "nexthop", "del", "id", std::to_string(id)});
}

void RealWorld::add_neighbour(const Neighbour& neighbour) {
  std::vector<std::string> command{"ip",      "neigh",
                                   "replace", neighbour.address.to_string(),
                                   "lladdr",  neighbour.mac.to_string(),
                                   "dev",     name_of(neighbour.device),
                                   "nud"};
  command.push_back(neighbour.is_external ? "noarp" : "permanent");
  if (neighbour.is_external) command.push_back("extern_learn");
  run_command(command);
}

void RealWorld::remove_neighbour(IfIndex device, const IpAddress& address) {
  run_command({"ip", "neigh", "del", address.to_string(), "dev", name_of(device)});
}

void RealWorld::remove_entry(const VxlanEntry& entry) { run_command(entry_command("del", entry)); }

}  // namespace kvtep::testing
