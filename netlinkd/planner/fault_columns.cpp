#include "netlinkd/planner/fault_columns.hpp"

#include <set>
#include <string>

namespace kvtep::planner {
namespace {

using hwvtep::PhysicalPort;
using hwvtep::PhysicalSwitch;

// Puts one word into a set of fault words, or takes it out.
template <class Row>
void set_fault(const Uuid& uuid, const Row& row, std::set<std::string> Row::* column, const char* word,
               bool wanted, ovsdb::Transaction& transaction) {
  if ((row.*column).contains(word) == wanted) return;
  transaction.mutate(uuid, wanted ? ovsdb::add_to(column, {word}) : ovsdb::take_from(column, {word}));
}

}  // namespace

void report_switch_faults(const ReportInput& input, const OwnSwitch& own, ovsdb::Transaction& transaction) {
  constexpr auto kColumn = &PhysicalSwitch::switch_fault_status;
  if (!input.view.database.has_column(kColumn)) return;
  const auto set = [&](const char* word, bool wanted) {
    set_fault(own.uuid, *own.row, kColumn, word, wanted, transaction);
  };
  set("mac_table_exhaustion", input.faults.mac_table_exhaustion || !input.faults.full.empty());
  set("tunnel_exhaustion", input.faults.tunnel_exhaustion);
  // Routing is not offered: who asks for it is told.
  set("lr_support_fault", input.view.database.table<hwvtep::LogicalRouter>().size() > 0);
  set("unspecified_fault", input.faults.unspecified);
}

void report_port_faults(const ReportInput& input, const Uuid& id, const PhysicalPort& row,
                        ovsdb::Transaction& transaction) {
  constexpr auto kColumn = &PhysicalPort::port_fault_status;
  if (!input.view.database.has_column(kColumn)) return;
  const auto set = [&](const char* word, bool wanted) {
    set_fault(id, row, kColumn, word, wanted, transaction);
  };
  set("invalid_vlan_map",
      input.faults.conflicting_ports.contains(row.name) || input.desired.refused_bindings.contains(row.name));
  set("invalid_ACL_binding", !row.acl_bindings.empty());  // ACLs are not offered
  // The schema has no word for a port with too many MACs; the switch's column says what it is.
  set("unspecified_fault",
      input.faults.failing_ports.contains(row.name) || input.faults.full.ports.contains(row.name));
}

}  // namespace kvtep::planner
