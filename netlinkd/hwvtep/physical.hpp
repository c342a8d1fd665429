// The switch itself: vtep(5), tables Physical_Switch, Physical_Port, Tunnel, Logical_Binding_Stats.
// Fields are named as the columns are; what a column means is said in vtep(5). Values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "netlinkd/hwvtep/row.hpp"

namespace kvtep::hwvtep {

struct PhysicalSwitch {
  std::set<ovsdb::Uuid> ports;
  std::string name;
  std::string description;
  std::set<std::string> management_ips;
  std::set<std::string> tunnel_ips;  // comes in the order of text; one address is the rule
  std::set<ovsdb::Uuid> tunnels;
  std::map<std::string, std::string> other_config;
  std::set<std::string> switch_fault_status;

  bool operator==(const PhysicalSwitch&) const = default;
};

struct PhysicalPort {
  std::string name;
  std::string description;
  std::map<std::int64_t, ovsdb::Uuid> vlan_bindings;  // 0 is untagged
  std::map<std::int64_t, ovsdb::Uuid> acl_bindings;   // 0 is the whole port
  std::map<std::int64_t, ovsdb::Uuid> vlan_stats;
  std::map<std::string, std::string> other_config;
  std::set<std::string> port_fault_status;

  bool operator==(const PhysicalPort&) const = default;
};

struct Tunnel {
  ovsdb::Uuid local;
  ovsdb::Uuid remote;
  std::map<std::string, std::string> bfd_config_local;
  std::map<std::string, std::string> bfd_config_remote;
  std::map<std::string, std::string> bfd_params;
  std::map<std::string, std::string> bfd_status;

  bool operator==(const Tunnel&) const = default;
};

struct LogicalBindingStats {
  std::int64_t bytes_from_local{};
  std::int64_t packets_from_local{};
  std::int64_t bytes_to_local{};
  std::int64_t packets_to_local{};

  bool operator==(const LogicalBindingStats&) const = default;
};

}  // namespace kvtep::hwvtep

template <>
struct ovsdb::Describe<kvtep::hwvtep::PhysicalSwitch> {
  using Row = kvtep::hwvtep::PhysicalSwitch;
  static constexpr std::string_view kTable = "Physical_Switch";
  static constexpr std::array<std::string_view, 1> kIndex{"name"};
  static constexpr auto kColumns =
      std::make_tuple(column("ports", &Row::ports, {.key = {.ref_table = "Physical_Port"}}),
                      column("name", &Row::name), column("description", &Row::description),
                      column("management_ips", &Row::management_ips), column("tunnel_ips", &Row::tunnel_ips),
                      column("tunnels", &Row::tunnels, {.key = {.ref_table = "Tunnel"}}),
                      column("other_config", &Row::other_config),
                      column("switch_fault_status", &Row::switch_fault_status, kvtep::hwvtep::kEphemeral));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::PhysicalPort> {
  using Row = kvtep::hwvtep::PhysicalPort;
  static constexpr std::string_view kTable = "Physical_Port";
  static constexpr auto kColumns = std::make_tuple(
      column("name", &Row::name), column("description", &Row::description),
      column("vlan_bindings", &Row::vlan_bindings,
             {.key = {.min_integer = 0, .max_integer = 4095}, .value = {.ref_table = "Logical_Switch"}}),
      column("acl_bindings", &Row::acl_bindings,
             {.key = {.min_integer = 0, .max_integer = 4095}, .value = {.ref_table = "ACL"}}),
      column("vlan_stats", &Row::vlan_stats,
             {.key = {.min_integer = 0, .max_integer = 4095},
              .value = {.ref_table = "Logical_Binding_Stats"},
              .ephemeral = true}),
      column("other_config", &Row::other_config),
      column("port_fault_status", &Row::port_fault_status, kvtep::hwvtep::kEphemeral));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::Tunnel> {
  using Row = kvtep::hwvtep::Tunnel;
  static constexpr std::string_view kTable = "Tunnel";
  static constexpr auto kColumns = std::make_tuple(
      column("local", &Row::local, {.key = {.ref_table = "Physical_Locator"}}),
      column("remote", &Row::remote, {.key = {.ref_table = "Physical_Locator"}}),
      column("bfd_config_local", &Row::bfd_config_local),
      column("bfd_config_remote", &Row::bfd_config_remote), column("bfd_params", &Row::bfd_params),
      column("bfd_status", &Row::bfd_status, kvtep::hwvtep::kEphemeral));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::LogicalBindingStats> {
  using Row = kvtep::hwvtep::LogicalBindingStats;
  static constexpr std::string_view kTable = "Logical_Binding_Stats";
  static constexpr auto kColumns =
      std::make_tuple(column("bytes_from_local", &Row::bytes_from_local, kvtep::hwvtep::kEphemeral),
                      column("packets_from_local", &Row::packets_from_local, kvtep::hwvtep::kEphemeral),
                      column("bytes_to_local", &Row::bytes_to_local, kvtep::hwvtep::kEphemeral),
                      column("packets_to_local", &Row::packets_to_local, kvtep::hwvtep::kEphemeral));
};
