#include "netlinkd/agent/op_key.hpp"

namespace kvtep::agent {
namespace {

struct KeyMaker {
  OpKey operator()(const CreateBridge& op) const { return {.name = op.name}; }
  OpKey operator()(const CreateVxlan& op) const { return {.name = op.name}; }
  OpKey operator()(const CreateVlan& op) const { return {.name = op.name}; }
  OpKey operator()(const SetRemoteMac& op) const { return {.index = op.vxlan, .mac = op.mac}; }
  OpKey operator()(const RemoveRemoteMac& op) const { return {.index = op.vxlan, .mac = op.mac}; }
  OpKey operator()(const AddFloodDestination& op) const {
    return {.index = op.vxlan, .mac = op.group, .destination = op.destination};
  }
  OpKey operator()(const RemoveFloodDestination& op) const {
    return {.index = op.vxlan, .mac = op.group, .destination = op.destination};
  }
  OpKey operator()(const SetServiceNode& op) const { return {.index = op.vxlan}; }
  OpKey operator()(const RemoveServiceNode& op) const {
    return {.index = op.vxlan, .destination = {.nexthop_group = op.ids.group}};
  }
  OpKey operator()(const SetSourceFilter& op) const { return {.name = op.table}; }
  OpKey operator()(const RemoveSourceFilter& op) const { return {.name = op.table}; }
  OpKey operator()(const SetNeighbour& op) const { return {.index = op.bridge, .address = op.address}; }
  OpKey operator()(const RemoveNeighbour& op) const { return {.index = op.bridge, .address = op.address}; }
  template <class Op>
  OpKey operator()(const Op& op) const {
    return {.index = op.index};
  }
};

}  // namespace

OpKey key_of(const KernelOp& op) {
  auto key = std::visit(KeyMaker{}, op);
  key.kind = static_cast<std::uint8_t>(op.index());
  return key;
}

}  // namespace kvtep::agent
