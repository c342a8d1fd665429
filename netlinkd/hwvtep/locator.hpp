// The tunnel endpoints: vtep(5), tables Physical_Locator, Physical_Locator_Set.
// Fields are named as the columns are; what a column means is said in vtep(5). Values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>

#include "netlinkd/hwvtep/row.hpp"

namespace kvtep::hwvtep {

struct PhysicalLocator {
  std::string encapsulation_type;
  std::string dst_ip;
  std::optional<std::int64_t> tunnel_key;  // a VNI for this destination alone

  bool operator==(const PhysicalLocator&) const = default;
};

struct PhysicalLocatorSet {
  std::set<ovsdb::Uuid> locators;

  bool operator==(const PhysicalLocatorSet&) const = default;
};

}  // namespace kvtep::hwvtep

template <>
struct ovsdb::Describe<kvtep::hwvtep::PhysicalLocator> {
  using Row = kvtep::hwvtep::PhysicalLocator;
  static constexpr std::string_view kTable = "Physical_Locator";
  static constexpr std::array<std::string_view, 3> kIndex{"encapsulation_type", "dst_ip", "tunnel_key"};
  static constexpr auto kColumns = std::make_tuple(
      column("encapsulation_type", &Row::encapsulation_type,
             {.key = {.one_of = {"vxlan_over_ipv4"}}, .immutable = true}),
      column("dst_ip", &Row::dst_ip, kvtep::hwvtep::kImmutable), column("tunnel_key", &Row::tunnel_key));
};

template <>
struct ovsdb::Describe<kvtep::hwvtep::PhysicalLocatorSet> {
  using Row = kvtep::hwvtep::PhysicalLocatorSet;
  static constexpr std::string_view kTable = "Physical_Locator_Set";
  static constexpr auto kColumns = std::make_tuple(column(
      "locators", &Row::locators, {.key = {.ref_table = "Physical_Locator"}, .immutable = true, .min = 1}));
};
