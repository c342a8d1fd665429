// Entries of the kernel's neighbour tables (AF_INET, AF_INET6; rtnetlink(7)), in both directions. Pure; takes
// any bytes, as decode() does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::rtnl::codec {

void append_neighbour(const SetNeighbour& op, std::uint32_t seq, std::vector<std::byte>& buffer);
void append_neighbour(const RemoveNeighbour& op, std::uint32_t seq, std::vector<std::byte>& buffer);

std::vector<std::byte> neighbour_dump_request(std::uint32_t seq, bool is_v4);

// Whether an RTM_NEWNEIGH or RTM_DELNEIGH is about one of these, and not about a forwarding entry.
bool is_about_neighbour(std::span<const std::byte> message);

// Nothing for a device that kvtep did not make, and for a group's address. An entry that the kernel gave up
// (NUD_FAILED), or has not resolved, is none.
Result<std::optional<KernelEvent>> decode_neighbour(std::span<const std::byte> message, bool is_gone);

}  // namespace kvtep::rtnl::codec
