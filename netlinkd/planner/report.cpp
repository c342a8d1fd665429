#include "netlinkd/planner/report.hpp"

#include <algorithm>
#include <map>

#include "netlinkd/base/glob.hpp"
#include "netlinkd/planner/fault_columns.hpp"
#include "netlinkd/planner/local_rows.hpp"
#include "netlinkd/planner/remote_mac.hpp"
#include "netlinkd/planner/stats_rows.hpp"

namespace kvtep::planner {
namespace {

using hwvtep::Global;
using hwvtep::LogicalSwitch;
using hwvtep::PhysicalPort;
using hwvtep::PhysicalSwitch;

using Strings = std::set<std::string>;

Strings texts(const std::vector<IpAddress>& addresses) {
  Strings result;
  for (const auto& address : addresses) result.insert(address.to_string());
  return result;
}

// Inserts our row of Physical_Switch, and the reference without which the server would forget it.
void create_switch(const ReportInput& input, ovsdb::Transaction& transaction) {
  const auto& settings = input.view.settings;
  PhysicalSwitch row{.name = settings.switch_name, .management_ips = texts(settings.management_ips)};
  if (settings.description) row.description = *settings.description;
  if (settings.tunnel_ip) row.tunnel_ips = {settings.tunnel_ip->to_string()};
  const auto uuid = transaction.insert(row);
  const auto& globals = input.view.database.table<Global>();
  if (globals.size() == 0) {
    transaction.insert(Global{.switches = {uuid}});
  } else {
    transaction.mutate(globals.begin()->first, ovsdb::add_to(&Global::switches, {uuid}));
  }
}

void update_switch(const ReportInput& input, const OwnSwitch& own, ovsdb::Transaction& transaction) {
  const auto& settings = input.view.settings;
  auto wanted = *own.row;
  if (settings.tunnel_ip) wanted.tunnel_ips = {settings.tunnel_ip->to_string()};
  if (!settings.management_ips.empty()) wanted.management_ips = texts(settings.management_ips);
  if (settings.description) wanted.description = *settings.description;
  transaction.update_changed(own.uuid, *own.row, wanted);
  report_switch_faults(input, own, transaction);
}

// A row for each device that is a port; a row whose device is gone stays while something is bound to it.
void update_ports(const ReportInput& input, const OwnSwitch& own, ovsdb::Transaction& transaction) {
  const auto& table = input.view.database.table<PhysicalPort>();
  Strings listed;
  for (const auto& uuid : own.row->ports) {
    const auto* row = table.find(uuid);
    if (row == nullptr) continue;
    listed.insert(row->name);
    report_port_faults(input, uuid, *row, transaction);
    const bool is_idle = row->vlan_bindings.empty() && row->acl_bindings.empty();
    if (!input.view.settings.ports.empty() && is_idle && !input.desired.inventory.contains(row->name)) {
      transaction.mutate(own.uuid, ovsdb::take_from(&PhysicalSwitch::ports, {uuid}));
    }
  }
  for (const auto& name : input.desired.inventory) {
    if (listed.contains(name)) continue;
    const auto uuid = transaction.insert(PhysicalPort{.name = name});
    transaction.mutate(own.uuid, ovsdb::add_to(&PhysicalSwitch::ports, {uuid}));
  }
}

}  // namespace

Report report(const ReportInput& input, const ReportScope& scope, std::size_t limit) {
  Report result{.transaction = ovsdb::Transaction(
                    [&database = input.view.database](std::string_view table, std::string_view column) {
                      return database.has_column(table, column);
                    })};
  const auto own = own_switch(input.view);
  if (!own) {
    create_switch(input, result.transaction);
    result.rest = {.everything = true, .macs = {}};
    return result;
  }
  if (scope.everything) {
    update_switch(input, *own, result.transaction);
    update_ports(input, *own, result.transaction);
  }
  if (scope.everything || scope.stats) report_binding_stats(input, *own, limit, result);
  report_local_macs(input, scope, limit, result);
  return result;
}

}  // namespace kvtep::planner
