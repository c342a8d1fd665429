#include "netlinkd/hwvtep/schema.hpp"

#include "netlinkd/hwvtep/global.hpp"
#include "netlinkd/hwvtep/locator.hpp"
#include "netlinkd/hwvtep/logical_switch.hpp"
#include "netlinkd/hwvtep/physical.hpp"
#include "netlinkd/hwvtep/router.hpp"
#include "ovsdb-client/schema/database_schema.hpp"

namespace kvtep::hwvtep {

std::string schema() {
  return ovsdb::schema_json<Global, PhysicalSwitch, PhysicalPort, Tunnel, LogicalBindingStats, LogicalSwitch,
                            UcastMacsLocal, UcastMacsRemote, McastMacsLocal, McastMacsRemote, LogicalRouter,
                            ArpSourcesLocal, ArpSourcesRemote, PhysicalLocatorSet, PhysicalLocator, AclEntry,
                            Acl, Manager>(kDatabase, kSchemaVersion);
}

}  // namespace kvtep::hwvtep
