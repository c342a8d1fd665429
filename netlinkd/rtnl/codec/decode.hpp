// Rtnetlink messages, from dumps and notifications alike, as KernelEvents. Pure; takes any bytes: a message
// that does not hold what it claims is an error (EBADMSG), never read past its end.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"

namespace kvtep::rtnl::codec {

// `message` is one, from its header to its end. Nothing where it says nothing that kvtep keeps track of.
Result<std::optional<KernelEvent>> decode(std::span<const std::byte> message);

// The device, where the message tells of a qdisc with an ingress hook (clsact, ingress): only there can a tag
// filter be.
std::optional<IfIndex> ingress_hook_device(std::span<const std::byte> message);

}  // namespace kvtep::rtnl::codec
