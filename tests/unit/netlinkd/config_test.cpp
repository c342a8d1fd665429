#include "netlinkd/app/config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "netlinkd/app/database.hpp"

namespace kvtep::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Invocation parse(std::vector<const char*> words) {
  words.insert(words.begin(), "kvtepd");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

class ConfigFile : public ::testing::Test {
 protected:
  ConfigFile() {
    std::string pattern = ::testing::TempDir() + "kvtep-config-XXXXXX";
    directory_ = mkdtemp(pattern.data());
  }
  ~ConfigFile() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& text) {
    const auto path = directory_ + "/kvtepd.toml";
    std::ofstream(path) << text;
    return path;
  }

  std::string directory_;
};

TEST_F(ConfigFile, SaysWhetherAndHowManyAddressesAreLearned) {
  EXPECT_TRUE(read_file(write(""), {})->ip_learning);
  EXPECT_EQ(read_file(write(""), {})->ip_learning_limit, 4096);
  const auto config = read_file(write("ip-learning = false\nip-learning-limit = 1"), {});
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->ip_learning);
  EXPECT_EQ(config->ip_learning_limit, 1);
  for (const char* words : {"ip-learning = 1", "ip-learning-limit = 0", "ip-learning-limit = 1000001",
                            "ip-learning-limit = true"}) {
    EXPECT_FALSE(read_file(write(words), {})) << words;
  }
}

TEST(Arguments, BecomeAConfiguration) {
  const auto invocation =
      parse({"--switch", "s2", "--db", "tcp:10.0.0.1:6640,unix:/run/db.sock", "--tunnel-ip", "192.168.2.20",
             "--ports", "swp*,eth1", "--log-level", "debug"});
  ASSERT_TRUE(invocation.config) << invocation.output;
  const auto& config = *invocation.config;
  EXPECT_THAT(config.database, ElementsAre("tcp:10.0.0.1:6640", "unix:/run/db.sock"));
  EXPECT_EQ(config.settings.switch_name, "s2");
  EXPECT_EQ(config.settings.tunnel_ip, IpAddress::parse("192.168.2.20"));
  EXPECT_THAT(config.settings.ports, ElementsAre("swp*", "eth1"));
  EXPECT_EQ(config.log_level, "debug");
  EXPECT_EQ(config.control, control::kDefaultPath);
}

TEST(Arguments, ThatMeanNothingAreBadUsage) {
  const std::vector<std::pair<std::vector<const char*>, const char*>> cases = {
      {{}, "--switch"},
      {{"--switch"}, "--switch"},
      {{"--switch", "s2", "--nonsense"}, "nonsense"},
      {{"--switch", "s2", "--tunnel-ip", "10.0.0.300"}, "10.0.0.300"},
      {{"--switch", "s2", "--tunnel-ip", "239.1.1.1"}, "239.1.1.1"},
      {{"--switch", "s2", "--tunnel-ip", "fe80::1"}, "fe80::1"},
      {{"--switch", "s2", "--tunnel-ip", "::ffff:10.0.0.1"}, "::ffff:10.0.0.1"},
      {{"--switch", "s2", "--management-ip", "router"}, "router"},
      {{"--switch", "s2", "--log-level", "loud"}, "loud"},
      {{"--switch", "s2", "--db", "udp:10.0.0.1:6640"}, "udp:10.0.0.1:6640"},
      {{"--switch", "s2", "--db", "private:"}, "directory"},
      {{"--switch", "s2", "--db", "private:/tmp/x,unix:/tmp/y"}, "private"},
  };
  for (const auto& [words, complaint] : cases) {
    const auto invocation = parse(words);
    EXPECT_FALSE(invocation.config) << complaint;
    EXPECT_EQ(invocation.exit_code, 2) << complaint;
    EXPECT_THAT(invocation.output, HasSubstr(complaint));
  }
}

TEST(Arguments, CanAskForHelpAndVersion) {
  for (const char* flag : {"--help", "--version"}) {
    const auto invocation = parse({flag});
    EXPECT_FALSE(invocation.config);
    EXPECT_EQ(invocation.exit_code, 0);
    EXPECT_THAT(invocation.output, HasSubstr("kvtepd"));
  }
}

TEST_F(ConfigFile, IsOverriddenByFlags) {
  const auto path = write(R"(
    db = ["unix:/run/a.sock"]
    switch = "from-file"
    tunnel-ip = "10.0.0.1"
    ports = ["eth1", "eth2"]
    management-ips = ["10.0.0.9"]
    description = "rack 4"
    realize = "bound"
    accept-from = "locators"
    vni-range = "5000-5999"
    removal-delay = 500
    audit-interval = 60
    stats-interval = 15
    ageing-time = 600
    mac-limit = 1000
    port-mac-limit = 10
    hold-down-share = 0.25
    hold-down-time = 120
  )");
  const auto invocation = parse({"--config", path.c_str(), "--switch", "from-flag"});
  ASSERT_TRUE(invocation.config) << invocation.output;
  const auto& config = *invocation.config;
  EXPECT_EQ(config.settings.switch_name, "from-flag");
  EXPECT_EQ(config.settings.tunnel_ip, IpAddress::parse("10.0.0.1"));
  EXPECT_THAT(config.settings.management_ips, ElementsAre(*IpAddress::parse("10.0.0.9")));
  EXPECT_EQ(config.settings.description, "rack 4");
  EXPECT_TRUE(config.settings.realize_bound_only);
  EXPECT_TRUE(config.settings.known_sources_only);
  EXPECT_EQ(config.settings.ageing_time, 600U);
  EXPECT_EQ(config.settings.mac_limit, 1000U);
  EXPECT_EQ(config.settings.port_mac_limit, 10U);
  EXPECT_EQ(config.settings.vni_range, (planner::VniRange{.first = Vni{5000}, .last = Vni{5999}}));
  EXPECT_EQ(config.audit_interval, std::chrono::seconds(60));
  EXPECT_EQ(config.stats_interval, std::chrono::seconds(15));
  EXPECT_EQ(config.removal_delay, std::chrono::milliseconds(500));
  EXPECT_EQ(config.hold_down_share, 0.25);
  EXPECT_EQ(config.hold_down_time, std::chrono::seconds(120));
}

TEST_F(ConfigFile, WithAMistakeIsRefusedWithItsPlace) {
  const std::vector<std::pair<const char*, const char*>> cases = {
      {"switch = 5", "switch has to be a string"},
      {"\nswitsh = \"s2\"", ":2: there is no key 'switsh'"},
      {"ports = \"eth1\"", "ports has to be an array"},
      {"ports = [1]", "ports has to be an array"},
      {"audit-interval = 86401", "audit-interval"},
      {"mac-limit = -1", "mac-limit has to be a number"},
      {"port-mac-limit = 4294967296", "port-mac-limit has to be a number"},
      {"stats-interval = -1", "stats-interval"},
      {"removal-delay = -1", "removal-delay"},
      {"hold-down-share = 1.0", "hold-down-share has to be a share"},
      {"hold-down-share = \"half\"", "hold-down-share has to be a share"},
      {"tunnel-ip = \"x\"", "tunnel-ip 'x'"},
      {"management-ips = [\"x\"]", "management-ips"},
      {"realize = \"some\"", "realize"},
      {"accept-from = \"friends\"", "accept-from"},
      {"vni-range = 5000", "vni-range has to be a string"},
      {"vni-range = \"5000\"", "vni-range has to be two VNIs"},
      {"vni-range = \"5000-\"", "vni-range has to be two VNIs"},
      {"vni-range = \"0-10\"", "vni-range has to be two VNIs"},
      {"vni-range = \"10-9\"", "vni-range has to be two VNIs"},
      {"vni-range = \"1 - 9\"", "vni-range has to be two VNIs"},
      {"vni-range = \"1-16777216\"", "vni-range has to be two VNIs"},
      {"switch = ", ":1:"},
  };
  for (const auto& [text, complaint] : cases) {
    const auto path = write(text);
    const auto invocation = parse({"--config", path.c_str(), "--switch", "s2"});
    EXPECT_FALSE(invocation.config) << text;
    EXPECT_EQ(invocation.exit_code, 1) << text;
    EXPECT_THAT(invocation.output, HasSubstr(complaint));
    EXPECT_THAT(invocation.output, HasSubstr(path));
  }
}

TEST_F(ConfigFile, ThatIsNamedHasToBeThere) {
  const auto invocation = parse({"--config", (directory_ + "/none.toml").c_str(), "--switch", "s2"});
  EXPECT_EQ(invocation.exit_code, 1);
  EXPECT_THAT(invocation.output, HasSubstr("none.toml"));
}

TEST(LockId, IsAnOvsdbIdForWhateverName) {
  EXPECT_EQ(lock_id("s2"), "kvtep_s2");
  EXPECT_EQ(lock_id("rack 4/s-2"), "kvtep_rack_204_2fs_2d2");
  EXPECT_NE(lock_id("a_b"), lock_id("a b"));
}

}  // namespace
}  // namespace kvtep::app
