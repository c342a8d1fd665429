#include "netlinkd/rtnl/codec/link_counters.hpp"

#include <gtest/gtest.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <cstring>

namespace kvtep::rtnl::codec {
namespace {

// One device's message, with room for `size` bytes of counters.
std::vector<std::byte> message(std::size_t size = sizeof(rtnl_link_stats64)) {
  rtnl_link_stats64 stats{};
  stats.rx_packets = 1;
  stats.tx_packets = 2;
  stats.rx_bytes = 300;
  stats.tx_bytes = (std::uint64_t{1} << 40) + 4;
  const nlattr attribute{.nla_len = static_cast<std::uint16_t>(sizeof(nlattr) + size),
                         .nla_type = IFLA_STATS_LINK_64};
  if_stats_msg family{};
  family.ifindex = 7;
  nlmsghdr header{};
  header.nlmsg_type = RTM_NEWSTATS;
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + sizeof family + sizeof attribute + size);
  std::vector<std::byte> bytes(header.nlmsg_len);
  auto* place = bytes.data();
  const auto put = [&](const auto& value, std::size_t length) {
    std::memcpy(place, &value, length);
    place += length;
  };
  put(header, sizeof header);
  put(family, sizeof family);
  put(attribute, sizeof attribute);
  put(stats, size);
  return bytes;
}

TEST(LinkCounters, OfADeviceAreReadInWholeSixtyFourBits) {
  const auto device = decode_counters(message());
  ASSERT_TRUE(device) << device.error().message;
  EXPECT_EQ(device->first, IfIndex{7});
  EXPECT_EQ(
      device->second,
      (LinkCounters{
          .rx_packets = 1, .rx_bytes = 300, .tx_packets = 2, .tx_bytes = (std::uint64_t{1} << 40) + 4}));
}

TEST(LinkCounters, OfAnyKernelAreReadByTheirBeginning) { EXPECT_TRUE(decode_counters(message(32))); }

TEST(LinkCounters, ThatAreCutShortAreRefused) {
  EXPECT_FALSE(decode_counters(message(24)));
  const auto whole = message();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_counters(std::span(whole).first(size))) << size;
  }
}

TEST(LinkCounters, AreNotReadFromAnotherKindOfMessage) {
  auto bytes = message();
  const std::uint16_t type = RTM_NEWLINK;
  std::memcpy(bytes.data() + offsetof(nlmsghdr, nlmsg_type), &type, sizeof type);
  EXPECT_FALSE(decode_counters(bytes));
}

TEST(LinkCounters, AreAskedForAlone) {
  const auto bytes = counters_dump_request(5);
  nlmsghdr header;
  ASSERT_EQ(bytes.size(), sizeof header + sizeof(if_stats_msg));
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header.nlmsg_type, RTM_GETSTATS);
  EXPECT_EQ(header.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
  EXPECT_EQ(header.nlmsg_seq, 5U);
  if_stats_msg family;
  std::memcpy(&family, bytes.data() + sizeof header, sizeof family);
  EXPECT_EQ(family.filter_mask, static_cast<std::uint32_t>(IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)));
}

}  // namespace
}  // namespace kvtep::rtnl::codec
