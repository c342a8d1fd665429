// The numbers of the devices that kvtep makes: far from those that the kernel gives, which count up from 1.
// By them the neighbours of kvtep's bridges are told from all others of the machine, before anything else is
// looked at.
#pragma once

#include <cstdint>

namespace kvtep::rtnl::codec {

inline constexpr std::uint32_t kFirstOwnIndex = 1U << 30;
inline constexpr std::uint32_t kLastOwnIndex = 0x7fffffff;

}  // namespace kvtep::rtnl::codec
