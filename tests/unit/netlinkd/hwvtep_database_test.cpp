#include "netlinkd/hwvtep/database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "netlinkd/hwvtep/schema.hpp"
#include "ovsdb-client/wire/json.hpp"

namespace kvtep::hwvtep {
namespace {

using ovsdb::Json;
using ovsdb::Uuid;
using testing::ElementsAre;

const Uuid kSwitch = *Uuid::parse("00000000-0000-0000-0000-000000000001");
const Uuid kRow = *Uuid::parse("00000000-0000-0000-0000-000000000002");

TEST(Database, ReadsTheRowsOfAController) {
  Database database;
  const auto delta = database.apply(ovsdb::UpdateKind::Conditional, true, R"({
    "Ucast_Macs_Remote":{"00000000-0000-0000-0000-000000000002":{"initial":{
      "MAC":"02:00:00:00:00:01","ipaddr":"10.0.0.1",
      "logical_switch":["uuid","00000000-0000-0000-0000-000000000001"],
      "locator":["uuid","00000000-0000-0000-0000-000000000003"]}}},
    "Logical_Switch":{"00000000-0000-0000-0000-000000000001":{"initial":{
      "name":"ls","tunnel_key":5000,"replication_mode":"source_node"}}}})");
  ASSERT_TRUE(delta) << delta.error();
  const UcastMacsRemote remote{.MAC = "02:00:00:00:00:01",
                               .logical_switch = kSwitch,
                               .locator = *Uuid::parse("00000000-0000-0000-0000-000000000003"),
                               .ipaddr = "10.0.0.1"};
  EXPECT_THAT(delta->of<UcastMacsRemote>(),
              ElementsAre(ovsdb::Change<UcastMacsRemote>{kRow, std::nullopt, remote}));
  ASSERT_NE(database.table<LogicalSwitch>().find(kSwitch), nullptr);
  EXPECT_EQ(*database.table<LogicalSwitch>().find(kSwitch),
            (LogicalSwitch{
                .name = "ls", .description = {}, .tunnel_key = 5000, .replication_mode = "source_node"}));
}

TEST(Database, MonitorsTheTablesThatTheDaemonReads) {
  Database database;
  const auto requests = database.monitor_requests(Json::parse(schema()));
  ASSERT_TRUE(requests) << requests.error();
  std::vector<std::string> tables;
  for (const auto& item : requests->items()) tables.push_back(item.key());
  EXPECT_THAT(tables, ElementsAre("Global", "Logical_Binding_Stats", "Logical_Router", "Logical_Switch",
                                  "Mcast_Macs_Local", "Mcast_Macs_Remote", "Physical_Locator",
                                  "Physical_Locator_Set", "Physical_Port", "Physical_Switch", "Tunnel",
                                  "Ucast_Macs_Local", "Ucast_Macs_Remote"));
  EXPECT_EQ((*requests)["Physical_Locator"],
            Json::parse(R"([{"columns":["encapsulation_type","dst_ip","tunnel_key"]}])"));
}

// What servers with older schemas lack, for example.
TEST(Database, DoesWithoutTheColumnsOfNewerSchemas) {
  auto old = Json::parse(schema());
  old["tables"]["Logical_Switch"]["columns"].erase("replication_mode");
  old["tables"]["Logical_Switch"]["columns"].erase("other_config");
  old["tables"]["Physical_Locator"]["columns"].erase("tunnel_key");
  Database database;
  const auto requests = database.monitor_requests(old);
  ASSERT_TRUE(requests) << requests.error();
  EXPECT_EQ((*requests)["Logical_Switch"],
            Json::parse(R"([{"columns":["name","description","tunnel_key"]}])"));
  EXPECT_FALSE(database.has_column(&LogicalSwitch::replication_mode));
  EXPECT_TRUE(database.has_column(&LogicalSwitch::tunnel_key));
  EXPECT_FALSE(database.has_column(&PhysicalLocator::tunnel_key));
  EXPECT_TRUE(database.has_column("Global", "switches"));
}

TEST(Rows, PrintThemselves) {
  std::ostringstream out;
  out << LogicalSwitch{.name = "ls", .description = {}, .tunnel_key = 5000};
  EXPECT_EQ(out.str(), R"(Logical_Switch{name="ls", tunnel_key=5000})");
}

}  // namespace
}  // namespace kvtep::hwvtep
