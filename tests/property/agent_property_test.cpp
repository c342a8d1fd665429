// Laws that hold after whatever a controller, an operator and the network do, in whatever order: random
// stories, each told by its seed.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <random>
#include <set>
#include <string>

#include "netlinkd/planner/ownership.hpp"
#include "tests/property/oracle.hpp"
#include "tests/support/fake_world.hpp"

namespace kvtep::testing {
namespace {

using ::testing::IsEmpty;
using namespace std::chrono_literals;

constexpr const char* kSwitch = "s2";

// The places where a frame could get into a switch that it does not belong to: a port of a bridge of ours
// that is up and has no filter, or whose filter lets a VLAN in that has no device.
std::set<std::string> open_doors(const Installed& installed) {
  std::set<std::string> doors;
  for (const auto& [index, link] : installed.links()) {
    const Link* master = installed.link(link.master);
    if (!link.up || master == nullptr || !planner::is_owned(*master, kSwitch)) continue;
    const auto* filter = installed.tag_filter(index);
    if (filter == nullptr) {
      doors.insert(link.name);
      continue;
    }
    for (const auto vlan : filter->allowed) {
      const bool has_device = std::ranges::any_of(installed.links(), [&](const auto& entry) {
        return entry.second.info == LinkInfo(VlanInfo{.vlan = vlan, .parent = index});
      });
      if (!has_device) doors.insert(link.name + "." + std::to_string(vlan.value));
    }
  }
  return doors;
}

std::map<IfIndex, Link> strangers(const Installed& installed) {
  std::map<IfIndex, Link> result;
  for (const auto& [index, link] : installed.links()) {
    if (!link.name.starts_with("foreign")) continue;
    auto& stranger = result.emplace(index, link).first->second;
    stranger.up = false;  // a VLAN device goes up and down with its port
  }
  return result;
}

// One story in four goes over IPv6, one in three gives VNIs of its own, some of which a controller gives too.
agent::Options options(std::uint32_t seed) {
  auto settings = Rows().settings;
  if (seed % 4 == 0) settings.tunnel_ip = ip("2001:db8:2::20");
  if (seed % 3 == 0) settings.vni_range = {.first = Vni{102}, .last = Vni{105}};
  return {.settings = std::move(settings)};
}

class Story {
 public:
  explicit Story(std::uint32_t seed) : world(options(seed)), random_(seed) {
    for (int i = 1; i <= 3; ++i) ports_.push_back(world.kernel.add_port("eth" + std::to_string(i)));
    for (const auto port : ports_) {
      if (chance(3, 4)) world.kernel.set_up(port);
    }
    if (chance(1, 3)) world.kernel.add_vxlan("foreign-vx", {.vni = Vni{101}, .local = ip("192.168.2.20")});
    if (chance(1, 3)) world.kernel.enslave(ports_.back(), world.kernel.add_bridge("foreign-br"));
    if (chance(1, 3)) world.kernel.add_vlan("foreign-vlan", {.vlan = VlanId{6}, .parent = ports_.front()});
    for (const char* address : {"192.168.1.10", "192.168.1.11", "192.168.2.20", "no address",
                                "2001:db8:2::20", "2001:db8:1::10", "2001:0DB8:1:0:0:0:0:11"}) {
      locators_.push_back(world.rows.locator(address));
    }
    for (const std::int64_t key : {7, 100, -1}) {
      locators_.push_back(world.rows.insert(hwvtep::PhysicalLocator{
          .encapsulation_type = "vxlan_over_ipv4", .dst_ip = "192.168.1.12", .tunnel_key = key}));
    }
    std::set<Uuid> rows;
    for (const char* name : {"eth1", "eth2", "eth3", "wlan0"}) rows.insert(world.rows.port(name));
    port_rows_.assign(rows.begin(), rows.end());
    world.rows.own_switch(rows);
    world.before_each_op = [this](const KernelOp&) { doors_ = open_doors(now()); };
    world.after_each_op = [this](const KernelOp& op) {
      for (const auto& door : open_doors(now()))
        EXPECT_TRUE(doors_.contains(door) || unguarded_.contains(door)) << op << " opened " << door;
    };
  }

  Installed now() { return Installed::from(world.kernel.dump()); }

  void tell(int chapters) {
    before_ = strangers(now());
    if (chance(1, 2)) happen();
    world.start();
    for (int i = 0; i < chapters; ++i) {
      if (world.status().in_step) unguarded_.clear();
      for (int j = pick(4); j >= 0; --j) happen();
      world.tell_database();
      while (!world.sent.empty() && chance(3, 4)) world.commit();
      world.advance(std::chrono::milliseconds(pick(300)));
    }
    world.advance(5min);
  }

  // Nothing is left to do, for this agent and for one that knows nothing but the rows and the kernel.
  void check() {
    EXPECT_TRUE(world.status().in_step);
    EXPECT_EQ(strangers(now()), before_) << "a stranger's device was touched";
    EXPECT_THAT(open_doors(now()), IsEmpty());
    EXPECT_THAT(disagreements(world.rows, now()), IsEmpty());
    FakeWorld fresh({.settings = world.rows.settings});
    fresh.kernel = world.kernel;
    fresh.rows = world.rows;
    fresh.start();
    fresh.advance(5min);
    EXPECT_THAT(fresh.take_ops(), IsEmpty());
  }

  FakeWorld world;

 private:
  int pick(int below) { return static_cast<int>(random_() % static_cast<std::uint32_t>(below)); }
  bool chance(int of, int all) { return pick(all) < of; }
  template <class T>
  const T& any(const std::vector<T>& values) {
    return values[static_cast<std::size_t>(pick(static_cast<int>(values.size())))];
  }

  MacAddress host() { return MacAddress{{2, 0, 0, 0, 0, static_cast<std::uint8_t>(pick(6))}}; }
  std::string address() {
    static const std::vector<std::string> kAddresses = {"",        "",         "10.0.0.5",  "10.0.0.6",
                                                        "fd00::5", "fd00::05", "224.0.0.5", "no address"};
    return any(kAddresses);
  }
  std::optional<std::int64_t> key() {
    const int value = pick(8);
    if (value == 7) return std::nullopt;
    return value == 6 ? 0 : 100 + value % 4;
  }

  void happen() {
    switch (pick(13)) {
      case 0: return switches_come_and_go();
      case 1:
      case 2: return bindings_change();
      case 3:
      case 4: return remote_macs_change();
      case 5: return flood_lists_change();
      case 6:
      case 7: return hosts_talk();
      case 8: return links_go_up_and_down();
      case 9:
      case 10: return kernel_refuses();
      case 11: return world.kernel.overrun();
      default: return operator_vandalizes();
    }
  }

  void switches_come_and_go() {
    if (switches_.empty() || chance(2, 3)) {
      switches_.push_back(world.rows.logical_switch("ls" + std::to_string(pick(3)), key()));
      return;
    }
    const auto id = any(switches_);
    if (chance(2, 3)) {
      world.rows.edit<hwvtep::LogicalSwitch>(id, [this](auto& row) {
        row.tunnel_key = key();
        row.replication_mode = chance(1, 2) ? std::optional<std::string>("source_node") : std::nullopt;
      });
      return;
    }
    // As the server has it: nothing refers to a row that is gone.
    for (const auto& row : port_rows_) {
      world.rows.edit<hwvtep::PhysicalPort>(row, [&](auto& port) {
        std::erase_if(port.vlan_bindings, [&](auto& b) { return b.second == id; });
      });
    }
    erase_rows_of<hwvtep::UcastMacsRemote>(id);
    erase_rows_of<hwvtep::McastMacsRemote>(id);
    world.rows.erase<hwvtep::LogicalSwitch>(id);
    std::erase(switches_, id);
  }

  template <class Row>
  void erase_rows_of(const Uuid& logical_switch) {
    std::vector<Uuid> rows;
    for (const auto& [id, row] : world.rows.database.table<Row>()) {
      if (row.logical_switch == logical_switch) rows.push_back(id);
    }
    for (const auto& id : rows) world.rows.erase<Row>(id);
  }

  void bindings_change() {
    if (switches_.empty()) return;
    static const std::vector<std::int64_t> kKeys = {0, 0, 5, 6, 4095};
    world.rows.edit<hwvtep::PhysicalPort>(any(port_rows_), [this](auto& row) {
      if (chance(2, 3)) {
        row.vlan_bindings[any(kKeys)] = any(switches_);
      } else {
        row.vlan_bindings.erase(any(kKeys));
      }
    });
  }

  void remote_macs_change() {
    if (switches_.empty()) return;
    auto& rows = world.rows.database.table<hwvtep::UcastMacsRemote>();
    if (rows.empty() || chance(1, 2)) {
      const auto text = chance(1, 8) ? std::string("no mac") : host().to_string();
      world.rows.remote_host(text, address(), any(switches_), any(locators_));
      return;
    }
    const auto id = rows.begin()->first;
    if (chance(1, 2)) {
      world.rows.erase<hwvtep::UcastMacsRemote>(id);
    } else {
      world.rows.edit<hwvtep::UcastMacsRemote>(id, [this](auto& row) {
        chance(1, 2) ? row.locator = any(locators_), void() : void(row.ipaddr = address());
      });
    }
  }

  void flood_lists_change() {
    if (switches_.empty()) return;
    auto& rows = world.rows.database.table<hwvtep::McastMacsRemote>();
    if (!rows.empty() && chance(1, 3)) {
      world.rows.erase<hwvtep::McastMacsRemote>(rows.begin()->first);
      return;
    }
    static const std::vector<std::string> kMacs = {"unknown-dst", "unknown-dst", "01:00:5e:01:02:03",
                                                   "00:00:00:00:00:00", "02:00:00:00:00:01"};
    world.rows.flood(any(switches_), {any(locators_), any(locators_)}, any(kMacs));
  }

  void hosts_talk() {
    const auto installed = now();
    for (const auto& [index, link] : installed.links()) {
      if (link.bridge_port && link.up && !planner::is_vxlan(link) && chance(1, 2))
        world.kernel.learn(index, host());
    }
    for (const auto& [index, link] : installed.links()) {
      for (const auto& [mac, entry] : installed.bridge_table(index)) {
        if (entry.kind == BridgeEntryKind::Learned && chance(1, 3)) world.kernel.age_out(index, mac);
      }
    }
  }

  void links_go_up_and_down() {
    const auto port = any(ports_);
    chance(1, 2) ? world.kernel.set_up(port) : world.kernel.set_down(port);
  }

  // The next operation of some kind fails.
  void kernel_refuses() {
    const auto kind = static_cast<std::size_t>(pick(static_cast<int>(std::variant_size_v<KernelOp>)));
    world.kernel.fail_next([kind](const KernelOp& op) { return op.index() == kind; },
                           chance(1, 2) ? ENOMEM : EBUSY);
  }

  void operator_vandalizes() {
    const auto installed = now();
    for (const auto& [id, nexthop] : installed.nexthops()) {
      if (chance(1, 4)) return world.kernel.delete_nexthop(id);
    }
    for (const auto& [index, link] : installed.links()) {
      if (installed.tag_filter(index) != nullptr && chance(1, 6)) return change_filter(index);
      if (!planner::is_owned(link, kSwitch) || !chance(1, 3)) continue;
      for (const auto& [address, neighbour] : installed.neighbours(index)) {
        if (chance(1, 2)) return world.kernel.remove_neighbour(index, address);
      }
      switch (pick(4)) {
        case 0: return world.kernel.delete_link(index);
        case 1: return world.kernel.set_down(index);
        case 2: return link.master ? world.kernel.enslave(index, IfIndex{}) : void();
        default:
          for (const auto& [mac, entry] : installed.vxlan_table(index).hosts)
            return world.kernel.remove_entry(entry);
      }
    }
  }

  // A door that somebody else opened is to be shut, and one that he shut opened.
  void change_filter(IfIndex index) {
    const TagFilter other{{VlanId{5}, VlanId{7}}};
    const bool removes = chance(1, 2);
    const auto op = removes ? KernelOp(RemoveTagFilter{index}) : KernelOp(SetTagFilter{index, other});
    world.kernel.apply({&op, 1});
    const auto name = now().link(index)->name;
    unguarded_.insert({name, name + ".5", name + ".7"});
  }

  std::mt19937 random_;
  std::vector<IfIndex> ports_;
  std::vector<Uuid> port_rows_;
  std::vector<Uuid> locators_;
  std::vector<Uuid> switches_;
  std::set<std::string> doors_;
  std::set<std::string> unguarded_;  // the agent may not have heard yet that their filters were changed
  std::map<IfIndex, Link> before_;
};

class AgentStories : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(AgentStories, EndInStepWithTheDatabaseAndLeakNothing) {
  for (std::uint32_t i = 0; i < 50; ++i) {
    const auto seed = GetParam() * 50 + i;
    SCOPED_TRACE("seed " + std::to_string(seed));
    Story story(seed);
    story.tell(12);
    story.check();
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgentStories, ::testing::Range(0U, 20U));

}  // namespace
}  // namespace kvtep::testing
