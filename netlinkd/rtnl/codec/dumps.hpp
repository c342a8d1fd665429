// Requests for everything of a kind that is there. Attribute and header fields are as strict checking wants
// them (NETLINK_GET_STRICT_CHK). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlinkd/base/ids.hpp"

namespace kvtep::rtnl::codec {

std::vector<std::byte> link_dump_request(std::uint32_t seq);
std::vector<std::byte> qdisc_dump_request(std::uint32_t seq);
std::vector<std::byte> filter_dump_request(std::uint32_t seq, IfIndex device);
std::vector<std::byte> fdb_dump_request(std::uint32_t seq);
std::vector<std::byte> group_dump_request(std::uint32_t seq);
std::vector<std::byte> nexthop_dump_request(std::uint32_t seq);

}  // namespace kvtep::rtnl::codec
