#include "netlinkd/hwvtep/database.hpp"

#include "ovsdb-client/replica/replica_impl.hpp"

using namespace kvtep::hwvtep;  // an explicit instantiation stands outside of other namespaces

template class ovsdb::Replica<Global, PhysicalSwitch, PhysicalPort, LogicalSwitch, PhysicalLocator,
                              PhysicalLocatorSet, UcastMacsLocal, UcastMacsRemote, McastMacsLocal,
                              McastMacsRemote, Tunnel, LogicalRouter, LogicalBindingStats>;
