// What hosts say at a port, heard by a socket there: only real frames on a real kernel show it.
#include "netlinkd/rtnl/claim_socket.hpp"

#include <poll.h>

#include "tests/contract/contract.hpp"
#include "tests/support/claims.hpp"

namespace kvtep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const IpAddress kV4 = *IpAddress::parse("10.0.0.1");
const IpAddress kV6 = *IpAddress::parse("2001:db8::1");
// The last word: what is heard before it is all that there is to hear.
const IpAddress kLast = *IpAddress::parse("10.255.255.254");

constexpr MacAddress kFirstAtPort{{2, 0, 0, 0, 0xbb, 1}};
constexpr MacAddress kFirstAtOther{{2, 0, 0, 0, 0xbb, 2}};

class Claims : public Contract<RealWorld> {
 protected:
  Claims() : bridge_(make_bridge()), port_(make_port("in", bridge_)), other_(make_port("out", bridge_)) {
    // So both ports forward: a bridge may be a second late in that.
    learn(bridge_, port_, kFirstAtPort);
    learn(bridge_, other_, kFirstAtOther);
    auto opened = rtnl::ClaimSocket::open(port_);
    if (!opened) throw std::runtime_error(opened.error().message);
    socket_ = std::make_unique<rtnl::ClaimSocket>(std::move(*opened));
  }

  Sighting sighting(const IpAddress& address, VlanId vlan = kUntagged) const {
    return {.port = port_, .vlan = vlan, .mac = kHostA, .address = address};
  }
  void say(const Frame& frame) { world_.far_end(port_).send(frame); }

  // That a frame of `source` came out of the port.
  bool comes_out_of(IfIndex port, const MacAddress& source) {
    while (const auto came = world_.far_end(port).receive(kPatience)) {
      if (came == source) return true;
    }
    return false;
  }

  std::vector<Sighting> heard() {
    say(ClaimFrame::arp(kHostA, kLast));
    std::vector<Sighting> all;
    while (true) {
      pollfd waiting{.fd = socket_->fd(), .events = POLLIN, .revents = 0};
      if (poll(&waiting, 1, 5000) <= 0) {
        ADD_FAILURE() << "the last word is not heard";
        return all;
      }
      for (const auto& one : socket_->drain().sightings) {
        if (one == sighting(kLast)) return all;
        all.push_back(one);
      }
    }
  }

  IfIndex bridge_;
  IfIndex port_;
  IfIndex other_;
  std::unique_ptr<rtnl::ClaimSocket> socket_;
};

TEST_F(Claims, AreHeardAtAPortOfABridge) {
  say(ClaimFrame::arp(kHostA, kV4));
  say(ClaimFrame::arp(kHostA, *IpAddress::parse("10.0.0.2"), 2));
  say(ClaimFrame::solicitation(kHostA, kV6));
  say(ClaimFrame::advertisement(kHostA, *IpAddress::parse("fe80::1")));
  EXPECT_THAT(heard(), ElementsAre(sighting(kV4), sighting(*IpAddress::parse("10.0.0.2")), sighting(kV6),
                                   sighting(*IpAddress::parse("fe80::1"))));
}

TEST_F(Claims, BringTheVlanOfTheirTag) {
  say(ClaimFrame::tagged(ClaimFrame::arp(kHostA, kV4), 5));
  say(ClaimFrame::tagged(ClaimFrame::solicitation(kHostA, kV6), 0xe000 | 4094));
  EXPECT_THAT(heard(), ElementsAre(sighting(kV4, VlanId{5}), sighting(kV6, VlanId{4094})));
}

TEST_F(Claims, AreNoneBehindOtherTags) {
  say(ClaimFrame::tagged(ClaimFrame::arp(kHostA, kV4), 0));
  say(ClaimFrame::tagged(ClaimFrame::arp(kHostA, kV4), 5, 0x88a8));
  say(ClaimFrame::tagged(ClaimFrame::tagged(ClaimFrame::arp(kHostA, kV4), 5), 5));
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(Claims, OfOtherPortsAndFramesThatGoOutAreNotHeard) {
  world_.far_end(other_).send(ClaimFrame::arp(kHostB, kV4));
  // It went out of the port to the far end; so the socket could have heard it.
  ASSERT_TRUE(comes_out_of(port_, kHostB));
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(Claims, AreAllThatWakesTheListener) {
  say(make_frame(kHostA));
  say(make_frame(kHostA, {{.vlan = 5}}));
  auto other_protocol = ClaimFrame::solicitation(kHostA, kV6);
  other_protocol[ClaimFrame::kIpv6 + 6] = 17;
  say(other_protocol);
  auto other_message = ClaimFrame::solicitation(kHostA, kV6);
  other_message[ClaimFrame::kBody] = 128;
  say(other_message);
  auto far_away = ClaimFrame::solicitation(kHostA, kV6);
  far_away[ClaimFrame::kIpv6 + 7] = 64;
  say(far_away);
  // Seen at the other port, so they passed this one.
  say(make_frame(kHostB));
  ASSERT_TRUE(comes_out_of(other_, kHostB));
  pollfd waiting{.fd = socket_->fd(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
}

TEST_F(Claims, InAFloodAreDroppedByTheKernelAndReadInHelpings) {
  const auto frame = ClaimFrame::arp(kHostA, kV4);
  for (int i = 0; i < 20'000; ++i) say(frame);
  std::size_t all = 0;
  for (auto drained = socket_->drain();; drained = socket_->drain()) {
    EXPECT_LE(drained.sightings.size(), rtnl::ClaimSocket::kHelping);
    all += drained.sightings.size();
    if (!drained.more) break;
  }
  EXPECT_GE(all, 50U);
  EXPECT_LE(all, 2'000U);
  EXPECT_THAT(heard(), IsEmpty());
}

TEST_F(Claims, AreHeardAgainWhenThePortWasDown) {
  world_.set_down(port_);
  world_.set_up(port_);
  ASSERT_TRUE(await([&] {
    say(ClaimFrame::arp(kHostA, kV4));
    return !socket_->drain().sightings.empty();
  }));
}

TEST_F(Claims, AreNoneOfADeviceThatIsGone) {
  world_.delete_link(port_);
  EXPECT_THAT(socket_->drain().sightings, IsEmpty());
  const auto again = rtnl::ClaimSocket::open(port_);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code.value(), ENODEV);
}

}  // namespace
}  // namespace kvtep::testing
