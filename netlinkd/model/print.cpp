#include <fmt/format.h>
#include <fmt/ostream.h>

#include <ostream>
#include <string>

#include "netlinkd/base/overloaded.hpp"
#include "netlinkd/model/desired.hpp"
#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"

namespace kvtep {
namespace {

std::string text_of(const LinkInfo& info) {
  return std::visit(
      Overloaded{
          [](const PlainInfo&) -> std::string { return "plain"; },
          [](const BridgeInfo& bridge) {
            return fmt::format(
                "bridge(snooping={} vlan_filtering={} firewall={} ageing={} mac_limit={} reaches_host={})",
                bridge.multicast_snooping, bridge.vlan_filtering, bridge.calls_firewall, bridge.ageing_time,
                bridge.mac_limit ? std::to_string(*bridge.mac_limit) : "unknown", bridge.reaches_host);
          },
          [](const VxlanInfo& vxlan) {
            return fmt::format(
                "vxlan(vni={} local={} port={} learning={} ttl={} tos_inherit={} csum={} foreign={})",
                vxlan.vni.value, vxlan.local ? vxlan.local->to_string() : "none", vxlan.udp_port,
                vxlan.learning, vxlan.ttl, vxlan.tos_inherit, vxlan.udp_checksum, vxlan.foreign_mode);
          },
          [](const VlanInfo& vlan) {
            return fmt::format("vlan(id={} parent={})", vlan.vlan.value, vlan.parent.value);
          }},
      info);
}

std::string text_of(const Host& host) {
  const auto path = host.narrowest_path ? fmt::format("{} to {}", host.narrowest_path->mtu,
                                                      host.narrowest_path->to.to_string())
                                        : "unknown";
  return fmt::format("host(firewall={} narrowest_path={})", host.firewall_sees_bridges, path);
}

std::string text_of(const TagFilter& filter) {
  std::string vlans;
  for (const auto vlan : filter.allowed) vlans += fmt::format("{}{}", vlans.empty() ? "" : ",", vlan.value);
  return fmt::format("{{{}}}", vlans);
}

std::string text_of(const SourceFilter& filter) {
  return fmt::format("{} sources to {} port {}", filter.allowed.size(), filter.tunnel_ip.to_string(),
                     filter.udp_port);
}

std::string text_of(const TunnelDestination& destination) {
  auto text = destination.address ? destination.address->to_string()
                                  : fmt::format("nexthop group {}", destination.nexthop_group);
  if (destination.vni) text += fmt::format(" vni {}", destination.vni->value);
  if (destination.udp_port != 0) text += fmt::format(" port {}", destination.udp_port);
  return text;
}

std::string flooding(const MacAddress& group) {
  return group.is_zero() ? "flood" : "send " + group.to_string();
}

std::string text_of(const BridgeEntry& entry) {
  return fmt::format("{} on bridge {} port {} {}", entry.mac.to_string(), entry.bridge.value,
                     entry.port.value, fmt::streamed(entry.kind));
}

std::string text_of(const VxlanEntry& entry) {
  return fmt::format("{} on vxlan {} to {}{}", entry.mac.to_string(), entry.device.value,
                     text_of(entry.destination), entry.lasting ? "" : " ageing");
}

std::string text_of(const BridgePort& port) {
  return fmt::format("{}{}", port.learning ? " learning" : " nolearning",
                     port.neigh_suppress ? " neigh_suppress" : "");
}

std::string text_of(const Neighbour& neighbour) {
  return fmt::format("neighbour {} at {} on bridge {}{}", neighbour.address.to_string(),
                     neighbour.mac.to_string(), neighbour.device.value,
                     neighbour.is_external ? "" : " (somebody else's)");
}

std::string text_of(const Link& link) {
  return fmt::format("link {} '{}' alias '{}' master {} {} mtu {} {}{}", link.index.value, link.name,
                     link.alias, link.master.value, link.up ? "up" : "down", link.mtu, text_of(link.info),
                     link.bridge_port ? text_of(*link.bridge_port) : "");
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Host& host) { return out << text_of(host); }
std::ostream& operator<<(std::ostream& out, const Link& link) { return out << text_of(link); }

std::ostream& operator<<(std::ostream& out, BridgeEntryKind kind) {
  switch (kind) {
    case BridgeEntryKind::Learned: return out << "learned";
    case BridgeEntryKind::Static: return out << "static";
    case BridgeEntryKind::Permanent: return out << "permanent";
    case BridgeEntryKind::ExternallyLearned: return out << "extern_learn";
  }
  return out;
}

std::ostream& operator<<(std::ostream& out, const BridgeEntry& entry) { return out << text_of(entry); }

std::ostream& operator<<(std::ostream& out, const TunnelDestination& destination) {
  return out << text_of(destination);
}

std::ostream& operator<<(std::ostream& out, const VxlanEntry& entry) { return out << text_of(entry); }

std::ostream& operator<<(std::ostream& out, const Neighbour& neighbour) { return out << text_of(neighbour); }

std::ostream& operator<<(std::ostream& out, const TagFilter& filter) { return out << text_of(filter); }

std::ostream& operator<<(std::ostream& out, const SourceFilter& filter) { return out << text_of(filter); }

std::ostream& operator<<(std::ostream& out, const GroupMember& member) {
  out << member.group << " behind port " << member.port.value << " of bridge " << member.bridge.value;
  if (member.source) out << " from " << *member.source;
  return out;
}

std::ostream& operator<<(std::ostream& out, const KernelEvent& event) {
  std::visit(
      Overloaded{[&](const LinkChanged& e) { out << "changed: " << e.link; },
                 [&](const LinkGone& e) { out << "gone: link " << e.index.value; },
                 [&](const BridgePortChanged& e) {
                   out << "changed: bridge port " << e.index.value << text_of(e.port);
                 },
                 [&](const BridgeEntryChanged& e) { out << "changed: " << e.entry; },
                 [&](const BridgeEntryGone& e) { out << "gone: " << e.entry; },
                 [&](const VxlanEntryChanged& e) { out << "changed: " << e.entry; },
                 [&](const VxlanEntryGone& e) { out << "gone: " << e.entry; },
                 [&](const TagFilterChanged& e) {
                   out << "changed: tag filter " << e.filter << " on device " << e.index.value;
                 },
                 [&](const TagFilterGone& e) { out << "gone: tag filter on device " << e.index.value; },
                 [&](const GroupJoined& e) { out << "joined: " << e.member; },
                 [&](const GroupLeft& e) { out << "left: " << e.member; },
                 [&](const NexthopChanged& e) { out << "changed: " << e.nexthop; },
                 [&](const NexthopGone& e) { out << "gone: nexthop " << e.id; },
                 [&](const SourceFilterChanged& e) {
                   out << "changed: source filter " << e.table << ": " << e.filter;
                 },
                 [&](const SourceFilterGone& e) { out << "gone: source filter " << e.table; },
                 [&](const HookGone& e) { out << "gone: ingress hook of device " << e.index.value; },
                 [&](const AnnouncerChanged& e) {
                   out << "changed: announcer of device " << e.index.value << " into "
                       << e.announcer.vxlan.value << (e.announcer.copies_probes ? "" : ", but for probes");
                 },
                 [&](const AnnouncerGone& e) { out << "gone: announcer of device " << e.index.value; },
                 [&](const NeighbourChanged& e) { out << "changed: " << e.neighbour; },
                 [&](const NeighbourGone& e) {
                   out << "gone: neighbour " << e.address << " on bridge " << e.device.value;
                 },
                 [&](const HostChanged& e) { out << e.host; },
                 [&](const Overrun&) { out << "overrun"; }},
      event);
  return out;
}

std::ostream& operator<<(std::ostream& out, const Nexthop& nexthop) {
  out << "nexthop " << nexthop.id << " of protocol " << int{nexthop.protocol};
  if (nexthop.address) out << " via " << *nexthop.address;
  for (const auto member : nexthop.members) out << " member " << member;
  return out;
}

std::ostream& operator<<(std::ostream& out, const Issue& issue) {
  return out << issue.object << ": " << issue.reason;
}

std::string describe(const KernelOp& op) {
  return std::visit(
      Overloaded{
          [](const CreateBridge& o) { return fmt::format("create the bridge {}", o.name); },
          [](const CreateVxlan& o) {
            return fmt::format("create the vxlan device {} for VNI {}", o.name, o.info.vni.value);
          },
          [](const CreateVlan& o) {
            return fmt::format("create the VLAN device {} on device {}", o.name, o.info.parent.value);
          },
          [](const DeleteLink& o) { return fmt::format("delete the device {} ({})", o.name, o.index.value); },
          [](const SetMtu& o) { return fmt::format("set the MTU of device {} to {}", o.index.value, o.mtu); },
          [](const SetAlias& o) {
            return fmt::format("set the alias of device {} to '{}'", o.index.value, o.alias);
          },
          [](const SetUp& o) { return fmt::format("set device {} up", o.index.value); },
          [](const SetMaster& o) {
            return o.bridge ? fmt::format("make device {} a port of bridge {}", o.index.value, o.bridge.value)
                            : fmt::format("take device {} out of its bridge", o.index.value);
          },
          [](const ConfigureBridge& o) { return fmt::format("configure bridge {}", o.index.value); },
          [](const ConfigureVxlan& o) {
            return fmt::format("configure vxlan device {} {}", o.index.value, text_of(LinkInfo(o.info)));
          },
          [](const ConfigureBridgePort& o) {
            return fmt::format("set learning {} and neighbour suppression {} on bridge port {}",
                               o.port.learning ? "on" : "off", o.port.neigh_suppress ? "on" : "off",
                               o.index.value);
          },
          [](const SetTagFilter& o) {
            return fmt::format("let only the VLANs {} into device {}", text_of(o.filter), o.index.value);
          },
          [](const RemoveTagFilter& o) {
            return fmt::format("remove the tag filter of device {}", o.index.value);
          },
          [](const SetRemoteMac& o) {
            return fmt::format("point {} to {} on vxlan device {}", o.mac.to_string(), text_of(o.destination),
                               o.vxlan.value);
          },
          [](const RemoveRemoteMac& o) {
            return fmt::format("remove {} from vxlan device {}", o.mac.to_string(), o.vxlan.value);
          },
          [](const AddFloodDestination& o) {
            return fmt::format("{} to {} from vxlan device {}", flooding(o.group), text_of(o.destination),
                               o.vxlan.value);
          },
          [](const RemoveFloodDestination& o) {
            return fmt::format("no longer {} to {} from vxlan device {}", flooding(o.group),
                               text_of(o.destination), o.vxlan.value);
          },
          [](const SetServiceNode& o) {
            return fmt::format("flood to the service node {} from vxlan device {} (nexthop group {})",
                               o.node.to_string(), o.vxlan.value, o.ids.group);
          },
          [](const RemoveServiceNode& o) {
            return fmt::format("remove the nexthop group {} and its nexthop", o.ids.group);
          },
          [](const SetSourceFilter& o) {
            return fmt::format("let only {} in, by the nftables table {}", text_of(o.filter), o.table);
          },
          [](const SetNeighbour& o) {
            return fmt::format("answer for {} with {} on bridge {}", o.address.to_string(), o.mac.to_string(),
                               o.bridge.value);
          },
          [](const RemoveNeighbour& o) {
            return fmt::format("no longer answer for {} on bridge {}", o.address.to_string(), o.bridge.value);
          },
          [](const SetAnnouncer& o) {
            return fmt::format("copy what announces hosts at device {} into vxlan device {}", o.index.value,
                               o.announcer.vxlan.value);
          },
          [](const RemoveAnnouncer& o) {
            return fmt::format("no longer copy what announces hosts at device {}", o.index.value);
          },
          [](const RemoveSourceFilter& o) { return fmt::format("remove the nftables table {}", o.table); }},
      op);
}

std::ostream& operator<<(std::ostream& out, const KernelOp& op) { return out << describe(op); }

}  // namespace kvtep
