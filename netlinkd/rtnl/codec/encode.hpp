// KernelOps as rtnetlink requests (rtnetlink(7)). Pure.
//
// A new device gets its number from us (ifi_index in the creating request), and the requests after that one,
// which cannot be part of it (the kernel ignores IFLA_IFALIAS and refuses IFLA_AF_SPEC there), go by that
// number. All requests of one sendmsg are worked off whatever became of the ones before; by name, they would
// hit the foreign device that made the creation fail with EEXIST.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::rtnl::codec {

// Appends the operation's requests, nlmsg_seq `first_seq` and up, and says how many they are. `new_index` is
// a free number for the device that a Create* makes. None of them has NLM_F_ACK. Nothing is appended on an
// error: EINVAL or ERANGE for what the kernel would refuse as well.
Result<std::size_t> append_requests(const KernelOp& op, std::uint32_t first_seq, IfIndex new_index,
                                    std::vector<std::byte>& buffer);

// True for operations that need a `new_index`.
bool creates_device(const KernelOp& op);

// To take back a device that was created and could not be finished.
std::vector<std::byte> delete_link_request(std::uint32_t seq, IfIndex device);

// To delete many devices by one request (IFLA_GROUP): first each is put into a group of its own kind, then
// the group goes.
std::vector<std::byte> set_group_request(std::uint32_t seq, IfIndex device, std::uint32_t group);
std::vector<std::byte> delete_group_request(std::uint32_t seq, std::uint32_t group);

}  // namespace kvtep::rtnl::codec
