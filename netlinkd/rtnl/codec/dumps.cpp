#include "netlinkd/rtnl/codec/dumps.hpp"

#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>

#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

template <class Header>
std::vector<std::byte> dump_request(std::uint16_t type, std::uint32_t seq, void (*fill)(Request&, Header&)) {
  Request request(type, NLM_F_DUMP, seq);
  fill(request, request.family_header<Header>());
  std::vector<std::byte> bytes;
  request.append_to(bytes);
  return bytes;
}

}  // namespace

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

}  // namespace kvtep::rtnl::codec
