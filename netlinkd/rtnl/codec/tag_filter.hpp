// The tag filter's requests. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::rtnl::codec {

// The hook that filters stand at; EEXIST says that it is there already.
void append_hook(IfIndex device, std::uint32_t seq, std::vector<std::byte>& buffer);

// The hook and the filter; `seq` is moved on. An errno, and nothing appended, where the filter is none.
int append_tag_filter(const SetTagFilter& op, std::uint32_t& seq, std::vector<std::byte>& buffer);
void append_tag_filter(const RemoveTagFilter& op, std::uint32_t& seq, std::vector<std::byte>& buffer);

}  // namespace kvtep::rtnl::codec
