// The overlays and who is where: vtep(5), tables Logical_Switch, Ucast_Macs_*, Mcast_Macs_*, Arp_Sources_*.
// Fields are named as the columns are; what a column means is said in vtep(5). Values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

#include "netlinkd/hwvtep/row.hpp"

namespace kvtep::hwvtep {

struct LogicalSwitch {
  std::string name;
  std::string description;
  std::optional<std::int64_t> tunnel_key;       // the VNI; the server does not check its range
  std::optional<std::string> replication_mode;  // unset is service_node
  std::map<std::string, std::string> other_config;

  bool operator==(const LogicalSwitch&) const = default;
};

struct UcastMacsLocal {
  std::string MAC;  // text of whatever form: the server does not check it
  ovsdb::Uuid logical_switch;
  ovsdb::Uuid locator;
  std::string ipaddr;

  bool operator==(const UcastMacsLocal&) const = default;
};

struct UcastMacsRemote {
  std::string MAC;  // text of whatever form: the server does not check it
  ovsdb::Uuid logical_switch;
  ovsdb::Uuid locator;
  std::string ipaddr;

  bool operator==(const UcastMacsRemote&) const = default;
};

struct McastMacsLocal {
  std::string MAC;  // "unknown-dst" or a group address
  ovsdb::Uuid logical_switch;
  ovsdb::Uuid locator_set;
  std::string ipaddr;

  bool operator==(const McastMacsLocal&) const = default;
};

struct McastMacsRemote {
  std::string MAC;  // "unknown-dst" or a group address
  ovsdb::Uuid logical_switch;
  ovsdb::Uuid locator_set;
  std::string ipaddr;

  bool operator==(const McastMacsRemote&) const = default;
};

struct ArpSourcesLocal {
  std::string src_mac;
  ovsdb::Uuid locator;

  bool operator==(const ArpSourcesLocal&) const = default;
};

struct ArpSourcesRemote {
  std::string src_mac;
  ovsdb::Uuid locator;

  bool operator==(const ArpSourcesRemote&) const = default;
};

}  // namespace kvtep::hwvtep

template <>
struct ovsdb::Describe<kvtep::hwvtep::LogicalSwitch> {
  using Row = kvtep::hwvtep::LogicalSwitch;
  static constexpr std::string_view kTable = "Logical_Switch";
  static constexpr bool kRoot = true;
  static constexpr std::array<std::string_view, 1> kIndex{"name"};
  static constexpr auto kColumns =
      std::make_tuple(column("name", &Row::name), column("description", &Row::description),
                      column("tunnel_key", &Row::tunnel_key),
                      column("replication_mode", &Row::replication_mode,
                             {.key = {.one_of = {"service_node", "source_node"}}}),
                      column("other_config", &Row::other_config));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::UcastMacsLocal> {
  using Row = kvtep::hwvtep::UcastMacsLocal;
  static constexpr std::string_view kTable = "Ucast_Macs_Local";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns = std::make_tuple(
      column("MAC", &Row::MAC),
      column("logical_switch", &Row::logical_switch, {.key = {.ref_table = "Logical_Switch"}}),
      column("locator", &Row::locator, {.key = {.ref_table = "Physical_Locator"}}),
      column("ipaddr", &Row::ipaddr));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::UcastMacsRemote> {
  using Row = kvtep::hwvtep::UcastMacsRemote;
  static constexpr std::string_view kTable = "Ucast_Macs_Remote";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns = std::make_tuple(
      column("MAC", &Row::MAC),
      column("logical_switch", &Row::logical_switch, {.key = {.ref_table = "Logical_Switch"}}),
      column("locator", &Row::locator, {.key = {.ref_table = "Physical_Locator"}}),
      column("ipaddr", &Row::ipaddr));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::McastMacsLocal> {
  using Row = kvtep::hwvtep::McastMacsLocal;
  static constexpr std::string_view kTable = "Mcast_Macs_Local";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns = std::make_tuple(
      column("MAC", &Row::MAC),
      column("logical_switch", &Row::logical_switch, {.key = {.ref_table = "Logical_Switch"}}),
      column("locator_set", &Row::locator_set, {.key = {.ref_table = "Physical_Locator_Set"}}),
      column("ipaddr", &Row::ipaddr));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::McastMacsRemote> {
  using Row = kvtep::hwvtep::McastMacsRemote;
  static constexpr std::string_view kTable = "Mcast_Macs_Remote";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns = std::make_tuple(
      column("MAC", &Row::MAC),
      column("logical_switch", &Row::logical_switch, {.key = {.ref_table = "Logical_Switch"}}),
      column("locator_set", &Row::locator_set, {.key = {.ref_table = "Physical_Locator_Set"}}),
      column("ipaddr", &Row::ipaddr));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::ArpSourcesLocal> {
  using Row = kvtep::hwvtep::ArpSourcesLocal;
  static constexpr std::string_view kTable = "Arp_Sources_Local";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns =
      std::make_tuple(column("src_mac", &Row::src_mac),
                      column("locator", &Row::locator, {.key = {.ref_table = "Physical_Locator"}}));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::ArpSourcesRemote> {
  using Row = kvtep::hwvtep::ArpSourcesRemote;
  static constexpr std::string_view kTable = "Arp_Sources_Remote";
  static constexpr bool kRoot = true;
  static constexpr auto kColumns =
      std::make_tuple(column("src_mac", &Row::src_mac),
                      column("locator", &Row::locator, {.key = {.ref_table = "Physical_Locator"}}));
};
