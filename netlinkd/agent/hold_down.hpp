// Tells when a controller's rows shrink so much at once that they had better not be obeyed for a while: a
// controller that is stopped or upgraded takes its rows back one by one (OVN), and an empty database is a
// mistake more often than a wish. Pure but for the `now` it is given.
//
//   watching   the amounts of the last `window` are remembered
//   holding    one of them fell by more than `share`: until `time` is over, the rows are back, or end()
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>

#include "netlinkd/agent/ports.hpp"

namespace kvtep::agent {

class HoldDown {
 public:
  struct Options {
    double share = 0;  // 0: off
    Duration time = std::chrono::minutes(5);
    Duration window = std::chrono::seconds(10);
  };
  struct Amounts {
    std::size_t rows = 0;  // Ucast_Macs_Remote and Mcast_Macs_Remote
    std::size_t keys = 0;  // Logical_Switches with a VNI

    bool operator==(const Amounts&) const = default;
  };
  struct Holding {
    Amounts before;  // what there was
    TimePoint until;
  };
  enum class News { None, Begun, Back };

  explicit HoldDown(Options options) : options_(options) {}

  bool is_on() const { return options_.share > 0; }
  // After every change of the database.
  News update(const Amounts& amounts, TimePoint now);
  const std::optional<Holding>& holding() const { return holding_; }
  const Amounts& amounts() const { return last_; }
  // From here on what is there now is what there ought to be.
  void end();

  // A Logical_Switch that is still there lost its VNI: it keeps it while holding.
  void key_lost(const ovsdb::Uuid& logical_switch, Vni vni, TimePoint now);
  void key_is_settled(const ovsdb::Uuid& logical_switch);  // it has another one, or is gone
  const std::map<ovsdb::Uuid, Vni>* held_keys() const { return holding_ ? &lost_keys_ : nullptr; }

 private:
  struct Moment {
    TimePoint at;
    Amounts amounts;
  };
  bool has_shrunk(std::size_t before, std::size_t after) const;

  Options options_;
  Amounts last_;
  std::deque<Moment> moments_;  // one a second at most
  std::optional<Holding> holding_;
  std::map<ovsdb::Uuid, Vni> lost_keys_;
  TimePoint last_loss_{};
};

}  // namespace kvtep::agent
