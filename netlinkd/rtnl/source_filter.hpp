// Source filters by libnftables: the one thing that kvtep asks of nf_tables rather than of rtnetlink. Each
// filter is a table of family inet of its own, replaced as a whole in one transaction: at no moment is there
// half a filter.
//
// Blocking; not thread-safe; in the network namespace of the thread that calls. Errors carry nftables' words.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "netlinkd/base/error.hpp"
#include "netlinkd/model/kernel_event.hpp"
#include "netlinkd/model/kernel_op.hpp"

struct nft_ctx;

namespace kvtep::rtnl {

class SourceFilters {
 public:
  static Result<SourceFilters> open();

  Result<void> apply(const SetSourceFilter& op);
  Result<void> apply(const RemoveSourceFilter& op);

  // The filters of kvtep in this namespace. A table that bears our name and is not as we make it comes with
  // the filter {}, which nobody wishes for: so it is replaced.
  Result<std::vector<SourceFilterChanged>> list();

 private:
  struct Free {
    void operator()(nft_ctx* context) const;
  };
  explicit SourceFilters(nft_ctx* context) : context_(context) {}
  // Runs commands in nftables' JSON, libnftables-json(5); what it prints.
  Result<std::string> run(const std::string& commands, const std::string& what);

  std::unique_ptr<nft_ctx, Free> context_;
};

}  // namespace kvtep::rtnl
