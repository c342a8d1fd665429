// Random changes, told by update1 and by update2: both replicas and all changes must be those of a plain
// model. The messages are written here by rules of their own (RFC 7047 section 4.1.6, ovsdb-server(7)).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "ovsdb-client/replica/replica_impl.hpp"
#include "ovsdb-client/wire/json.hpp"
#include "tests/unit/ovsdb-client/thing.hpp"

namespace ovsdb {
namespace {

using things::Thing;
using World = Replica<Thing, things::Part>;
using Model = std::map<Uuid, Thing>;

// A column as the multiset of its elements: the form in which differences are simple.
struct Elements {
  bool is_map = false;
  bool replaced = false;    // of at most one element
  std::map<Json, Json> of;  // key to value; to null in a set

  bool operator==(const Elements&) const = default;
};

Json json_of(const Uuid& uuid) { return Json::array({"uuid", uuid.to_string()}); }
template <class T>
Json json_of(const T& atom) {
  return atom;
}

template <class T>
Elements elements(const T& atom) {
  return {.is_map = false, .replaced = true, .of = {{json_of(atom), nullptr}}};
}
template <class T>
Elements elements(const std::optional<T>& value) {
  Elements made{.is_map = false, .replaced = true, .of = {}};
  if (value) made.of[json_of(*value)] = nullptr;
  return made;
}
template <class T>
Elements elements(const std::set<T>& value) {
  Elements made;
  for (const auto& element : value) made.of[json_of(element)] = nullptr;
  return made;
}
template <class K, class V>
Elements elements(const std::map<K, V>& value) {
  Elements made{.is_map = true, .replaced = false, .of = {}};
  for (const auto& [key, mapped] : value) made.of[json_of(key)] = json_of(mapped);
  return made;
}

std::map<std::string, Elements> columns(const Thing& thing) {
  auto lone = elements(thing.lone);
  lone.replaced = true;
  return {{"name", elements(thing.name)},
          {"size", elements(thing.size)},
          {"weight", elements(thing.weight)},
          {"up", elements(thing.up)},
          {"owner", elements(thing.owner)},
          {"tag", elements(thing.tag)},
          {"labels", elements(thing.labels)},
          {"parts", elements(thing.parts)},
          {"lone", lone},
          {"options", elements(thing.options)},
          {"bindings", elements(thing.bindings)}};
}

class Story {
 public:
  explicit Story(unsigned seed) : random_(seed) {}

  bool coin() { return below(2) == 0; }
  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }
  std::string word() { return std::string(1 + below(2), static_cast<char>('a' + below(4))); }
  Uuid id() { return things::uuid(static_cast<std::uint8_t>(below(12))); }

  void alter(Thing& thing) {
    switch (below(11)) {
      case 0: thing.name = coin() ? word() : "quote \" and \xC3\xA9 and \n"; break;
      case 1: thing.size = std::int64_t{below(5)} - 2; break;
      case 2: thing.weight = below(8) / 4.0; break;
      case 3: thing.up = !thing.up; break;
      case 4: thing.owner = id(); break;
      case 5: thing.tag = coin() ? std::optional<std::int64_t>(below(3)) : std::nullopt; break;
      case 6: toggle(thing.labels, word()); break;
      case 7: toggle(thing.parts, id()); break;
      case 8: thing.lone = coin() ? std::set<std::int64_t>{below(3)} : std::set<std::int64_t>{}; break;
      case 9: change(thing.options, word(), word()); break;
      default: change(thing.bindings, std::int64_t{below(4)}, id());
    }
  }

  Model next(Model model) {
    for (auto rows = below(5); rows > 0; --rows) {
      const auto uuid = id();
      if (below(4) == 0) {
        model.erase(uuid);
        continue;
      }
      for (auto edits = below(6); edits > 0; --edits) alter(model[uuid]);
    }
    return model;
  }

  Json value(const Elements& elements) {
    Json list = Json::array();
    for (const auto& [key, mapped] : elements.of) {
      list.push_back(elements.is_map ? Json::array({key, mapped}) : key);
    }
    std::shuffle(list.begin(), list.end(), random_);
    // One element may stand alone.
    if (!elements.is_map && list.size() == 1 && coin()) return list[0];
    return Json::array({elements.is_map ? "map" : "set", list});
  }

  Json row(const Thing& thing, bool with_defaults) {
    Json json = Json::object();
    const auto defaults = columns({});
    for (const auto& [name, elements] : columns(thing)) {
      if (with_defaults || elements != defaults.at(name)) json[name] = value(elements);
    }
    return json;
  }

  // Of a map's changed key the new value, of everything else what only one side has.
  Json difference(const Thing& before, const Thing& after) {
    Json json = Json::object();
    const auto old_columns = columns(before);
    for (const auto& [name, now] : columns(after)) {
      const auto& was = old_columns.at(name);
      if (was == now) continue;
      Elements shown{now.is_map, now.replaced, {}};
      for (const auto& [key, mapped] : was.of) {
        if (!now.of.contains(key)) shown.of[key] = mapped;
      }
      for (const auto& [key, mapped] : now.of) {
        if (!was.of.contains(key) || was.of.at(key) != mapped) shown.of[key] = mapped;
      }
      json[name] = value(now.replaced ? now : shown);
    }
    return json;
  }

  Json update(UpdateKind kind, const Thing* before, const Thing* after) {
    if (kind == UpdateKind::Conditional) {
      if (!after) return {{"delete", nullptr}};
      return before ? Json{{"modify", difference(*before, *after)}} : Json{{"insert", row(*after, coin())}};
    }
    Json json = Json::object();
    if (before) json["old"] = row(*before, true);
    if (after) json["new"] = row(*after, true);
    return json;
  }

  std::string message(UpdateKind kind, const World::Delta& delta) {
    Json rows = Json::object();
    for (const auto& change : delta.of<Thing>()) {
      rows[change.uuid.to_string()] =
          update(kind, change.before ? &*change.before : nullptr, change.after ? &*change.after : nullptr);
    }
    return rows.empty() && coin() ? "{}" : Json{{"Thing", rows}}.dump(coin() ? -1 : 1);
  }

  std::string content(UpdateKind kind, const Model& model) {
    Json rows = Json::object();
    for (const auto& [uuid, thing] : model) {
      rows[uuid.to_string()] = kind == UpdateKind::Conditional ? Json{{"initial", row(thing, false)}}
                                                               : Json{{"new", row(thing, true)}};
    }
    return Json{{"Thing", rows}}.dump();
  }

 private:
  template <class T>
  static void toggle(std::set<T>& set, const T& element) {
    if (set.erase(element) == 0) set.insert(element);
  }
  template <class K, class V>
  void change(std::map<K, V>& map, const K& key, const V& mapped) {
    if (below(3) == 0) {
      map.erase(key);
    } else {
      map[key] = mapped;
    }
  }

  std::mt19937 random_;
};

World::Delta expected_delta(const Model& before, const Model& after) {
  World::Delta delta;
  for (const auto& [uuid, row] : before) {
    if (!after.contains(uuid)) delta.of<Thing>().push_back({uuid, row, std::nullopt});
  }
  for (const auto& [uuid, row] : after) {
    const auto held = before.find(uuid);
    if (held == before.end()) {
      delta.of<Thing>().push_back({uuid, std::nullopt, row});
    } else if (held->second != row) {
      delta.of<Thing>().push_back({uuid, held->second, row});
    }
  }
  return delta;
}

Model held_by(const World& world) { return {world.table<Thing>().begin(), world.table<Thing>().end()}; }

class RandomStories : public testing::TestWithParam<unsigned> {};

TEST_P(RandomStories, AreTheSameInBothForms) {
  Story story(GetParam());
  Model model;
  std::map<UpdateKind, World> worlds;
  std::size_t changes = 0;
  for (int step = 0; step < 60; ++step) {
    const auto next = story.next(model);
    const auto expected = expected_delta(model, next);
    const bool initial = story.below(8) == 0;
    for (const auto kind : {UpdateKind::Monitor1, UpdateKind::Conditional}) {
      const auto text = initial ? story.content(kind, next) : story.message(kind, expected);
      const auto delta = worlds[kind].apply(kind, initial, text);
      ASSERT_TRUE(delta) << delta.error() << '\n' << text;
      ASSERT_THAT(delta->of<Thing>(), testing::UnorderedElementsAreArray(expected.of<Thing>())) << text;
      ASSERT_EQ(held_by(worlds[kind]), next) << text;
    }
    changes += expected.size();
    model = next;
  }
  EXPECT_GT(changes, 50u);
}

// No damage to a message does more than to be refused: what is held stays, or is what the text says.
TEST_P(RandomStories, SurviveDamagedMessages) {
  Story story(GetParam());
  Model model;
  World world;
  int refused = 0;
  for (int step = 0; step < 200; ++step) {
    const auto next = story.next(model);
    const auto kind = story.coin() ? UpdateKind::Monitor1 : UpdateKind::Conditional;
    auto text = story.message(kind, expected_delta(model, next));
    text[story.below(static_cast<unsigned>(text.size()))] = "[]{}\",:0"[story.below(8)];
    const auto before = held_by(world);
    const auto delta = world.apply(kind, story.below(4) == 0, text);
    if (!delta) {
      ++refused;
      ASSERT_EQ(held_by(world), before) << text;
    }
    model = held_by(world);
  }
  EXPECT_GT(refused, 20);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomStories, testing::Range(1u, 21u));

}  // namespace
}  // namespace ovsdb
