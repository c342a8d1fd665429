#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include "netlinkd/rtnl/codec/decode.hpp"
#include "netlinkd/rtnl/codec/decode_groups.hpp"
#include "netlinkd/rtnl/codec/encode.hpp"
#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/outcome.hpp"
#include "netlinkd/rtnl/codec/request.hpp"
#include "netlinkd/rtnl/codec/tag_program.hpp"
#include "netlinkd/rtnl/reply.hpp"

namespace kvtep::rtnl::codec {
namespace {

using Bytes = std::vector<std::byte>;

const MacAddress kMac = *MacAddress::parse("02:00:00:00:0a:01");
const IpAddress kFar = *IpAddress::parse("192.0.2.11");

Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

Bytes encoded(const KernelOp& op) {
  Bytes bytes;
  EXPECT_TRUE(append_requests(op, 7, IfIndex{0x40000001}, bytes));
  return bytes;
}

template <class Header, class Fill>
Bytes message(std::uint16_t type, Fill fill) {
  Request request(type, 0, 0);
  fill(request, request.family_header<Header>());
  Bytes bytes;
  request.append_to(bytes);
  return bytes;
}

Bytes entry_message(std::uint16_t type = RTM_NEWNEIGH) {
  return message<ndmsg>(type, [](Request& request, ndmsg& header) {
    header.ndm_family = AF_BRIDGE;
    header.ndm_ifindex = 5;
    header.ndm_flags = NTF_SELF;
    header.ndm_state = NUD_PERMANENT;
    request.put_mac(NDA_LLADDR, kMac);
    request.put_address(NDA_DST, kFar);
    request.put_u32(NDA_VNI, 77);
    request.put_u16(NDA_PORT, htons(8472));
  });
}

Bytes link_message(std::string_view kind = "vxlan") {
  return message<ifinfomsg>(RTM_NEWLINK, [&](Request& request, ifinfomsg& header) {
    header.ifi_index = 5;
    header.ifi_flags = IFF_UP;
    request.put_text(IFLA_IFNAME, std::string_view("kvvx5\0", 6));
    request.put_text(IFLA_IFALIAS, "kvtep/x");
    request.put_mac(IFLA_ADDRESS, kMac);
    request.put_u32(IFLA_MTU, 1500);
    request.put_u32(IFLA_MASTER, 4);
    request.nest(IFLA_LINKINFO, [&] {
      request.put_text(IFLA_INFO_KIND, kind);
      request.nest(IFLA_INFO_DATA, [&] {
        request.put_u32(IFLA_VXLAN_ID, 5);
        request.put_address(IFLA_VXLAN_LOCAL, kFar);
        request.put_u16(IFLA_VXLAN_PORT, htons(4789));
        request.put_u8(IFLA_VXLAN_TTL, 64);
        request.put_u8(IFLA_VXLAN_TOS, 1);
      });
      request.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
      request.nest(IFLA_INFO_SLAVE_DATA, [&] { request.put_u8(IFLA_BRPORT_LEARNING, 0); });
    });
  });
}

Bytes filter_message() {
  const auto program = tag_program({{VlanId{10}}}).value();
  return message<tcmsg>(RTM_NEWTFILTER, [&](Request& request, tcmsg& header) {
    header.tcm_ifindex = 5;
    header.tcm_parent = kIngressHook;
    header.tcm_handle = kTagFilter.handle;
    header.tcm_info = std::uint32_t{kTagFilter.priority} << 16;
    request.put_text(TCA_KIND, "bpf");
    request.nest(TCA_OPTIONS, [&] {
      request.put_bytes(TCA_BPF_OPS, program.data(), program.size() * sizeof(sock_filter));
      request.put_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
    });
  });
}

// Two groups, the second with a source.
Bytes group_message(std::uint16_t type = RTM_NEWMDB, std::uint32_t bridge = 5) {
  const auto entry_of = [](std::uint8_t last) {
    br_mdb_entry entry{};
    entry.ifindex = 6;
    entry.addr.u.ip4 = htonl(0xef010100U + last);
    entry.addr.proto = htons(ETH_P_IP);
    return entry;
  };
  // libmnl nests attributes in attributes; what stands behind an entry is written by hand.
  struct WithSource {
    br_mdb_entry entry;
    nlattr header;
    Ipv4Bytes source;
  };
  const WithSource second{.entry = entry_of(2),
                          .header = {.nla_len = 8, .nla_type = MDBA_MDB_EATTR_SOURCE},
                          .source = std::get<Ipv4Bytes>(kFar.bytes)};
  return message<br_port_msg>(type, [&](Request& request, br_port_msg& header) {
    header.family = AF_BRIDGE;
    header.ifindex = bridge;
    request.nest(MDBA_MDB, [&] {
      const auto first = entry_of(1);
      request.nest(MDBA_MDB_ENTRY, [&] { request.put_bytes(MDBA_MDB_ENTRY_INFO, &first, sizeof first); });
      request.nest(MDBA_MDB_ENTRY, [&] { request.put_bytes(MDBA_MDB_ENTRY_INFO, &second, sizeof second); });
    });
  });
}

KernelEvent decoded(const Bytes& bytes) {
  const auto event = decode(bytes);
  EXPECT_TRUE(event && *event);
  return event && *event ? **event : KernelEvent(Overrun{});
}

bool says_nothing(const Bytes& bytes) {
  const auto event = decode(bytes);
  return event && !*event;
}

TEST(Encoding, ARemoteMacIsOneMessageForBothTables) {
  EXPECT_EQ(
      encoded(SetRemoteMac{IfIndex{5}, kMac, kFar}),
      bytes_of({48, 0, 0, 0, 28,  0, 1, 5, 7,    0, 0,    0, 0, 0, 0, 0,  // RTM_NEWNEIGH, create or replace
                7,  0, 0, 0, 5,   0, 0, 0, 0x80, 0, 0x16, 0,  // AF_BRIDGE, permanent, self master ext
                10, 0, 2, 0, 2,   0, 0, 0, 10,   1, 0,    0,  // NDA_LLADDR
                8,  0, 1, 0, 192, 0, 2, 11}));                // NDA_DST
}

TEST(Encoding, AFloodDestinationIsAppendedToTheZeroMac) {
  EXPECT_EQ(encoded(AddFloodDestination{IfIndex{5}, kFar}),
            bytes_of({48, 0, 0, 0, 28,  0, 1, 12, 7,    0, 0, 0, 0, 0, 0, 0,  //
                      7,  0, 0, 0, 5,   0, 0, 0,  0x80, 0, 2, 0,              //
                      10, 0, 2, 0, 0,   0, 0, 0,  0,    0, 0, 0,              //
                      8,  0, 1, 0, 192, 0, 2, 11}));
}

TEST(Encoding, AnOperationSaysHowManyMessagesItIs) {
  Bytes bytes;
  EXPECT_EQ(append_requests(RemoveRemoteMac{IfIndex{5}, kMac}, 1, {}, bytes), 2U);
  EXPECT_EQ(append_requests(RemoveRemoteMac{IfIndex{5}, kMac, true, false}, 1, {}, bytes), 1U);
  EXPECT_EQ(append_requests(SetTagFilter{IfIndex{5}, {}}, 1, {}, bytes), 2U);
}

TEST(Encoding, RefusesWhatTheKernelWouldRefuseAndAppendsNothing) {
  Bytes bytes;
  EXPECT_EQ(append_requests(SetAlias{IfIndex{5}, std::string(256, 'x')}, 1, {}, bytes).error().code.value(),
            ERANGE);
  EXPECT_EQ(append_requests(SetTagFilter{IfIndex{5}, {{kUntagged}}}, 1, {}, bytes).error().code.value(),
            EINVAL);
  EXPECT_EQ(append_requests(CreateBridge{.name = ""}, 1, {}, bytes).error().code.value(), EINVAL);
  EXPECT_TRUE(bytes.empty());
}

TEST(Outcome, OfACreationIsItsFirstRealFailure) {
  const KernelOp op = CreateBridge{.name = "b"};
  const auto failure = [&](std::vector<int> errors) { return decisive_failure(op, errors); };
  EXPECT_EQ(failure({0, 0, 0}), std::nullopt);
  EXPECT_EQ(failure({0, EAFNOSUPPORT, 0}), std::nullopt);
  EXPECT_EQ(failure({EEXIST, ENODEV, ENODEV}), 0U);
  EXPECT_EQ(failure({0, EAFNOSUPPORT, ENOMEM}), 2U);
  EXPECT_EQ(failure({0, EINVAL, 0}), 1U);
}

TEST(Outcome, OfARemovalMindsNoHalfThatIsGone) {
  const KernelOp op = RemoveRemoteMac{IfIndex{5}, kMac};
  const auto failure = [&](std::vector<int> errors) { return decisive_failure(op, errors); };
  EXPECT_EQ(failure({0, 0}), std::nullopt);
  EXPECT_EQ(failure({ENOENT, 0}), std::nullopt);
  EXPECT_EQ(failure({0, ENOENT}), std::nullopt);
  EXPECT_TRUE(failure({ENOENT, ENOENT}));
  EXPECT_EQ(failure({ENOENT, EBUSY}), 1U);
  EXPECT_EQ(failure({EBUSY, ENOENT}), 0U);
}

TEST(Decoding, AVxlanEntry) {
  const VxlanEntry entry{IfIndex{5}, kMac, {.address = kFar, .vni = Vni{77}, .udp_port = 8472}};
  EXPECT_EQ(decoded(entry_message()), KernelEvent(VxlanEntryChanged{entry}));
  EXPECT_EQ(decoded(entry_message(RTM_DELNEIGH)), KernelEvent(VxlanEntryGone{entry}));
}

TEST(Decoding, AnEntryOfANexthopGroupHasNoAddress) {
  const auto bytes = message<ndmsg>(RTM_NEWNEIGH, [](Request& request, ndmsg& header) {
    header.ndm_family = AF_BRIDGE;
    header.ndm_ifindex = 5;
    header.ndm_flags = NTF_SELF;
    request.put_mac(NDA_LLADDR, kMac);
    request.put_u32(NDA_NH_ID, 3);
  });
  EXPECT_EQ(decoded(bytes), KernelEvent(VxlanEntryChanged{{IfIndex{5}, kMac, {.nexthop_group = 3}, false}}));
}

Bytes nexthop_message(std::uint16_t type, std::uint32_t id, std::uint8_t protocol) {
  return message<nhmsg>(type, [&](Request& request, nhmsg& header) {
    header.nh_protocol = protocol;
    request.put_u32(NHA_ID, id);
    if (id == 7) request.put_address(NHA_GATEWAY, kFar);
    const std::array<nexthop_grp, 2> members{{{.id = 7, .weight = 0}, {.id = 8, .weight = 0}}};
    if (id != 7) request.put_bytes(NHA_GROUP, members.data(), sizeof members);
  });
}

TEST(Decoding, ANexthopAndAGroupOfOurs) {
  EXPECT_EQ(
      decoded(nexthop_message(RTM_NEWNEXTHOP, 7, kNexthopProtocol)),
      KernelEvent(NexthopChanged{{.id = 7, .protocol = kNexthopProtocol, .address = kFar, .members = {}}}));
  EXPECT_EQ(
      decoded(nexthop_message(RTM_NEWNEXTHOP, 9, kNexthopProtocol)),
      KernelEvent(NexthopChanged{{.id = 9, .protocol = kNexthopProtocol, .address = {}, .members = {7, 8}}}));
  EXPECT_EQ(decoded(nexthop_message(RTM_DELNEXTHOP, 9, kNexthopProtocol)), KernelEvent(NexthopGone{9}));
}

TEST(Decoding, AStrangersNexthopOnlyWhereItHasOneOfOurNumbers) {
  EXPECT_EQ(*decode(nexthop_message(RTM_NEWNEXTHOP, 9, RTPROT_ZEBRA)), std::nullopt);
  const auto ids = ServiceNodeIds::of(Vni{0xffffff}, false);
  for (const auto id : {ids.nexthop, ids.group, ServiceNodeIds::of(Vni{1}, true).nexthop}) {
    EXPECT_NE(*decode(nexthop_message(RTM_NEWNEXTHOP, id, RTPROT_ZEBRA)), std::nullopt) << id;
    EXPECT_TRUE(ServiceNodeIds::containing(id));
  }
  EXPECT_EQ(ServiceNodeIds::containing(ids.group), ids);
  EXPECT_FALSE(ServiceNodeIds::containing(ids.group + 1));
}

TEST(Decoding, AnEntryOfABridgesVlanIsNotForUs) {
  const auto with_vlan = [](std::uint16_t vlan) {
    return message<ndmsg>(RTM_NEWNEIGH, [&](Request& request, ndmsg& header) {
      header.ndm_family = AF_BRIDGE;
      header.ndm_ifindex = 5;
      header.ndm_state = NUD_REACHABLE;
      request.put_mac(NDA_LLADDR, kMac);
      request.put_u32(NDA_MASTER, 4);
      request.put_u16(NDA_VLAN, vlan);
    });
  };
  EXPECT_TRUE(says_nothing(with_vlan(1)));
  EXPECT_EQ(decoded(with_vlan(0)), KernelEvent(BridgeEntryChanged{{IfIndex{4}, IfIndex{5}, kMac}}));
}

TEST(Decoding, ALink) {
  const Link link{.index = IfIndex{5},
                  .name = "kvvx5",
                  .alias = "kvtep/x",
                  .address = kMac,
                  .master = IfIndex{4},
                  .up = true,
                  .mtu = 1500,
                  .info = VxlanInfo{.vni = Vni{5}, .local = kFar},
                  .bridge_port = BridgePort{.learning = false}};
  EXPECT_EQ(decoded(link_message()), KernelEvent(LinkChanged{link}));
}

TEST(Decoding, LeavingABridgeIsNoDeath) {
  const auto bytes = message<ifinfomsg>(RTM_DELLINK, [](Request&, ifinfomsg& header) {
    header.ifi_family = AF_BRIDGE;
    header.ifi_index = 5;
  });
  EXPECT_TRUE(says_nothing(bytes));
}

TEST(Decoding, ATagFilter) {
  EXPECT_EQ(decoded(filter_message()), KernelEvent(TagFilterChanged{IfIndex{5}, {{VlanId{10}}}}));
}

TEST(Decoding, GroupMembersOfNotificationsAndDumps) {
  const GroupMember first{IfIndex{5}, IfIndex{6}, *IpAddress::parse("239.1.1.1"), {}};
  const GroupMember second{IfIndex{5}, IfIndex{6}, *IpAddress::parse("239.1.1.2"), kFar};
  for (const auto type : {RTM_NEWMDB, RTM_GETMDB}) {
    const auto events = decode_groups(group_message(type));
    ASSERT_TRUE(events);
    EXPECT_THAT(*events, ::testing::ElementsAre(GroupJoined{first}, GroupJoined{second}));
  }
  const auto events = decode_groups(group_message(RTM_DELMDB));
  ASSERT_TRUE(events);
  EXPECT_THAT(*events, ::testing::ElementsAre(GroupLeft{first}, GroupLeft{second}));
}

TEST(Decoding, LeavesOutTheGroupsOfTheHostItself) {
  const auto events = decode_groups(group_message(RTM_NEWMDB, 6));
  ASSERT_TRUE(events);
  EXPECT_THAT(*events, ::testing::IsEmpty());
}

TEST(Decoding, RefusesGroupMembersCutAnywhere) {
  const auto whole = group_message();
  for (auto length = NLMSG_HDRLEN + sizeof(br_port_msg) + 1; length < whole.size(); ++length)
    EXPECT_FALSE(decode_groups(std::span(whole).first(length))) << length;
}

TEST(Decoding, RefusesAMessageCutAnywhere) {
  for (const auto& whole : {entry_message(), link_message(), filter_message()}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(decode(cut));
      // The same with a header that tells the truth: what is left may be a message, and is read to its end at
      // most.
      if (size < sizeof(nlmsghdr)) continue;
      const auto length = static_cast<std::uint32_t>(size);
      std::memcpy(cut.data(), &length, sizeof length);
      (void)decode(cut);
    }
  }
}

TEST(Decoding, RefusesAnAttributeOfAWrongSize) {
  for (const std::size_t size : {0, 5, 7}) {
    const auto bytes = message<ndmsg>(RTM_NEWNEIGH, [&](Request& request, ndmsg& header) {
      header.ndm_family = AF_BRIDGE;
      header.ndm_ifindex = 5;
      request.put_u32(NDA_MASTER, 4);
      request.put_text(NDA_LLADDR, std::string(size, 'x'));
    });
    const auto event = decode(bytes);
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, std::errc::bad_message);
  }
}

TEST(Decoding, SurvivesAnyBytes) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> byte(0, 255);
  unsigned read = 0;
  for (const auto& whole :
       {entry_message(), link_message(), link_message("vlan"), link_message("bridge"), filter_message()}) {
    for (int round = 0; round < 20000; ++round) {
      auto bytes = whole;
      for (int i = 0; i < 4; ++i) {
        bytes[NLMSG_HDRLEN + random() % (bytes.size() - NLMSG_HDRLEN)] = static_cast<std::byte>(byte(random));
      }
      read += decode(bytes) ? 1 : 0;
    }
  }
  for (int round = 0; round < 20000; ++round) {
    auto bytes = group_message();
    for (int i = 0; i < 3; ++i)
      bytes[NLMSG_HDRLEN + random() % (bytes.size() - NLMSG_HDRLEN)] = static_cast<std::byte>(byte(random));
    read += decode_groups(bytes) ? 1 : 0;
  }
  EXPECT_GT(read, 0U);
}

TEST(Replies, SurviveAnyBytes) {
  std::mt19937 random(2);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 20000; ++round) {
    Bytes bytes(random() % 96);
    for (auto& each : bytes) each = static_cast<std::byte>(byte(random));
    if (bytes.size() >= NLMSG_HDRLEN) {
      const nlmsghdr header{
          .nlmsg_len = static_cast<std::uint32_t>(random() % (bytes.size() + 8)),
          .nlmsg_type = static_cast<std::uint16_t>(random() % 2 == 0 ? NLMSG_ERROR : NLMSG_DONE),
          .nlmsg_flags = static_cast<std::uint16_t>(random()),
          .nlmsg_seq = 0,
          .nlmsg_pid = 0};
      std::memcpy(bytes.data(), &header, sizeof header);
    }
    std::span<const std::byte> rest(bytes);
    const auto before = rest.size();
    const auto reply = take_reply(rest);
    EXPECT_EQ(reply.has_value(), rest.size() < before);
  }
}

}  // namespace
}  // namespace kvtep::rtnl::codec
