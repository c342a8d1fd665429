// The tag filter as a classic BPF program (<linux/filter.h>) on the ingress hook, and back.
//
// The kernel has taken a tag out of the frame by then; the ancillary loads find it. The program is a bitmap
// of 4096 VIDs, at most 128 words of it, so it never has more than some 400 instructions: it has to fit the
// kernel's notification of it (NLMSG_GOODSIZE, under 4 KiB), or nobody would hear of the filter.
#pragma once

#include <linux/filter.h>

#include <optional>
#include <span>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/tag_filter.hpp"

namespace kvtep::rtnl::codec {

// EINVAL where a VLAN is none (0 is the priority tag, which is always dropped).
Result<std::vector<sock_filter>> tag_program(const TagFilter& filter);
// Nothing where it is not exactly such a program.
std::optional<TagFilter> read_tag_program(std::span<const sock_filter> program);

}  // namespace kvtep::rtnl::codec
