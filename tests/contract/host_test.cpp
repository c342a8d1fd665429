// The host is no host of the networks that its bridges carry. Only a real kernel has one.
#include <filesystem>
#include <fstream>

#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

constexpr MacAddress kMarker{{2, 0, 0, 0, 0xbb, 1}};

// "Who has 198.51.100.1? Tell 198.51.100.99", from kHostA, to everybody (RFC 826).
Frame arp_request() {
  Frame frame(6, 0xff);
  frame.insert(frame.end(), kHostA.bytes.begin(), kHostA.bytes.end());
  for (const int byte : {0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1})
    frame.push_back(static_cast<std::uint8_t>(byte));
  frame.insert(frame.end(), kHostA.bytes.begin(), kHostA.bytes.end());
  for (const int byte : {198, 51, 100, 99, 0, 0, 0, 0, 0, 0, 198, 51, 100, 1})
    frame.push_back(static_cast<std::uint8_t>(byte));
  frame.resize(60);
  return frame;
}

class HostOnABridge : public Contract<RealWorld> {
 protected:
  // What IPv6 and multicast snooping (IGMP, to all snoopers) say of themselves would look like an answer.
  HostOnABridge() {
    for (const auto* devices : {"all", "default"})
      run_command({"sysctl", "-qw", std::string("net.ipv6.conf.") + devices + ".disable_ipv6=1"});
  }

  IfIndex plain_bridge() {
    const auto bridge = world_.add_bridge("any");
    run_command({"ip", "link", "set", "any", "up", "type", "bridge", "mcast_snooping", "0"});
    return bridge;
  }

  // Whether the host answers at the bridge for an address that it has elsewhere.
  bool answers(IfIndex bridge) {
    run_command({"ip", "link", "set", "lo", "up"});
    run_command({"ip", "address", "add", "198.51.100.1/32", "dev", "lo"});
    const auto in = make_port("in", bridge);
    const auto out = make_port("out", bridge);
    learn(bridge, in, kHostA);
    learn(bridge, out, kHostB);
    world_.far_end(in).send(arp_request());
    // An answer would be there before this.
    world_.far_end(out).send(make_frame(kMarker));
    bool answered = false;
    for (auto heard = world_.far_end(in).receive(kPatience); heard;
         heard = world_.far_end(in).receive(kPatience)) {
      if (heard == kMarker) return answered;
      answered = answered || heard == link(bridge).address;
    }
    ADD_FAILURE() << "not even the marker arrives";
    return false;
  }
};

TEST_F(HostOnABridge, AnswersArpAtAnyBridgeForAllItsAddresses) {
  const auto bridge = plain_bridge();
  EXPECT_TRUE(answers(bridge));
}

TEST_F(HostOnABridge, AnswersNoArpAtOurs) { EXPECT_FALSE(answers(make_bridge())); }

TEST_F(HostOnABridge, AnswersNoMoreArpAtABridgeThatWasPutRight) {
  const auto bridge = plain_bridge();
  must(ConfigureBridge{bridge, {}});
  EXPECT_FALSE(answers(bridge));
}

TEST_F(HostOnABridge, SaysWhetherItsFirewallSeesBridgedPackets) {
  const std::string sysctl = "/proc/sys/net/bridge/bridge-nf-call-ip6tables";
  const bool has_br_netfilter = std::filesystem::exists(sysctl);
  for (const auto* name : {"iptables", "ip6tables", "arptables"}) {
    if (has_br_netfilter) std::ofstream(std::string("/proc/sys/net/bridge/bridge-nf-call-") + name) << 0;
  }
  EXPECT_FALSE(Installed::from(world_.dump()).host().firewall_sees_bridges);
  if (!has_br_netfilter) return;
  std::ofstream(sysctl) << 1;
  EXPECT_TRUE(Installed::from(world_.dump()).host().firewall_sees_bridges);
}

TEST_F(HostOnABridge, SaysWhatTheNarrowestPathOfTheTunnelsCarries) {
  const auto devices = make_switch();
  must(AddFloodDestination{devices.vxlan, kFar1});
  EXPECT_FALSE(Installed::from(world_.dump()).host().narrowest_path) << "there is no route";
  const auto underlay = world_.add_port("under");
  must(kvtep::SetUp{underlay});
  must(SetMtu{underlay, 1400});
  run_command({"ip", "address", "add", "192.0.2.1/24", "dev", "under"});
  EXPECT_EQ(Installed::from(world_.dump()).host().narrowest_path, (Path{kFar1, 1400}));
  hear();
}

}  // namespace
}  // namespace kvtep::testing
