#include "netlinkd/rtnl/codec/nexthops.hpp"

#include <linux/nexthop.h>

#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

template <class Put>
void append_nexthop(std::uint32_t id, std::uint8_t family, std::uint32_t seq, std::vector<std::byte>& buffer,
                    Put put) {
  Request request(RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE, seq);
  auto& nexthop = request.family_header<nhmsg>();
  nexthop.nh_family = family;
  nexthop.nh_protocol = kNexthopProtocol;
  request.put_u32(NHA_ID, id);
  request.put_bytes(NHA_FDB, nullptr, 0);
  put(request);
  request.append_to(buffer);
}

}  // namespace

void append_nexthops(const SetServiceNode& op, std::uint32_t& seq, std::vector<std::byte>& buffer) {
  append_nexthop(op.ids.nexthop, op.node.is_v4() ? AF_INET : AF_INET6, seq++, buffer,
                 [&](Request& request) { request.put_address(NHA_GATEWAY, op.node); });
  if (op.has_group) return;
  append_nexthop(op.ids.group, AF_UNSPEC, seq++, buffer, [&](Request& request) {
    nexthop_grp member{};
    member.id = op.ids.nexthop;
    request.put_bytes(NHA_GROUP, &member, sizeof member);
  });
}

void append_nexthops(const RemoveServiceNode& op, std::uint32_t& seq, std::vector<std::byte>& buffer) {
  for (const auto id : {op.ids.group, op.ids.nexthop}) {
    Request request(RTM_DELNEXTHOP, 0, seq++);
    request.family_header<nhmsg>();
    request.put_u32(NHA_ID, id);
    request.append_to(buffer);
  }
}

}  // namespace kvtep::rtnl::codec
