// What a frame of ARP (RFC 826) or Neighbor Discovery (RFC 4861) says of its sender: "this IP address is at
// this MAC". Pure; trusts no length and no field.
//
// Only what the sender says of itself counts: the MAC in the message has to be the frame's own source. Probes
// (RFC 5227 section 2.1.1, RFC 4862 section 5.4.2) claim nothing yet: their sender address is unspecified.
#pragma once

#include <linux/filter.h>

#include <optional>
#include <span>

#include "netlinkd/base/ip_address.hpp"
#include "netlinkd/base/mac_address.hpp"
#include "netlinkd/rtnl/codec/attributes.hpp"

namespace kvtep::rtnl::codec {

struct HostClaim {
  MacAddress mac;
  IpAddress address;

  bool operator==(const HostClaim&) const = default;
};

// `frame` from its destination MAC on, without its 802.1Q tag. Nothing where there is no claim in good form.
std::optional<HostClaim> read_host_claim(Bytes frame);

// A classic BPF program that passes what may be such a frame, untagged or with one 802.1Q tag that the kernel
// has taken out, and nothing else. What it passes still has to be read with care.
std::span<const sock_filter> host_claim_filter();

}  // namespace kvtep::rtnl::codec
