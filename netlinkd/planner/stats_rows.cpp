#include "netlinkd/planner/stats_rows.hpp"

#include <set>

namespace kvtep::planner {
namespace {

using hwvtep::LogicalBindingStats;
using hwvtep::PhysicalPort;

class StatsRows {
 public:
  StatsRows(const ReportInput& input, std::size_t limit, Report& result)
      : input_(input), limit_(limit), result_(result) {}

  void report_port(const Uuid& id, const PhysicalPort& port) {
    std::set<std::int64_t> unbound;
    for (const auto& [vlan, stats] : port.vlan_stats) {
      if (!port.vlan_bindings.contains(vlan)) unbound.insert(vlan);
    }
    // Nothing else refers to their rows: the server deletes them.
    if (!unbound.empty())
      result_.transaction.mutate(id, ovsdb::take_keys(&PhysicalPort::vlan_stats, unbound));
    for (const auto& [vlan, logical_switch] : port.vlan_bindings) {
      const auto count = input_.binding_sums->find({port.name, vlan});
      if (count == input_.binding_sums->end() || count->second.logical_switch != logical_switch) continue;
      report_binding(id, port, vlan, count->second.sum);
    }
  }

 private:
  void report_binding(const Uuid& id, const PhysicalPort& port, std::int64_t vlan,
                      const LogicalBindingStats& sum) {
    const auto place = port.vlan_stats.find(vlan);
    const bool is_listed = place != port.vlan_stats.end();
    const auto* row =
        is_listed ? input_.view.database.table<LogicalBindingStats>().find(place->second) : nullptr;
    // A row that two bindings share can be right for neither.
    const bool is_good = row != nullptr && seen_.insert(place->second).second;
    if (is_good && *row == sum) return;
    if (rows_++ >= limit_) {
      result_.rest.stats = true;
      return;
    }
    auto& transaction = result_.transaction;
    if (is_good) {
      transaction.update_changed(place->second, *row, sum);
      return;
    }
    if (is_listed) transaction.mutate(id, ovsdb::take_keys(&PhysicalPort::vlan_stats, {vlan}));
    transaction.mutate(id, ovsdb::add_to(&PhysicalPort::vlan_stats, {{vlan, transaction.insert(sum)}}));
  }

  const ReportInput& input_;
  std::size_t limit_;
  std::size_t rows_ = 0;
  Report& result_;
  std::set<Uuid> seen_;
};

}  // namespace

void report_binding_stats(const ReportInput& input, const OwnSwitch& own, std::size_t limit, Report& result) {
  const auto& database = input.view.database;
  if (input.binding_sums == nullptr || !database.has_column(&PhysicalPort::vlan_stats) ||
      !database.has_column(&LogicalBindingStats::packets_from_local))
    return;
  StatsRows rows(input, limit, result);
  for (const auto& uuid : own.row->ports) {
    const auto* port = database.table<PhysicalPort>().find(uuid);
    if (port != nullptr) rows.report_port(uuid, *port);
  }
}

}  // namespace kvtep::planner
