// Neighbours of a bridge, the suppression at its vxlan port, and the filters that copy announcements.
#include <fstream>

#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::vector<IpAddress> kAddresses = {*IpAddress::parse("10.0.0.5"), *IpAddress::parse("fd00::5")};

template <class WorldType>
class Neighbours : public Contract<WorldType> {
 protected:
  void SetUp() override { devices_ = this->make_switch(); }

  void set(const IpAddress& address, const MacAddress& mac) {
    this->must(SetNeighbour{.bridge = devices_.bridge, .address = address, .mac = mac});
  }
  Neighbour ours(const IpAddress& address, const MacAddress& mac) const {
    return {.device = devices_.bridge, .address = address, .mac = mac};
  }
  // Of this test's addresses: a real device has neighbours of its own.
  std::vector<Neighbour> there() {
    this->hear();
    std::vector<Neighbour> found;
    for (const auto& address : kAddresses) {
      const auto& table = this->heard_.neighbours(devices_.bridge);
      if (const auto entry = table.find(address); entry != table.end()) found.push_back(entry->second);
    }
    return found;
  }
  bool await_none() {
    return this->await([this] { return there().empty(); });
  }

  SwitchDevices devices_;
};
TYPED_TEST_SUITE(Neighbours, Worlds, WorldNames);

TYPED_TEST(Neighbours, AreSetReplacedAndRemoved) {
  for (const auto& address : kAddresses) {
    this->set(address, kHostA);
    EXPECT_THAT(this->there(), ElementsAre(this->ours(address, kHostA)));
    this->set(address, kHostA);
    this->set(address, kHostB);
    EXPECT_THAT(this->there(), ElementsAre(this->ours(address, kHostB)));
    this->must(RemoveNeighbour{this->devices_.bridge, address});
    EXPECT_THAT(this->there(), IsEmpty());
    EXPECT_EQ(this->apply(RemoveNeighbour{this->devices_.bridge, address}), ENOENT);
  }
}

TYPED_TEST(Neighbours, NeedADevice) {
  for (const auto& address : kAddresses) {
    EXPECT_EQ(this->apply(SetNeighbour{IfIndex{999}, address, kHostA}), ENODEV);
    EXPECT_EQ(this->apply(RemoveNeighbour{IfIndex{999}, address}), ENODEV);
  }
}

TYPED_TEST(Neighbours, OfAnOperatorAreToldApart) {
  for (const auto& address : kAddresses) {
    auto theirs = this->ours(address, kHostB);
    theirs.is_external = false;
    this->set(address, kHostA);
    this->world_.add_neighbour(theirs);
    EXPECT_THAT(this->there(), ElementsAre(theirs));
    this->set(address, kHostA);
    EXPECT_THAT(this->there(), ElementsAre(this->ours(address, kHostA)));
    this->world_.remove_neighbour(this->devices_.bridge, address);
    EXPECT_THAT(this->there(), IsEmpty());
  }
}

TYPED_TEST(Neighbours, GoAsTheBridgeGoesDownAndMaybeSetMeanwhile) {
  for (const auto& address : kAddresses) this->set(address, kHostA);
  this->world_.set_down(this->devices_.bridge);
  EXPECT_TRUE(this->await_none());
  for (const auto& address : kAddresses) this->set(address, kHostB);
  this->world_.set_up(this->devices_.bridge);
  EXPECT_THAT(this->there(),
              ElementsAre(this->ours(kAddresses[0], kHostB), this->ours(kAddresses[1], kHostB)));
}

TYPED_TEST(Neighbours, GoWithTheBridge) {
  for (const auto& address : kAddresses) this->set(address, kHostA);
  this->must(DeleteLink{.index = this->devices_.bridge, .name = "kvbr5"});
  EXPECT_TRUE(this->await_none());
}

TYPED_TEST(Neighbours, AreSuppressedAtThePortThatIsTold) {
  const auto vxlan = this->devices_.vxlan;
  this->must(ConfigureBridgePort{vxlan, {.learning = false, .neigh_suppress = true}});
  EXPECT_EQ(this->link(vxlan).bridge_port, (BridgePort{.learning = false, .neigh_suppress = true}));
  this->must(ConfigureBridgePort{vxlan, {.learning = false}});
  EXPECT_EQ(this->link(vxlan).bridge_port, BridgePort{.learning = false});
}

template <class WorldType>
class Announcers : public Neighbours<WorldType> {
 protected:
  void SetUp() override {
    Neighbours<WorldType>::SetUp();
    port_ = this->make_port("p1", this->devices_.bridge);
  }
  std::optional<Announcer> announcer() {
    this->hear();
    return this->heard_.announcer(port_);
  }
  IfIndex port_;
};
TYPED_TEST_SUITE(Announcers, Worlds, WorldNames);

TYPED_TEST(Announcers, AreSetReplacedAndRemoved) {
  EXPECT_EQ(this->apply(RemoveAnnouncer{this->port_}), ENOENT);
  this->must(SetAnnouncer{this->port_, {this->devices_.vxlan}});
  EXPECT_EQ(this->announcer(), Announcer{this->devices_.vxlan});
  const auto other = this->world_.add_port("p2");
  this->must(SetAnnouncer{this->port_, {other}});
  EXPECT_EQ(this->announcer(), Announcer{other});
  const Announcer without_probes{.vxlan = other, .copies_probes = false};
  this->must(SetAnnouncer{this->port_, without_probes});
  EXPECT_EQ(this->announcer(), without_probes);
  this->must(RemoveAnnouncer{this->port_});
  EXPECT_EQ(this->announcer(), std::nullopt);
  EXPECT_EQ(this->apply(RemoveAnnouncer{this->port_}), ENOENT);
}

TYPED_TEST(Announcers, NeedBothDevices) {
  EXPECT_EQ(this->apply(SetAnnouncer{IfIndex{999}, {this->devices_.vxlan}}), ENODEV);
  EXPECT_EQ(this->apply(SetAnnouncer{this->port_, {IfIndex{999}}}), ENODEV);
  EXPECT_EQ(this->announcer(), std::nullopt);
}

TYPED_TEST(Announcers, StandBesideTheTagFilter) {
  this->must(SetTagFilter{this->port_, {}});
  this->must(SetAnnouncer{this->port_, {this->devices_.vxlan}});
  this->must(SetTagFilter{this->port_, {{VlanId{5}}}});
  EXPECT_EQ(this->announcer(), Announcer{this->devices_.vxlan});
  this->must(RemoveTagFilter{this->port_});
  EXPECT_EQ(this->announcer(), Announcer{this->devices_.vxlan});
  this->must(SetTagFilter{this->port_, {}});
  this->must(RemoveAnnouncer{this->port_});
  EXPECT_EQ(this->announcer(), std::nullopt);
  ASSERT_NE(this->heard_.tag_filter(this->port_), nullptr);
}

TYPED_TEST(Announcers, LoseTheirTargetInSilence) {
  this->must(SetAnnouncer{this->port_, {this->devices_.vxlan}});
  this->must(DeleteLink{.index = this->devices_.vxlan, .name = "kvvx5"});
  EXPECT_TRUE(this->await([this] { return this->announcer() == Announcer{}; }));
}

TYPED_TEST(Announcers, GoWithTheirPort) {
  this->must(SetAnnouncer{this->port_, {this->devices_.vxlan}});
  this->world_.delete_link(this->port_);
  EXPECT_TRUE(this->await([this] { return !this->announcer(); }));
}

// IPv6 is on at the bridge, or it could not answer; neither by itself nor by a network's router does it get
// an address.
class RealBridge : public Contract<RealWorld> {
 protected:
  static std::string setting(const std::string& name, const std::string& device = "kvbr5") {
    std::string value;
    std::ifstream("/proc/sys/net/ipv6/conf/" + device + "/" + name) >> value;
    return value;
  }
};

TEST_F(RealBridge, IsGivenNoAddressByARouter) {
  make_bridge();
  EXPECT_EQ(setting("accept_ra"), "0");
  EXPECT_EQ(setting("disable_ipv6"), "0") << "whatever the namespace's default";
}

TEST_F(RealBridge, IsPutRightWhereAnEarlierRunOrSomebodyElseLeftItOtherwise) {
  make_bridge();
  world_.add_bridge("theirs");
  for (const char* change : {"kvbr5.accept_ra=1", "kvbr5.disable_ipv6=1", "theirs.accept_ra=1"})
    run_command({"sysctl", "-qw", std::string("net.ipv6.conf.") + change});
  rtnl::Transactor::settle_bridges(world_.dump());
  EXPECT_EQ(setting("accept_ra"), "0");
  EXPECT_EQ(setting("disable_ipv6"), "0");
  EXPECT_EQ(setting("accept_ra", "theirs"), "1");
}

class RealAnnouncers : public Announcers<RealWorld> {};

TEST_F(RealAnnouncers, GoWithTheHook) {
  must(SetTagFilter{port_, {}});
  must(SetAnnouncer{port_, {devices_.vxlan}});
  run_command({"tc", "qdisc", "delete", "dev", "p1", "clsact"});
  EXPECT_TRUE(await([this] { return !announcer() && heard_.tag_filter(port_) == nullptr; }));
}

// Names and states that the kernel gives of its own accord, and of devices that kvtep did not make.
TEST_F(RealAnnouncers, LeaveOtherDevicesNeighboursUntold) {
  news();
  run_command(
      {"ip", "neigh", "add", "10.0.0.5", "lladdr", "02:00:00:00:0a:01", "dev", "p1", "nud", "permanent"});
  set(kAddresses[0], kHostA);
  const auto told = news_of<NeighbourChanged>();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told.front().neighbour, ours(kAddresses[0], kHostA));
  EXPECT_THAT(Installed::from(world_.dump()).neighbours(port_), IsEmpty());
}

}  // namespace
}  // namespace kvtep::testing
