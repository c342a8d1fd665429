// The replica that kvtepd keeps: the tables of hardware_vtep that it reads.
#pragma once

#include "netlinkd/hwvtep/global.hpp"
#include "netlinkd/hwvtep/locator.hpp"
#include "netlinkd/hwvtep/logical_switch.hpp"
#include "netlinkd/hwvtep/physical.hpp"
#include "netlinkd/hwvtep/router.hpp"
#include "ovsdb-client/replica/replica.hpp"

// Its JSON side is compiled once, in database.cpp.
extern template class ovsdb::Replica<
    kvtep::hwvtep::Global, kvtep::hwvtep::PhysicalSwitch, kvtep::hwvtep::PhysicalPort,
    kvtep::hwvtep::LogicalSwitch, kvtep::hwvtep::PhysicalLocator, kvtep::hwvtep::PhysicalLocatorSet,
    kvtep::hwvtep::UcastMacsLocal, kvtep::hwvtep::UcastMacsRemote, kvtep::hwvtep::McastMacsLocal,
    kvtep::hwvtep::McastMacsRemote, kvtep::hwvtep::Tunnel, kvtep::hwvtep::LogicalRouter,
    kvtep::hwvtep::LogicalBindingStats>;

namespace kvtep::hwvtep {

using Database = ovsdb::Replica<Global, PhysicalSwitch, PhysicalPort, LogicalSwitch, PhysicalLocator,
                                PhysicalLocatorSet, UcastMacsLocal, UcastMacsRemote, McastMacsLocal,
                                McastMacsRemote, Tunnel, LogicalRouter, LogicalBindingStats>;

}  // namespace kvtep::hwvtep
