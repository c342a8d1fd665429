// The contract between kvtep and a kernel: each test runs on the fake one and on the real one, and each ends
// with the check that what was announced adds up to what a dump shows.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "netlinkd/model/installed.hpp"
#include "tests/contract/fake_world.hpp"
#include "tests/contract/real_world.hpp"

namespace kvtep::testing {

inline const MacAddress kHostA = *MacAddress::parse("02:00:00:00:0a:01");
inline const MacAddress kHostB = *MacAddress::parse("02:00:00:00:0a:02");
inline const MacAddress kBridgeMac = *MacAddress::parse("02:00:00:00:ff:05");
inline const IpAddress kLocal = *IpAddress::parse("192.0.2.1");
inline const IpAddress kFar1 = *IpAddress::parse("192.0.2.11");
inline const IpAddress kFar2 = *IpAddress::parse("192.0.2.12");
inline const IpAddress kFarV6 = *IpAddress::parse("2001:db8::11");

inline VxlanInfo vxlan_info(std::uint32_t vni) { return {.vni = Vni{vni}, .local = kLocal}; }

// What a table holds, line by line, for comparison and for people.
inline std::vector<std::string> lines_of(const Installed& installed) {
  std::vector<std::string> lines;
  const auto add = [&](const KernelEvent& event) {
    std::ostringstream line;
    line << event;
    lines.push_back(line.str());
  };
  for (const auto& [index, link] : installed.links()) {
    add(LinkChanged{link});
    if (const auto* filter = installed.tag_filter(index)) add(TagFilterChanged{index, *filter});
    for (const auto& [mac, entry] : installed.bridge_table(index)) add(BridgeEntryChanged{entry});
    const auto& table = installed.vxlan_table(index);
    for (const auto& [mac, entry] : table.hosts) add(VxlanEntryChanged{entry});
    for (const auto& [mac, list] : table.groups) {
      for (const auto& destination : list) add(VxlanEntryChanged{{index, mac, destination}});
    }
  }
  for (const auto& [index, link] : installed.links()) {
    for (const auto& member : installed.group_members(index)) add(GroupJoined{member});
    for (const auto& [address, neighbour] : installed.neighbours(index)) add(NeighbourChanged{neighbour});
    if (const auto there = installed.announcer(index)) add(AnnouncerChanged{index, *there});
  }
  for (const auto& [id, nexthop] : installed.nexthops()) add(NexthopChanged{nexthop});
  for (const auto& [table, filter] : installed.source_filters()) add(SourceFilterChanged{table, filter});
  return lines;
}

struct SwitchDevices {
  IfIndex bridge;
  IfIndex vxlan;
};

template <class WorldType>
class Contract : public ::testing::Test {
 protected:
  Contract() : heard_(Installed::from(world_.dump())) {}

  void TearDown() override {
    if (IsSkipped()) return;
    const auto agrees = [&] { return Installed::from(world_.dump()) == heard_; };
    EXPECT_TRUE(await(agrees)) << "what was announced is not what is there";
    EXPECT_THAT(lines_of(heard_),
                ::testing::UnorderedElementsAreArray(lines_of(Installed::from(world_.dump()))));
  }

  // The operation's errno, 0 where it was done.
  int apply(const KernelOp& op) {
    last_ = world_.apply(op);
    return last_.error ? last_.error->code.value() : 0;
  }
  void must(const KernelOp& op) { ASSERT_EQ(apply(op), 0) << last_.error->message; }

  // Takes in what was announced.
  void hear(bool may_wait = false) {
    for (const auto& event : world_.take_events(may_wait)) {
      ASSERT_FALSE(std::holds_alternative<Overrun>(event));
      if (heard_.apply(event)) news_.push_back(event);
    }
  }
  // The events since the last call that told something new.
  std::vector<KernelEvent> news() {
    hear();
    return std::exchange(news_, {});
  }
  template <class Event>
  std::vector<Event> news_of() {
    std::vector<Event> events;
    for (const auto& event : news()) {
      if (const auto* wanted = std::get_if<Event>(&event)) events.push_back(*wanted);
    }
    return events;
  }

  // Every event about entries since the last call, news or not. (Of links the kernel tells in its own time,
  // too.)
  std::vector<KernelEvent> told_about_entries() {
    std::vector<KernelEvent> told;
    for (const auto& event : world_.take_events(false)) {
      heard_.apply(event);
      if (std::holds_alternative<BridgeEntryChanged>(event) ||
          std::holds_alternative<BridgeEntryGone>(event) ||
          std::holds_alternative<VxlanEntryChanged>(event) || std::holds_alternative<VxlanEntryGone>(event)) {
        told.push_back(event);
      }
    }
    return told;
  }

  static constexpr auto kPatience = std::chrono::seconds(10);
  bool await(const std::function<bool()>& is_so, const std::function<void()>& meanwhile = [] {}) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (true) {
      meanwhile();
      hear(true);
      if (is_so()) return true;
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
  }

  const Link& link(IfIndex index) {
    hear();
    static const Link kNone;
    const Link* found = heard_.link(index);
    return found == nullptr ? kNone : *found;
  }
  std::optional<BridgeEntry> bridge_entry(IfIndex bridge, const MacAddress& mac) {
    hear();
    const auto& table = heard_.bridge_table(bridge);
    const auto place = table.find(mac);
    return place == table.end() ? std::nullopt : std::optional(place->second);
  }
  std::optional<TunnelDestination> destination(IfIndex vxlan, const MacAddress& mac) {
    hear();
    const auto& hosts = heard_.vxlan_table(vxlan).hosts;
    const auto place = hosts.find(mac);
    return place == hosts.end() ? std::nullopt : std::optional(place->second.destination);
  }
  std::set<TunnelDestination> flood_list(IfIndex vxlan) {
    hear();
    const auto& groups = heard_.vxlan_table(vxlan).groups;
    const auto place = groups.find(MacAddress{});
    return place == groups.end() ? std::set<TunnelDestination>{} : place->second;
  }

  // As the kernel tells of a bridge.
  LinkInfo as_told(BridgeInfo info) {
    if (!world_.has_mac_limits()) info.mac_limit.reset();
    return info;
  }

  IfIndex make_bridge(const std::string& name = "kvbr5") {
    must(CreateBridge{.name = name, .alias = "kvtep/x " + name, .address = kBridgeMac});
    return world_.index_of(name);
  }
  // The vxlan device is up.
  SwitchDevices make_switch() {
    const auto bridge = make_bridge();
    must(CreateVxlan{.name = "kvvx5", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = bridge});
    const auto vxlan = world_.index_of("kvvx5");
    must(kvtep::SetUp{vxlan});
    return {bridge, vxlan};
  }
  IfIndex make_port(const std::string& name, IfIndex bridge) {
    const auto port = world_.add_port(name);
    must(SetMaster{.index = port, .bridge = bridge});
    must(kvtep::SetUp{port});
    return port;
  }
  // Frames arrive at the port until the bridge says that it learned.
  void learn(IfIndex bridge, IfIndex port, const MacAddress& mac, VlanId vlan = kUntagged,
             std::optional<IfIndex> learned_at = {}) {
    const BridgeEntry wanted{.bridge = bridge, .port = learned_at.value_or(port), .mac = mac};
    ASSERT_TRUE(await([&] { return bridge_entry(bridge, mac) == wanted; },
                      [&] { world_.send_frame(port, mac, vlan); }))
        << "not learned: " << wanted;
  }

  WorldType world_;
  Installed heard_;
  std::vector<KernelEvent> news_;
  OpResult last_{DeleteLink{}, {}};
};

struct WorldNames {
  template <class WorldType>
  static std::string GetName(int) {
    return std::is_same_v<WorldType, FakeWorld> ? "Fake" : "Real";
  }
};
using Worlds = ::testing::Types<FakeWorld, RealWorld>;

}  // namespace kvtep::testing
