#include "netlinkd/rtnl/codec/outcome.hpp"

#include <cerrno>

#include "netlinkd/rtnl/codec/encode.hpp"

namespace kvtep::rtnl::codec {

std::optional<std::size_t> decisive_failure(const KernelOp& op, std::span<const int> errors) {
  const auto first_failure = [&](std::size_t benign_at, int benign) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < errors.size(); ++i) {
      if (errors[i] != 0 && !(i == benign_at && errors[i] == benign)) return i;
    }
    return std::nullopt;
  };
  // A kernel or namespace without IPv6 gives no IPv6 address.
  if (creates_device(op)) return first_failure(1, EAFNOSUPPORT);
  // What a kernel does not have is off.
  if (const auto* configure = std::get_if<ConfigureBridge>(&op)) {
    return first_failure(0, configure->info.vlan_filtering ? 0 : EOPNOTSUPP);
  }
  // The hook is there already.
  if (std::holds_alternative<SetTagFilter>(op) || std::holds_alternative<SetAnnouncer>(op))
    return first_failure(0, EEXIST);
  if (std::holds_alternative<RemoveRemoteMac>(op) && errors.size() == 2) {
    // One half that was gone already is what was wanted; both gone, and the caller's picture was wrong.
    if (errors[0] == ENOENT) return errors[1] == 0 ? std::nullopt : std::optional<std::size_t>(1);
    if (errors[0] == 0 && errors[1] == ENOENT) return std::nullopt;
  }
  // Without its nexthop a group is gone already.
  if (std::holds_alternative<RemoveServiceNode>(op) && (errors.front() == 0 || errors.back() == 0))
    return first_failure(errors.front() == 0 ? 1 : 0, ENOENT);
  return first_failure(errors.size(), 0);
}

int outcome_errno(const KernelOp& op, int error) {
  // EINVAL is the kernel's word for "no filter can be there, there is not even a hook".
  const bool removes_filter =
      std::holds_alternative<RemoveTagFilter>(op) || std::holds_alternative<RemoveAnnouncer>(op);
  return removes_filter && error == EINVAL ? ENOENT : error;
}

}  // namespace kvtep::rtnl::codec
