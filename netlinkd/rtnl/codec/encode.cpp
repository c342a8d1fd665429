#include "netlinkd/rtnl/codec/encode.hpp"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <net/if.h>

#include <cerrno>

#include "netlinkd/rtnl/codec/announcer.hpp"
#include "netlinkd/rtnl/codec/host_isolation.hpp"
#include "netlinkd/rtnl/codec/neighbours.hpp"
#include "netlinkd/rtnl/codec/newer_attributes.hpp"
#include "netlinkd/rtnl/codec/nexthops.hpp"
#include "netlinkd/rtnl/codec/request.hpp"
#include "netlinkd/rtnl/codec/tag_filter.hpp"

namespace kvtep::rtnl::codec {
namespace {

constexpr std::size_t kNameLimit = IFNAMSIZ - 1;
constexpr std::size_t kAliasLimit = 255;  // IFALIASZ - 1
constexpr std::uint8_t kTosInherit = 1;
constexpr std::uint8_t kAddrGenModeNone = IN6_ADDR_GEN_MODE_NONE;

bool is_host(const MacAddress& mac) { return !mac.is_zero() && !mac.is_group(); }

class Encoder {
 public:
  Encoder(std::uint32_t first_seq, IfIndex new_index, std::vector<std::byte>& buffer)
      : seq_(first_seq), new_index_(new_index), buffer_(buffer) {}

  // nf_tables' business: rtnl/source_filter.hpp.
  int operator()(const SetSourceFilter&) { return EPROTONOSUPPORT; }
  int operator()(const RemoveSourceFilter&) { return EPROTONOSUPPORT; }

  int operator()(const CreateBridge& op) {
    if (const int error = check_texts(op.name, op.alias)) return error;
    create_link(
        op.name, "bridge",
        [&](Request& request) {
          put_bridge(request, {});
          // Else a kernel with VLAN filtering doubles each entry into VLAN 1.
          request.put_u16(IFLA_BR_VLAN_DEFAULT_PVID, 0);
        },
        [&](Request& request) { request.put_mac(IFLA_ADDRESS, op.address); });
    set_no_ipv6();
    change_link(new_index_, IFF_UP, [&](Request& request) {
      request.put_text(IFLA_IFALIAS, op.alias);
      put_host_isolation(request, {});
    });
    return 0;
  }

  int operator()(const CreateVxlan& op) {
    if (const int error = check_texts(op.name, op.alias)) return error;
    create_link(
        op.name, "vxlan", [&](Request& request) { put_vxlan(request, op.info); },
        [&](Request& request) { request.put_u32(IFLA_MASTER, op.bridge.value); });
    set_no_ipv6();
    set_alias(new_index_, op.alias);
    set_bridge_port(new_index_, BridgePort{.learning = false});
    return 0;
  }

  int operator()(const CreateVlan& op) {
    if (const int error = check_texts(op.name, op.alias)) return error;
    create_link(
        op.name, "vlan", [&](Request& request) { request.put_u16(IFLA_VLAN_ID, op.info.vlan.value); },
        [&](Request& request) { request.put_u32(IFLA_LINK, op.info.parent.value); });
    set_no_ipv6();
    set_alias(new_index_, op.alias);
    return 0;
  }

  int operator()(const DeleteLink& op) {
    Request request(RTM_DELLINK, 0, seq_++);
    request.family_header<ifinfomsg>().ifi_index = static_cast<int>(op.index.value);
    request.append_to(buffer_);
    return 0;
  }

  int operator()(const SetAlias& op) {
    if (op.alias.size() > kAliasLimit) return ERANGE;
    set_alias(op.index, op.alias);
    return 0;
  }

  int operator()(const SetUp& op) {
    change_link(op.index, IFF_UP, [](Request&) {});
    return 0;
  }

  int operator()(const SetMtu& op) {
    change_link(op.index, 0, [&](Request& request) { request.put_u32(IFLA_MTU, op.mtu); });
    return 0;
  }

  int operator()(const SetMaster& op) {
    change_link(op.index, 0, [&](Request& request) { request.put_u32(IFLA_MASTER, op.bridge.value); });
    return 0;
  }

  int operator()(const ConfigureBridge& op) {
    // By itself: a kernel built without VLAN filtering refuses to hear of it.
    change_link(op.index, 0, [&](Request& request) {
      put_link_info(request, "bridge",
                    [&] { request.put_u8(IFLA_BR_VLAN_FILTERING, op.info.vlan_filtering); });
    });
    change_and_announce(op.index, [&](Request& request) {
      put_link_info(request, "bridge", [&] { put_bridge(request, op.info); });
      put_host_isolation(request, op.info);
    });
    return 0;
  }

  int operator()(const ConfigureVxlan& op) {
    change_and_announce(op.index, [&](Request& request) {
      put_link_info(request, "vxlan", [&] { put_live_vxlan(request, op.info); });
    });
    return 0;
  }

  int operator()(const ConfigureBridgePort& op) {
    set_bridge_port(op.index, op.port);
    return 0;
  }

  int operator()(const SetTagFilter& op) { return append_tag_filter(op, seq_, buffer_); }

  int operator()(const RemoveTagFilter& op) {
    append_tag_filter(op, seq_, buffer_);
    return 0;
  }

  int operator()(const SetRemoteMac& op) {
    // NUD_PERMANENT: the vxlan entry does not age; the bridge looks at NTF_EXT_LEARNED alone.
    put_entry(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, op.vxlan, NTF_SELF | NTF_MASTER | NTF_EXT_LEARNED,
              op.mac, op.destination);
    return 0;
  }

  int operator()(const RemoveRemoteMac& op) {
    // Two messages: one for both stops at the first half that is gone.
    if (op.from_bridge) put_entry(RTM_DELNEIGH, 0, op.vxlan, NTF_MASTER, op.mac, {});
    if (op.from_vxlan) put_entry(RTM_DELNEIGH, 0, op.vxlan, NTF_SELF, op.mac, {});
    return 0;
  }

  int operator()(const AddFloodDestination& op) {
    if (is_host(op.group)) return EINVAL;
    put_entry(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, op.vxlan, NTF_SELF, op.group, op.destination);
    return 0;
  }

  int operator()(const RemoveFloodDestination& op) {
    if (is_host(op.group)) return EINVAL;
    put_entry(RTM_DELNEIGH, 0, op.vxlan, NTF_SELF, op.group, op.destination);
    return 0;
  }

  int operator()(const SetServiceNode& op) {
    append_nexthops(op, seq_, buffer_);
    if (!op.has_entry) {
      put_entry(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, op.vxlan, NTF_SELF, {},
                {.nexthop_group = op.ids.group});
    }
    return 0;
  }

  int operator()(const RemoveServiceNode& op) {
    append_nexthops(op, seq_, buffer_);
    return 0;
  }

  int operator()(const SetNeighbour& op) {
    append_neighbour(op, seq_++, buffer_);
    return 0;
  }

  int operator()(const RemoveNeighbour& op) {
    append_neighbour(op, seq_++, buffer_);
    return 0;
  }

  int operator()(const SetAnnouncer& op) {
    append_hook(op.index, seq_++, buffer_);
    append_announcer(op, seq_++, buffer_);
    return 0;
  }

  int operator()(const RemoveAnnouncer& op) {
    append_announcer(op, seq_++, buffer_);
    return 0;
  }

  std::uint32_t next_seq() const { return seq_; }

 private:
  static int check_texts(const std::string& name, const std::string& alias) {
    if (name.empty()) return EINVAL;  // the kernel would make up a name
    return name.size() > kNameLimit || alias.size() > kAliasLimit ? ERANGE : 0;
  }

  template <class PutData>
  static void put_link_info(Request& request, std::string_view kind, PutData put_data) {
    request.nest(IFLA_LINKINFO, [&] {
      request.put_text(IFLA_INFO_KIND, kind);
      request.nest(IFLA_INFO_DATA, put_data);
    });
  }

  static void put_bridge(Request& request, const BridgeInfo& info) {
    request.put_u8(IFLA_BR_MCAST_SNOOPING, info.multicast_snooping);
    request.put_u32(IFLA_BR_AGEING_TIME, info.ageing_time);
    if (info.mac_limit) request.put_u32(kBridgeMaxLearned, *info.mac_limit);
    for (const auto attribute :
         {IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_IP6TABLES, IFLA_BR_NF_CALL_ARPTABLES})
      request.put_u8(attribute, info.calls_firewall);
  }

  static void put_host_isolation(Request& request, const BridgeInfo& info) {
    request.nest(IFLA_AF_SPEC, [&] {
      request.nest(AF_INET, [&] {
        request.nest(IFLA_INET_CONF, [&] {
          request.put_u32(IPV4_DEVCONF_ARP_IGNORE, info.reaches_host ? 0 : kArpIgnoreAll);
          request.put_u32(IPV4_DEVCONF_RP_FILTER, info.reaches_host ? 0 : kRpFilterStrict);
        });
      });
    });
  }

  // By the bridge's own request (AF_BRIDGE), which is announced whatever the device's state: the same change
  // by IFLA_INFO_SLAVE_DATA is silent while the device is down.
  void set_bridge_port(IfIndex index, const BridgePort& port) {
    Request request(RTM_SETLINK, 0, seq_++);
    auto& link = request.family_header<ifinfomsg>();
    link.ifi_family = AF_BRIDGE;
    link.ifi_index = static_cast<int>(index.value);
    request.nest(IFLA_PROTINFO, [&] {
      request.put_u8(IFLA_BRPORT_LEARNING, port.learning);
      request.put_u8(IFLA_BRPORT_MULTICAST_ROUTER,
                     port.multicast_router ? MDB_RTR_TYPE_PERM : MDB_RTR_TYPE_TEMP_QUERY);
      request.put_u8(IFLA_BRPORT_NEIGH_SUPPRESS, port.neigh_suppress);
    });
    request.append_to(buffer_);
  }

  void set_alias(IfIndex index, const std::string& alias) {
    change_and_announce(index, [&](Request& request) { request.put_text(IFLA_IFALIAS, alias); });
  }

  // What can be changed later too. IFLA_VXLAN_ID is the guard: another VNI's device refuses.
  static void put_live_vxlan(Request& request, const VxlanInfo& info) {
    request.put_u32(IFLA_VXLAN_ID, info.vni.value);
    if (info.local) {
      request.put_address(info.local->is_v4() ? IFLA_VXLAN_LOCAL : IFLA_VXLAN_LOCAL6, *info.local);
    }
    request.put_u8(IFLA_VXLAN_LEARNING, info.learning);
    request.put_u8(IFLA_VXLAN_TTL, info.ttl);
    request.put_u8(IFLA_VXLAN_TOS, info.tos_inherit ? kTosInherit : 0);
  }

  static void put_vxlan(Request& request, const VxlanInfo& info) {
    put_live_vxlan(request, info);
    request.put_u16(IFLA_VXLAN_PORT, htons(info.udp_port));
    if (!info.local || info.local->is_v4()) {
      request.put_u8(IFLA_VXLAN_UDP_CSUM, info.udp_checksum);
    } else {
      request.put_u8(IFLA_VXLAN_UDP_ZERO_CSUM6_TX, !info.udp_checksum);
      request.put_u8(IFLA_VXLAN_UDP_ZERO_CSUM6_RX, !info.udp_checksum);
    }
  }

  template <class PutData, class PutRest>
  void create_link(std::string_view name, std::string_view kind, PutData put_data, PutRest put_rest) {
    Request request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, seq_++);
    request.family_header<ifinfomsg>().ifi_index = static_cast<int>(new_index_.value);
    request.put_text(IFLA_IFNAME, name);
    put_rest(request);
    put_link_info(request, kind, [&] { put_data(request); });
    request.append_to(buffer_);
  }

  // A request of its own: it fails where the kernel has no IPv6, and then nothing has to be done.
  void set_no_ipv6() {
    change_link(new_index_, 0, [](Request& request) {
      request.nest(IFLA_AF_SPEC, [&] {
        request.nest(AF_INET6, [&] { request.put_u8(IFLA_INET6_ADDR_GEN_MODE, kAddrGenModeNone); });
      });
    });
  }

  template <class Put>
  void change_link(IfIndex index, unsigned flags, Put put) {
    Request request(RTM_NEWLINK, 0, seq_++);
    auto& link = request.family_header<ifinfomsg>();
    link.ifi_index = static_cast<int>(index.value);
    link.ifi_flags = flags;
    link.ifi_change = flags;
    put(request);
    request.append_to(buffer_);
  }

  // Of most changes to a device that is down the kernel tells nobody (netdev_state_change()); of a changed
  // device flag it always does. This one has had no meaning since Linux 2.0, and both its ways make it change
  // once.
  template <class Put>
  void change_and_announce(IfIndex index, Put put) {
    change_link(index, IFF_NOTRAILERS, put);
    Request request(RTM_NEWLINK, 0, seq_++);
    auto& link = request.family_header<ifinfomsg>();
    link.ifi_index = static_cast<int>(index.value);
    link.ifi_change = IFF_NOTRAILERS;
    request.append_to(buffer_);
  }

  void put_entry(std::uint16_t type, unsigned message_flags, IfIndex device, unsigned entry_flags,
                 const MacAddress& mac, const TunnelDestination& destination) {
    Request request(type, message_flags, seq_++);
    auto& entry = request.family_header<ndmsg>();
    entry.ndm_family = AF_BRIDGE;
    entry.ndm_ifindex = static_cast<int>(device.value);
    entry.ndm_state = type == RTM_NEWNEIGH ? NUD_PERMANENT : 0;
    entry.ndm_flags = static_cast<std::uint8_t>(entry_flags);
    request.put_mac(NDA_LLADDR, mac);
    if (destination.address) request.put_address(NDA_DST, *destination.address);
    if (destination.vni) request.put_u32(NDA_VNI, destination.vni->value);
    if (destination.nexthop_group != 0) request.put_u32(NDA_NH_ID, destination.nexthop_group);
    if (destination.udp_port != 0) request.put_u16(NDA_PORT, htons(destination.udp_port));
    request.append_to(buffer_);
  }

  std::uint32_t seq_;
  IfIndex new_index_;
  std::vector<std::byte>& buffer_;
};

}  // namespace

Result<std::size_t> append_requests(const KernelOp& op, std::uint32_t first_seq, IfIndex new_index,
                                    std::vector<std::byte>& buffer) {
  Encoder encoder(first_seq, new_index, buffer);
  if (const int error = std::visit(encoder, op)) return std::unexpected(system_error(error, describe(op)));
  return encoder.next_seq() - first_seq;
}

bool creates_device(const KernelOp& op) {
  return std::holds_alternative<CreateBridge>(op) || std::holds_alternative<CreateVxlan>(op) ||
         std::holds_alternative<CreateVlan>(op);
}

std::vector<std::byte> delete_link_request(std::uint32_t seq, IfIndex device) {
  std::vector<std::byte> bytes;
  Encoder encoder(seq, {}, bytes);
  encoder(DeleteLink{.index = device, .name = {}});
  return bytes;
}

std::vector<std::byte> set_group_request(std::uint32_t seq, IfIndex device, std::uint32_t group) {
  std::vector<std::byte> buffer;
  Request request(RTM_NEWLINK, 0, seq);
  request.family_header<ifinfomsg>().ifi_index = static_cast<int>(device.value);
  request.put_u32(IFLA_GROUP, group);
  request.append_to(buffer);
  return buffer;
}

std::vector<std::byte> delete_group_request(std::uint32_t seq, std::uint32_t group) {
  std::vector<std::byte> buffer;
  Request request(RTM_DELLINK, 0, seq);
  request.family_header<ifinfomsg>();
  request.put_u32(IFLA_GROUP, group);
  request.append_to(buffer);
  return buffer;
}

}  // namespace kvtep::rtnl::codec
