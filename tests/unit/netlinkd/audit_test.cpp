// The audit finds and repairs what no notification told, and costs nothing where there is nothing.
#include "netlinkd/agent/audit.hpp"

#include "tests/support/agent_story.hpp"

namespace kvtep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace std::chrono_literals;

class Audit : public AgentStory {
 protected:
  explicit Audit(agent::Options options = {}) : AgentStory(std::move(options)) {}

  // In silence: nobody is told.
  void hush() { world.kernel.take_events(); }
  agent::Counters counters() { return world.status().counters; }
};

TEST_F(Audit, WithoutDifferencesDoesNothing) {
  const auto before = counters();
  world.advance(1h);
  EXPECT_EQ(counters().audits, before.audits + 6);
  EXPECT_EQ(counters().audit_differences, 0U);
  EXPECT_EQ(counters().operations, before.operations);
  EXPECT_EQ(counters().dumps, before.dumps);
  EXPECT_TRUE(world.status().in_step);
}

TEST_F(Audit, FindsWhatNobodyTold) {
  world.kernel.set_down(bridge());
  by_hand(RemoveTagFilter{eth1});
  by_hand(RemoveRemoteMac{vxlan(), host});
  by_hand(SetRemoteMac{vxlan(), local, ip("192.168.1.99")});
  world.kernel.add_entry(
      VxlanEntry{.device = vxlan(), .mac = {}, .destination = {.address = ip("192.168.1.99")}});
  hush();
  world.advance(9min);
  EXPECT_EQ(counters().drift, 0U);
  world.advance(2min);
  EXPECT_EQ(counters().audits, 1U);
  // The bridge and the vxlan device's flags, a filter, two entries of each MAC, one of the flood list.
  EXPECT_EQ(counters().audit_differences, 7U);
  EXPECT_GE(counters().drift, 5U);
  expect_in_step();
}

TEST_F(Audit, FindsALocalHostThatNobodyTold) {
  world.kernel.learn(eth1, local);
  hush();
  world.advance(11min);
  EXPECT_THAT(world.commit(), ::testing::HasSubstr(local.to_string()));
  world.kernel.age_out(bridge(), local);
  hush();
  world.advance(11min);
  EXPECT_EQ(counters().audit_differences, 2U);
}

TEST_F(Audit, FindsADeviceThatWentInSilence) {
  world.kernel.delete_link(vxlan());
  hush();
  world.advance(11min);
  EXPECT_NE(vxlan(), IfIndex{});
  expect_in_step();
}

TEST_F(Audit, LooksAtTheMachine) {
  world.kernel.set_host({.narrowest_path = Path{ip("192.168.1.10"), 1500}});
  world.advance(11min);
  EXPECT_THAT(world.status().issues, SizeIs(1));
  EXPECT_EQ(counters().audit_differences, 0U);
  world.kernel.set_host({});
  world.advance(11min);
  expect_in_step();
  EXPECT_EQ(counters().drift, 0U);
}

class NoAudit : public Audit {
 protected:
  NoAudit() : Audit({.audit_interval = 0s}) {}
};

TEST_F(NoAudit, IsMadeWhereTheIntervalIsZero) {
  world.advance(24h);
  EXPECT_EQ(counters().audits, 0U);
  EXPECT_EQ(world.status().counters.dumps, 1U);
}

class SmallTurns : public Audit {
 protected:
  SmallTurns() : Audit({.turn_limit = 10}) {
    for (int i = 100; i < 400; ++i) {
      world.rows.remote_mac("02:00:00:00:0" + std::to_string(i / 100) + ":" + std::to_string(i % 100 / 10) +
                                std::to_string(i % 10),
                            red, far);
    }
    world.tell_database();
  }
};

TEST_F(SmallTurns, SeeEverythingThatALongOneSees) {
  EXPECT_THAT(now().vxlan_table(vxlan()).hosts, SizeIs(301));
  expect_in_step();
  // Every MAC of the switch is looked at again.
  world.kernel.delete_link(vxlan());
  world.settle();
  EXPECT_THAT(now().vxlan_table(vxlan()).hosts, SizeIs(301));
  const auto entry = now().vxlan_table(vxlan()).hosts.begin()->second;
  world.kernel.remove_entry(entry);
  hush();
  world.advance(11min);
  EXPECT_EQ(counters().audit_differences, 1U);
  expect_in_step();
}

// --- the comparison alone

const Link kBridge{.index = IfIndex{7}, .name = "kvbr1", .info = BridgeInfo{}};

Installed installed(std::initializer_list<KernelEvent> events) { return Installed::from(Snapshot{events}); }
BridgeEntry entry(const char* text, std::uint32_t port = 8) {
  return {.bridge = IfIndex{7}, .port = IfIndex{port}, .mac = mac(text)};
}

TEST(AuditComparison, LeavesOutWhatAnEventSpokeOf) {
  agent::Audit audit;
  audit.heard(BridgeEntryGone{entry("02:00:00:00:00:01")});
  audit.dumped(installed({LinkChanged{kBridge}, BridgeEntryChanged{entry("02:00:00:00:00:01")},
                          BridgeEntryChanged{entry("02:00:00:00:00:02")}}));
  audit.heard(BridgeEntryChanged{entry("02:00:00:00:00:03")});
  const auto known = installed({LinkChanged{kBridge}, BridgeEntryChanged{entry("02:00:00:00:00:03")}});
  std::vector<KernelEvent> differences;
  while (!audit.is_done()) {
    for (auto& event : audit.next(known, 1)) differences.push_back(std::move(event));
  }
  EXPECT_THAT(differences, ElementsAre(KernelEvent(BridgeEntryChanged{entry("02:00:00:00:00:02")})));
}

TEST(AuditComparison, FindsGroupMembersThatCameAndWent) {
  const auto member = [](const char* group) {
    return GroupMember{.bridge = IfIndex{5}, .port = IfIndex{6}, .group = ip(group), .source = {}};
  };
  Installed known;
  Installed there;
  for (auto* installed : {&known, &there})
    installed->apply(LinkChanged{{.index = IfIndex{5}, .name = "b", .info = BridgeInfo{}}});
  known.apply(GroupJoined{member("239.0.0.1")});
  there.apply(GroupJoined{member("239.0.0.2")});
  there.apply(GroupJoined{member("239.0.0.3")});
  agent::Audit audit;
  audit.heard(GroupLeft{member("239.0.0.3")});
  audit.dumped(there);
  std::vector<KernelEvent> found;
  while (!audit.is_done()) {
    for (const auto& event : audit.next(known, 10)) found.push_back(event);
  }
  EXPECT_THAT(found, ElementsAre(KernelEvent(GroupJoined{member("239.0.0.2")}),
                                 KernelEvent(GroupLeft{member("239.0.0.1")})));
}

TEST(AuditComparison, LooksAtNoMoreThanItIsTold) {
  agent::Audit audit;
  std::vector<KernelEvent> there{LinkChanged{kBridge}};
  for (int i = 10; i < 60; ++i)
    there.emplace_back(BridgeEntryChanged{entry(("02:00:00:00:00:" + std::to_string(i)).c_str())});
  audit.dumped(Installed::from(Snapshot{there}));
  const auto known = installed({LinkChanged{kBridge}});
  std::size_t found = 0;
  while (!audit.is_done()) {
    const auto differences = audit.next(known, 7);
    EXPECT_LE(differences.size(), 7U);
    found += differences.size();
  }
  EXPECT_EQ(found, 50U);
}

}  // namespace
}  // namespace kvtep::testing
