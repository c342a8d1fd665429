#include "netlinkd/rtnl/codec/decode_groups.hpp"

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

#include "netlinkd/rtnl/codec/attributes.hpp"

namespace kvtep::rtnl::codec {
namespace {

// The payload of every attribute of that type, of which there may be many; false where the lengths do not add
// up.
template <class Visit>
bool for_each(Bytes bytes, unsigned wanted, Visit visit) {
  while (!bytes.empty()) {
    if (bytes.size() < sizeof(nlattr)) return false;
    const auto header = read_as<nlattr>(bytes);
    if (header.nla_len < sizeof(nlattr) || header.nla_len > bytes.size()) return false;
    const bool is_wanted = (header.nla_type & NLA_TYPE_MASK) == wanted;
    if (is_wanted && !visit(bytes.subspan(sizeof(nlattr), header.nla_len - sizeof(nlattr)))) return false;
    bytes = bytes.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), bytes.size()));
  }
  return true;
}

std::optional<IpAddress> group_of(const br_mdb_entry& entry) {
  const auto* raw = reinterpret_cast<const std::byte*>(&entry.addr.u);
  switch (ntohs(entry.addr.proto)) {
    case ETH_P_IP: return IpAddress{read_as<Ipv4Bytes>(Bytes(raw, sizeof(Ipv4Bytes)))};
    case ETH_P_IPV6: return IpAddress{read_as<Ipv6Bytes>(Bytes(raw, sizeof(Ipv6Bytes)))};
    default: return std::nullopt;
  }
}

// One MDBA_MDB_ENTRY_INFO: the entry, and attributes behind it.
bool append(Bytes info, IfIndex bridge, bool is_gone, std::vector<KernelEvent>& events) {
  if (info.size() < sizeof(br_mdb_entry)) return false;
  const auto entry = read_as<br_mdb_entry>(info);
  const auto group = group_of(entry);
  if (!group || entry.vid != 0) return true;  // our bridges have no VLANs
  // The host's own: no port, and Linux 6.1 does not tell of its end.
  if (entry.ifindex == bridge.value) return true;
  GroupMember member{.bridge = bridge, .port = IfIndex{entry.ifindex}, .group = *group, .source = {}};
  const auto rest = info.subspan(std::min<std::size_t>(NLA_ALIGN(sizeof(br_mdb_entry)), info.size()));
  bool malformed = false;
  const Attributes attributes(rest, malformed);
  member.source = attributes.address(MDBA_MDB_EATTR_SOURCE);
  if (malformed) return false;
  if (is_gone) {
    events.emplace_back(GroupLeft{member});
  } else {
    events.emplace_back(GroupJoined{member});
  }
  return true;
}

}  // namespace

bool is_about_groups(Bytes message) {
  if (message.size() < NLMSG_HDRLEN) return false;
  const auto type = read_as<nlmsghdr>(message).nlmsg_type;
  return type == RTM_NEWMDB || type == RTM_DELMDB || type == RTM_GETMDB;  // the last in dumps
}

Result<std::vector<KernelEvent>> decode_groups(Bytes message) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(br_port_msg));
  const auto refusal =
      std::unexpected(system_error(EBADMSG, "read the kernel's message about a multicast group"));
  if (!is_about_groups(message) || message.size() < kHeaders) return refusal;
  const bool is_gone = read_as<nlmsghdr>(message).nlmsg_type == RTM_DELMDB;
  const auto header = read_as<br_port_msg>(message.subspan(NLMSG_HDRLEN));
  std::vector<KernelEvent> events;
  const bool complete = for_each(message.subspan(kHeaders), MDBA_MDB, [&](Bytes database) {
    return for_each(database, MDBA_MDB_ENTRY, [&](Bytes group) {
      return for_each(group, MDBA_MDB_ENTRY_INFO,
                      [&](Bytes info) { return append(info, IfIndex{header.ifindex}, is_gone, events); });
    });
  });
  if (!complete) return refusal;
  return events;
}

}  // namespace kvtep::rtnl::codec
