// What a kernel counts: the ground on which planner/binding_counts.hpp stands.
#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

constexpr std::uint64_t kFrame = 64;
constexpr std::uint64_t kEthernetHeader = 14;
constexpr std::uint64_t kTag = 4;

template <class WorldType>
class CountersContract : public Contract<WorldType> {
 protected:
  LinkCounters counters(IfIndex index) { return this->world_.counters()[index]; }
  // What came in since `before`, once it is `frames` or more.
  LinkCounters growth(IfIndex index, const LinkCounters& before, std::uint64_t frames) {
    EXPECT_TRUE(this->await([&] { return counters(index).rx_packets >= before.rx_packets + frames; }));
    const auto now = counters(index);
    return {.rx_packets = now.rx_packets - before.rx_packets, .rx_bytes = now.rx_bytes - before.rx_bytes};
  }
};
TYPED_TEST_SUITE(CountersContract, Worlds, WorldNames);

TYPED_TEST(CountersContract, AReadingTellsOfEveryDevice) {
  const auto port = this->world_.add_port("p1");
  const auto bridge = this->make_bridge();
  const auto reading = this->world_.counters();
  EXPECT_TRUE(reading.contains(port));
  EXPECT_TRUE(reading.contains(bridge));
  EXPECT_TRUE(reading.contains(IfIndex{1}));
}

TYPED_TEST(CountersContract, APortCountsWhatComesInByItWithItsHeader) {
  const auto bridge = this->make_bridge();
  const auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostA);
  const auto before = this->counters(port);
  for (int i = 0; i < 3; ++i) this->world_.send_frame(port, kHostA, kUntagged);
  EXPECT_EQ(this->growth(port, before, 3), (LinkCounters{.rx_packets = 3, .rx_bytes = 3 * kFrame}));
}

TYPED_TEST(CountersContract, ADeviceThatIsMadeAnewCountsFromZero) {
  const auto bridge = this->make_bridge();
  auto port = this->make_port("p1", bridge);
  this->learn(bridge, port, kHostA);
  EXPECT_GE(this->counters(port).rx_packets, 1U);
  this->world_.delete_link(port);
  port = this->world_.add_port("p1");
  EXPECT_EQ(this->counters(port).rx_packets, 0U);
}

TYPED_TEST(CountersContract, ATaggedFrameIsCountedAtThePortAndAtTheVlanDeviceWithoutItsHeader) {
  if (!this->world_.has_vlan_devices()) GTEST_SKIP() << "needs 8021q (run in the VM)";
  const auto bridge = this->make_bridge();
  const auto port = this->world_.add_port("p1");
  this->must(kvtep::SetUp{port});
  this->must(CreateVlan{.name = "p1.5", .alias = "kvtep/x", .info = {VlanId{5}, port}});
  const auto vlan = this->world_.index_of("p1.5");
  this->must(SetMaster{.index = vlan, .bridge = bridge});
  this->must(kvtep::SetUp{vlan});
  this->learn(bridge, port, kHostA, VlanId{5}, vlan);
  const auto port_before = this->counters(port);
  const auto vlan_before = this->counters(vlan);
  for (int i = 0; i < 3; ++i) this->world_.send_frame(port, kHostA, VlanId{5});
  EXPECT_EQ(this->growth(vlan, vlan_before, 3),
            (LinkCounters{.rx_packets = 3, .rx_bytes = 3 * (kFrame - kEthernetHeader - kTag)}));
  const auto at_port = this->growth(port, port_before, 3);
  EXPECT_EQ(at_port.rx_packets, 3U);
  // With the tag or without: a driver that takes it out of the frame does not count it.
  EXPECT_GE(at_port.rx_bytes, 3 * (kFrame - kTag));
  EXPECT_LE(at_port.rx_bytes, 3 * kFrame);
}

// Only a real bridge sends what it got to its other ports.
using RealCounters = CountersContract<RealWorld>;

TEST_F(RealCounters, APortCountsWhatLeavesByItWithItsHeader) {
  // What IPv6 says of itself leaves by the port, too.
  for (const auto* devices : {"all", "default"})
    run_command({"sysctl", "-qw", std::string("net.ipv6.conf.") + devices + ".disable_ipv6=1"});
  const auto bridge = make_bridge();
  const auto in = make_port("p1", bridge);
  const auto out = make_port("p2", bridge);
  learn(bridge, in, kHostA);
  learn(bridge, out, kHostB);
  const auto before = counters(out);
  for (int i = 0; i < 3; ++i) world_.send_frame(in, kHostA, kUntagged);
  const auto sent = [&] { return counters(out).tx_packets - before.tx_packets; };
  EXPECT_TRUE(await([&] { return sent() >= 3; }));
  EXPECT_EQ(sent(), 3U);
  EXPECT_EQ(counters(out).tx_bytes - before.tx_bytes, 3 * kFrame);
}

}  // namespace
}  // namespace kvtep::testing
