// The filter at a local port that copies announcements into the tunnel: a classic BPF classifier with a
// mirred action. Pure.
//
// What it picks is what br_do_proxy_suppress_arp() and br_do_suppress_nd() (net/bridge/br_arp_nd_proxy.c)
// keep from a port that suppresses neighbours: no less, or a move is not announced, and no more, or it is
// twice.
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netlinkd/model/kernel_op.hpp"
#include "netlinkd/rtnl/codec/attributes.hpp"

namespace kvtep::rtnl::codec {

std::span<const sock_filter> announcer_program(bool copies_probes);

// One message: the hook has to be there.
void append_announcer(const SetAnnouncer& op, std::uint32_t seq, std::vector<std::byte>& buffer);
void append_announcer(const RemoveAnnouncer& op, std::uint32_t seq, std::vector<std::byte>& buffer);

// From the attributes of a filter at our place: the device that gets the copies (0: it is gone), or nothing
// where the filter is not as we make it.
std::optional<Announcer> read_announcer(const Attributes& filter);

}  // namespace kvtep::rtnl::codec
