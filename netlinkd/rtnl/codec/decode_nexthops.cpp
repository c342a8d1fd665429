#include "netlinkd/rtnl/codec/decode_nexthops.hpp"

#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "netlinkd/rtnl/codec/attributes.hpp"

namespace kvtep::rtnl::codec {

Result<std::optional<KernelEvent>> decode_nexthop(std::span<const std::byte> message) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(nhmsg));
  const auto refuse = [] {
    return std::unexpected(system_error(EBADMSG, "read the kernel's message about a nexthop"));
  };
  if (message.size() < kHeaders) return refuse();
  bool malformed = false;
  const Attributes attributes(message.subspan(kHeaders), malformed);
  Nexthop nexthop{.id = attributes.number<std::uint32_t>(NHA_ID).value_or(0),
                  .protocol = read_as<nhmsg>(message.subspan(NLMSG_HDRLEN)).nh_protocol,
                  .address = attributes.address(NHA_GATEWAY),
                  .members = {}};
  const auto group = attributes.bytes(NHA_GROUP);
  for (std::size_t at = 0; at + sizeof(nexthop_grp) <= group.size(); at += sizeof(nexthop_grp))
    nexthop.members.push_back(read_as<nexthop_grp>(group.subspan(at)).id);
  if (malformed || nexthop.id == 0) return refuse();
  if (nexthop.protocol != kNexthopProtocol && !ServiceNodeIds::containing(nexthop.id))
    return std::optional<KernelEvent>{};
  if (read_as<nlmsghdr>(message).nlmsg_type == RTM_DELNEXTHOP) return NexthopGone{nexthop.id};
  return NexthopChanged{std::move(nexthop)};
}

}  // namespace kvtep::rtnl::codec
