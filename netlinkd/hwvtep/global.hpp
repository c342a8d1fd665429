// The database's root and its managers: vtep(5), tables Global, Manager.
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

struct Global {
  std::set<ovsdb::Uuid> managers;
  std::set<ovsdb::Uuid> switches;
  std::map<std::string, std::string> other_config;

  bool operator==(const Global&) const = default;
};

struct Manager {
  std::string target;
  std::optional<std::int64_t> max_backoff;
  std::optional<std::int64_t> inactivity_probe;
  std::map<std::string, std::string> other_config;
  bool is_connected{};
  std::map<std::string, std::string> status;

  bool operator==(const Manager&) const = default;
};

}  // namespace kvtep::hwvtep

template <>
struct ovsdb::Describe<kvtep::hwvtep::Global> {
  using Row = kvtep::hwvtep::Global;
  static constexpr std::string_view kTable = "Global";
  static constexpr bool kRoot = true;
  static constexpr unsigned kMaxRows = 1;
  static constexpr auto kColumns =
      std::make_tuple(column("managers", &Row::managers, {.key = {.ref_table = "Manager"}}),
                      column("switches", &Row::switches, {.key = {.ref_table = "Physical_Switch"}}),
                      column("other_config", &Row::other_config));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::Manager> {
  using Row = kvtep::hwvtep::Manager;
  static constexpr std::string_view kTable = "Manager";
  static constexpr std::array<std::string_view, 1> kIndex{"target"};
  static constexpr auto kColumns = std::make_tuple(
      column("target", &Row::target),
      column("max_backoff", &Row::max_backoff, {.key = {.min_integer = 1000}}),
      column("inactivity_probe", &Row::inactivity_probe), column("other_config", &Row::other_config),
      column("is_connected", &Row::is_connected, kvtep::hwvtep::kEphemeral),
      column("status", &Row::status, kvtep::hwvtep::kEphemeral));
};
