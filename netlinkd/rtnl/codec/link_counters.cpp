#include "netlinkd/rtnl/codec/link_counters.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cerrno>

#include "netlinkd/rtnl/codec/attributes.hpp"
#include "netlinkd/rtnl/codec/request.hpp"

namespace kvtep::rtnl::codec {
namespace {

// The beginning of rtnl_link_stats64, which grows at its end.
struct FirstCounters {
  std::uint64_t rx_packets;
  std::uint64_t tx_packets;
  std::uint64_t rx_bytes;
  std::uint64_t tx_bytes;
};

}  // namespace

std::vector<std::byte> counters_dump_request(std::uint32_t seq) {
  Request request(RTM_GETSTATS, NLM_F_DUMP, seq);
  request.family_header<if_stats_msg>().filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64);
  std::vector<std::byte> bytes;
  request.append_to(bytes);
  return bytes;
}

Result<std::pair<IfIndex, LinkCounters>> decode_counters(Bytes message) {
  constexpr std::size_t kHeaders = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(if_stats_msg));
  const auto refusal =
      std::unexpected(system_error(EBADMSG, "read the kernel's message about a device's counters"));
  if (message.size() < kHeaders || read_as<nlmsghdr>(message).nlmsg_type != RTM_NEWSTATS) return refusal;
  const auto header = read_as<if_stats_msg>(message.subspan(NLMSG_HDRLEN));
  bool malformed = false;
  const Attributes attributes(message.subspan(kHeaders), malformed);
  const auto raw = attributes.bytes(IFLA_STATS_LINK_64);
  if (malformed || raw.size() < sizeof(FirstCounters)) return refusal;
  const auto counters = read_as<FirstCounters>(raw);
  return std::pair(IfIndex{header.ifindex}, LinkCounters{.rx_packets = counters.rx_packets,
                                                         .rx_bytes = counters.rx_bytes,
                                                         .tx_packets = counters.tx_packets,
                                                         .tx_bytes = counters.tx_bytes});
}

}  // namespace kvtep::rtnl::codec
