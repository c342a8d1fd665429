#include "netlinkd/planner/own_vnis.hpp"

#include "netlinkd/planner/ownership.hpp"

namespace kvtep::planner {
namespace {

using ovsdb::Uuid;

struct Present {
  std::map<Uuid, std::set<Vni>> ours;  // by Logical_Switch
  std::set<Vni> foreign;
};

Present vnis_in_use(const Installed& installed, std::string_view switch_name) {
  Present present;
  for (const auto& [index, link] : installed.links()) {
    const auto* vxlan = std::get_if<VxlanInfo>(&link.info);
    if (vxlan == nullptr) continue;
    const auto owner = owner_uuid(link.alias, switch_name);
    const auto uuid = owner ? Uuid::parse(*owner) : std::nullopt;
    if (uuid) {
      present.ours[*uuid].insert(vxlan->vni);
    } else {
      present.foreign.insert(vxlan->vni);
    }
  }
  return present;
}

// FNV-1a.
std::uint32_t hash(const Uuid& uuid) {
  std::uint32_t value = 0x811c9dc5;
  for (const auto byte : uuid.bytes) value = (value ^ static_cast<std::uint8_t>(byte)) * 0x01000193;
  return value;
}

std::optional<Vni> first_free(const Uuid& uuid, const VniRange& range, const std::set<Vni>& taken) {
  const auto size = range.last.value - range.first.value + 1;
  const auto start = hash(uuid) % size;
  for (std::uint32_t i = 0; i < size; ++i) {
    const Vni vni{range.first.value + (start + i) % size};
    if (!taken.contains(vni)) return vni;
  }
  return std::nullopt;
}

}  // namespace

std::map<Uuid, std::optional<Vni>> choose_vnis(const std::set<Uuid>& switches, const VniRange& range,
                                               const std::set<Vni>& taken, const Installed& installed,
                                               std::string_view switch_name) {
  std::map<Uuid, std::optional<Vni>> chosen;
  if (switches.empty()) return chosen;
  auto present = vnis_in_use(installed, switch_name);
  auto used = taken;
  for (const auto& uuid : switches) {
    const auto there = present.ours.find(uuid);
    if (there == present.ours.end()) continue;
    for (const auto vni : there->second) {
      if (!range.contains(vni) || !used.insert(vni).second) continue;
      chosen.emplace(uuid, vni);
      break;
    }
  }
  used.merge(present.foreign);
  for (const auto& uuid : switches) {
    if (chosen.contains(uuid)) continue;
    const auto vni = first_free(uuid, range, used);
    if (vni) used.insert(*vni);
    chosen.emplace(uuid, vni);
  }
  return chosen;
}

}  // namespace kvtep::planner
