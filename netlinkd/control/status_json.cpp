#include <nlohmann/json.hpp>

#include "netlinkd/control/server.hpp"

namespace kvtep::control {
namespace {

using Json = nlohmann::ordered_json;

Json counters_json(const agent::Counters& counters) {
  return {{"operations", counters.operations},
          {"operations_refused", counters.operations_refused},
          {"already_so", counters.already_so},
          {"ineffective", counters.ineffective},
          {"rounds", counters.rounds},
          {"kernel_events", counters.kernel_events},
          {"overruns", counters.overruns},
          {"dumps", counters.dumps},
          {"transactions", counters.transactions},
          {"transactions_refused", counters.transactions_refused},
          {"drift", counters.drift},
          {"moves", counters.moves},
          {"damped", counters.damped},
          {"audits", counters.audits},
          {"audit_differences", counters.audit_differences},
          {"addresses_heard", counters.addresses_heard},
          {"local_wins", counters.local_wins}};
}

Json capabilities_json(const std::optional<Capabilities>& capabilities) {
  if (!capabilities) return nullptr;
  Json list = Json::array();
  for (const auto& each : *capabilities) {
    list.push_back({{"name", name_of(each.feature)},
                    {"present", each.is_present},
                    {"without", loss_without(each.feature)},
                    {"words", each.words}});
  }
  return list;
}

}  // namespace

std::string to_json(const agent::Status& status) {
  Json issues = Json::array();
  for (const auto& issue : status.issues)
    issues.push_back({{"object", issue.object}, {"reason", issue.reason}});
  const Json trouble = status.database_trouble.empty() ? Json() : Json(status.database_trouble);
  Json held = nullptr;
  if (status.held) {
    const auto& [before, there] = *status.held;
    held = {{"mac_rows_before", before.rows},
            {"mac_rows", there.rows},
            {"vnis_before", before.keys},
            {"vnis", there.keys}};
  }
  const Json document = {{"switch", status.switch_name},
                         {"in_step", status.in_step},
                         {"kernel_dumped", status.has_dump},
                         {"database_connected", status.database_connected},
                         {"database_trouble", trouble},
                         {"database_replicated", status.has_replica},
                         {"lock_held", status.has_lock},
                         {"logical_switches", status.switches},
                         {"bound_ports", status.ports},
                         {"host_addresses", status.host_addresses},
                         {"held_down", held},
                         {"issues", issues},
                         {"refused_operations", status.refused},
                         {"damped_macs", status.damped},
                         {"kernel_capabilities", capabilities_json(status.capabilities)},
                         {"counters", counters_json(status.counters)}};
  // Names in rows are free text: what is no UTF-8 is replaced rather than refused.
  return document.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kvtep::control
