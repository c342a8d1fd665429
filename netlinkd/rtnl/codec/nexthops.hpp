// A service node's nexthop and the group of it (linux/nexthop.h). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::rtnl::codec {

// `seq` is moved on by the number of requests. The forwarding entry that names the group is not among them.
void append_nexthops(const SetServiceNode& op, std::uint32_t& seq, std::vector<std::byte>& buffer);
void append_nexthops(const RemoveServiceNode& op, std::uint32_t& seq, std::vector<std::byte>& buffer);

}  // namespace kvtep::rtnl::codec
