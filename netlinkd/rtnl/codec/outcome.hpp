// What the answers to an operation's requests mean. Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "netlinkd/model/kernel_op.hpp"

namespace kvtep::rtnl::codec {

// Of an operation's requests and the errno each was answered with (0: done), the one that tells the outcome;
// nothing where the operation is done.
std::optional<std::size_t> decisive_failure(const KernelOp& op, std::span<const int> errors);

// The errno for the OpResult.
int outcome_errno(const KernelOp& op, int error);

}  // namespace kvtep::rtnl::codec
