// Routing and access control: vtep(5), tables Logical_Router, ACL, ACL_entry.
// Fields are named as the columns are; what a column means is said in vtep(5). Values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "netlinkd/hwvtep/row.hpp"

namespace kvtep::hwvtep {

struct LogicalRouter {
  std::string name;
  std::string description;
  std::map<std::string, ovsdb::Uuid> switch_binding;
  std::map<std::string, std::string> static_routes;
  std::map<std::string, ovsdb::Uuid> acl_binding;
  std::map<std::string, std::string> other_config;
  std::set<std::string> LR_fault_status;

  bool operator==(const LogicalRouter&) const = default;
};

struct Acl {
  std::set<ovsdb::Uuid> acl_entries;
  std::string acl_name;
  std::set<std::string> acl_fault_status;

  bool operator==(const Acl&) const = default;
};

struct AclEntry {
  std::int64_t sequence{};
  std::optional<std::string> source_mac;
  std::optional<std::string> dest_mac;
  std::optional<std::string> ethertype;
  std::optional<std::string> source_ip;
  std::optional<std::string> source_mask;
  std::optional<std::string> dest_ip;
  std::optional<std::string> dest_mask;
  std::optional<std::int64_t> protocol;
  std::optional<std::int64_t> source_port_min;
  std::optional<std::int64_t> source_port_max;
  std::optional<std::int64_t> dest_port_min;
  std::optional<std::int64_t> dest_port_max;
  std::optional<std::int64_t> tcp_flags;
  std::optional<std::int64_t> tcp_flags_mask;
  std::optional<std::int64_t> icmp_code;
  std::optional<std::int64_t> icmp_type;
  std::string direction;
  std::string action;
  std::set<std::string> acle_fault_status;

  bool operator==(const AclEntry&) const = default;
};

}  // namespace kvtep::hwvtep

template <>
struct ovsdb::Describe<kvtep::hwvtep::LogicalRouter> {
  using Row = kvtep::hwvtep::LogicalRouter;
  static constexpr std::string_view kTable = "Logical_Router";
  static constexpr bool kRoot = true;
  static constexpr std::array<std::string_view, 1> kIndex{"name"};
  static constexpr auto kColumns = std::make_tuple(
      column("name", &Row::name), column("description", &Row::description),
      column("switch_binding", &Row::switch_binding, {.value = {.ref_table = "Logical_Switch"}}),
      column("static_routes", &Row::static_routes),
      column("acl_binding", &Row::acl_binding, {.value = {.ref_table = "ACL"}}),
      column("other_config", &Row::other_config),
      column("LR_fault_status", &Row::LR_fault_status, kvtep::hwvtep::kEphemeral));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::Acl> {
  using Row = kvtep::hwvtep::Acl;
  static constexpr std::string_view kTable = "ACL";
  static constexpr bool kRoot = true;
  static constexpr std::array<std::string_view, 1> kIndex{"acl_name"};
  static constexpr auto kColumns =
      std::make_tuple(column("acl_entries", &Row::acl_entries, {.key = {.ref_table = "ACL_entry"}, .min = 1}),
                      column("acl_name", &Row::acl_name),
                      column("acl_fault_status", &Row::acl_fault_status, kvtep::hwvtep::kEphemeral));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::AclEntry> {
  using Row = kvtep::hwvtep::AclEntry;
  static constexpr std::string_view kTable = "ACL_entry";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns = std::make_tuple(
      column("sequence", &Row::sequence), column("source_mac", &Row::source_mac),
      column("dest_mac", &Row::dest_mac), column("ethertype", &Row::ethertype),
      column("source_ip", &Row::source_ip), column("source_mask", &Row::source_mask),
      column("dest_ip", &Row::dest_ip), column("dest_mask", &Row::dest_mask),
      column("protocol", &Row::protocol), column("source_port_min", &Row::source_port_min),
      column("source_port_max", &Row::source_port_max), column("dest_port_min", &Row::dest_port_min),
      column("dest_port_max", &Row::dest_port_max), column("tcp_flags", &Row::tcp_flags),
      column("tcp_flags_mask", &Row::tcp_flags_mask), column("icmp_code", &Row::icmp_code),
      column("icmp_type", &Row::icmp_type),
      column("direction", &Row::direction, {.key = {.one_of = {"ingress", "egress"}}}),
      column("action", &Row::action, {.key = {.one_of = {"permit", "deny"}}}),
      column("acle_fault_status", &Row::acle_fault_status, kvtep::hwvtep::kEphemeral));
};
