#include "netlinkd/planner/local_groups.hpp"

namespace kvtep::planner {
namespace {

bool is_link_local(const IpAddress& group) {
  if (const auto* v4 = std::get_if<Ipv4Bytes>(&group.bytes))
    return (*v4)[0] == 224 && (*v4)[1] == 0 && (*v4)[2] == 0;
  const auto& v6 = std::get<Ipv6Bytes>(group.bytes);
  return v6[0] == 0xff && (v6[1] & 0x0f) <= 2;  // RFC 4291 section 2.7: interface-local, link-local
}

}  // namespace

MacAddress group_mac(const IpAddress& group) {
  if (const auto* v4 = std::get_if<Ipv4Bytes>(&group.bytes)) {
    const auto high = static_cast<std::uint8_t>((*v4)[1] & 0x7f);
    return MacAddress{{0x01, 0x00, 0x5e, high, (*v4)[2], (*v4)[3]}};
  }
  const auto& v6 = std::get<Ipv6Bytes>(group.bytes);
  return MacAddress{{0x33, 0x33, v6[12], v6[13], v6[14], v6[15]}};
}

std::set<MacAddress> local_groups(const Installed& installed, const SwitchLinks& links,
                                  const std::function<bool(IfIndex)>& is_bound_port) {
  std::set<MacAddress> groups;
  for (const auto& member : installed.group_members(links.bridge)) {
    const bool is_local = member.port != links.vxlan && member.port != links.bridge;
    if (is_local && !is_link_local(member.group) && is_bound_port(member.port))
      groups.insert(group_mac(member.group));
  }
  return groups;
}

}  // namespace kvtep::planner
