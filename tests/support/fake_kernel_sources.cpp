// The fake kernel's nf_tables: source filters, each a table of its own.

#include <cerrno>

#include "tests/support/fake_kernel.hpp"

namespace kvtep::testing {

FakeKernel::Errno FakeKernel::run(const SetSourceFilter& op) {
  source_filters_[op.table] = op.filter;
  tell(SourceFilterChanged{op.table, op.filter});
  return 0;
}

FakeKernel::Errno FakeKernel::run(const RemoveSourceFilter& op) {
  if (source_filters_.erase(op.table) == 0) return ENOENT;
  tell(SourceFilterGone{op.table});
  return 0;
}

}  // namespace kvtep::testing
