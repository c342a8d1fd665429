// The Physical_Locator rows of our own tunnel IP, and the Physical_Locator_Sets that hold one of them alone:
// looked up, or made, as they are needed. One without a reference would vanish from the database.
#pragma once

#include <map>
#include <optional>

#include "netlinkd/hwvtep/database.hpp"
#include "netlinkd/planner/desired.hpp"
#include "ovsdb-client/transaction/transaction.hpp"

namespace kvtep::planner {

class OwnLocators {
 public:
  // Physical_Locator.tunnel_key: none for a switch that has a VNI itself.
  using Key = std::optional<Vni>;

  // New rows go into `transaction`. Both references have to outlive this.
  OwnLocators(const hwvtep::Database& database, IpAddress address, ovsdb::Transaction& transaction)
      : database_(database), address_(address), transaction_(transaction) {}

  // Nothing where the database has none, and none was made.
  std::optional<Uuid> existing(Key key);
  Uuid get(Key key);

  bool is_set(const Uuid& locator_set, Key key);
  Uuid get_set(Key key);

 private:
  void look_up();
  void look_up_sets();

  const hwvtep::Database& database_;
  IpAddress address_;
  ovsdb::Transaction& transaction_;
  bool looked_up_ = false;
  bool looked_up_sets_ = false;
  std::map<Key, Uuid> locators_;
  std::map<Key, Uuid> sets_;
};

}  // namespace kvtep::planner
