#include "netlinkd/rtnl/codec/encode.hpp"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>

#include "netlinkd/rtnl/codec/announcer.hpp"
#include "netlinkd/rtnl/codec/host_isolation.hpp"
#include "netlinkd/rtnl/codec/neighbours.hpp"
#include "netlinkd/rtnl/codec/newer_attributes.hpp"
#include "netlinkd/rtnl/codec/request.hpp"
#include "netlinkd/rtnl/codec/tag_filter_place.hpp"
#include "netlinkd/rtnl/codec/tag_program.hpp"

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

  int operator()(const SetTagFilter& op) {
    const auto program = tag_program(op.filter);
    if (!program) return program.error().code.value();
    put_hook(op.index);
    // An existing filter is exchanged for this one in one step.
    Request filter(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, seq_++);
    place_filter(filter, op.index);
    filter.nest(TCA_OPTIONS, [&] {
      filter.put_u16(TCA_BPF_OPS_LEN, static_cast<std::uint16_t>(program->size()));
      filter.put_bytes(TCA_BPF_OPS, program->data(), program->size() * sizeof(sock_filter));
      filter.put_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    });
    filter.append_to(buffer_);
    return 0;
  }

  int operator()(const RemoveTagFilter& op) {
    Request filter(RTM_DELTFILTER, 0, seq_++);
    place_filter(filter, op.index);
    filter.append_to(buffer_);
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
    put_nexthop(op.ids.nexthop, op.node.is_v4() ? AF_INET : AF_INET6,
                [&](Request& request) { request.put_address(NHA_GATEWAY, op.node); });
    if (!op.has_group) {
      put_nexthop(op.ids.group, AF_UNSPEC, [&](Request& request) {
        nexthop_grp member{};
        member.id = op.ids.nexthop;
        request.put_bytes(NHA_GROUP, &member, sizeof member);
      });
    }
    if (!op.has_entry) {
      put_entry(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, op.vxlan, NTF_SELF, {},
                {.nexthop_group = op.ids.group});
    }
    return 0;
  }

  int operator()(const RemoveServiceNode& op) {
    for (const auto id : {op.ids.group, op.ids.nexthop}) {
      Request request(RTM_DELNEXTHOP, 0, seq_++);
      request.family_header<nhmsg>();
      request.put_u32(NHA_ID, id);
      request.append_to(buffer_);
    }
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
    put_hook(op.index);
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

  // TCA_KIND has to end with its zero.
  template <std::size_t N>
  static std::string_view zero_terminated(const char (&text)[N]) {
    return {text, N};
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

  void put_hook(IfIndex device) {
    Request hook(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, seq_++);
    auto& qdisc = hook.family_header<tcmsg>();
    qdisc.tcm_ifindex = static_cast<int>(device.value);
    qdisc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
    qdisc.tcm_parent = TC_H_CLSACT;
    hook.put_text(TCA_KIND, zero_terminated("clsact"));
    hook.append_to(buffer_);
  }

  static void place_filter(Request& request, IfIndex device) {
    auto& filter = request.family_header<tcmsg>();
    filter.tcm_ifindex = static_cast<int>(device.value);
    filter.tcm_parent = kIngressHook;
    filter.tcm_handle = kTagFilterHandle;
    filter.tcm_info = TC_H_MAKE(std::uint32_t{kTagFilterPriority} << 16, htons(ETH_P_ALL));
    request.put_text(TCA_KIND, zero_terminated("bpf"));
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

  template <class Put>
  void put_nexthop(std::uint32_t id, std::uint8_t family, Put put) {
    Request request(RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE, seq_++);
    auto& nexthop = request.family_header<nhmsg>();
    nexthop.nh_family = family;
    nexthop.nh_protocol = kNexthopProtocol;
    request.put_u32(NHA_ID, id);
    request.put_bytes(NHA_FDB, nullptr, 0);
    put(request);
    request.append_to(buffer_);
  }

  std::uint32_t seq_;
  IfIndex new_index_;
  std::vector<std::byte>& buffer_;
};

template <class Header>
std::vector<std::byte> dump_request(std::uint16_t type, std::uint32_t seq, void (*fill)(Request&, Header&)) {
  Request request(type, NLM_F_DUMP, seq);
  fill(request, request.family_header<Header>());
  std::vector<std::byte> bytes;
  request.append_to(bytes);
  return bytes;
}

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

std::optional<std::size_t> decisive_failure(const KernelOp& op, std::span<const int> errors) {
  const auto first_failure = [&](std::size_t benign_at, int benign) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (errors[i] != 0 && !(i == benign_at && errors[i] == benign)) return i;
    }
    return std::nullopt;
  };
  // A kernel or namespace without IPv6 gives no IPv6 address.
  if (creates_device(op)) return first_failure(1, EAFNOSUPPORT);
  // What a kernel does not have is off.
  if (const auto* configure = std::get_if<ConfigureBridge>(&op)) {
    return first_failure(0, configure->info.vlan_filtering ? 0 : EOPNOTSUPP);
  }
  // The hook is there already.
  if (std::holds_alternative<SetTagFilter>(op) || std::holds_alternative<SetAnnouncer>(op))
    return first_failure(0, EEXIST);
  if (std::holds_alternative<RemoveRemoteMac>(op) && errors.size() == 2) {
    // One half that was gone already is what was wanted; both gone, and the caller's picture was wrong.
    if (errors[0] == ENOENT) return errors[1] == 0 ? std::nullopt : std::optional<std::size_t>(1);
    if (errors[0] == 0 && errors[1] == ENOENT) return std::nullopt;
  }
  // Without its nexthop a group is gone already.
  if (std::holds_alternative<RemoveServiceNode>(op) && (errors.front() == 0 || errors.back() == 0))
    return first_failure(errors.front() == 0 ? 1 : 0, ENOENT);
  return first_failure(errors.size(), 0);
}

int outcome_errno(const KernelOp& op, int error) {
  // EINVAL is the kernel's word for "no filter can be there, there is not even a hook".
  const bool removes_filter =
      std::holds_alternative<RemoveTagFilter>(op) || std::holds_alternative<RemoveAnnouncer>(op);
  return removes_filter && error == EINVAL ? ENOENT : error;
}

std::vector<std::byte> link_dump_request(std::uint32_t seq) {
  return dump_request<ifinfomsg>(RTM_GETLINK, seq, [](Request& request, ifinfomsg&) {
    request.put_u32(IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
  });
}

std::vector<std::byte> qdisc_dump_request(std::uint32_t seq) {
  return dump_request<tcmsg>(RTM_GETQDISC, seq, [](Request&, tcmsg&) {});
}

std::vector<std::byte> filter_dump_request(std::uint32_t seq, IfIndex device) {
  Request request(RTM_GETTFILTER, NLM_F_DUMP, seq);
  auto& filter = request.family_header<tcmsg>();
  filter.tcm_ifindex = static_cast<int>(device.value);
  filter.tcm_parent = kIngressHook;
  std::vector<std::byte> bytes;
  request.append_to(bytes);
  return bytes;
}

std::vector<std::byte> fdb_dump_request(std::uint32_t seq) {
  return dump_request<ndmsg>(RTM_GETNEIGH, seq, [](Request&, ndmsg& entry) { entry.ndm_family = AF_BRIDGE; });
}

std::vector<std::byte> nexthop_dump_request(std::uint32_t seq) {
  return dump_request<nhmsg>(RTM_GETNEXTHOP, seq, [](Request&, nhmsg&) {});
}

std::vector<std::byte> group_dump_request(std::uint32_t seq) {
  return dump_request<br_port_msg>(RTM_GETMDB, seq,
                                   [](Request&, br_port_msg& header) { header.family = AF_BRIDGE; });
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
