#include "netlinkd/rtnl/codec/tag_filter.hpp"

#include <linux/pkt_cls.h>

#include "netlinkd/rtnl/codec/filter_place.hpp"
#include "netlinkd/rtnl/codec/request.hpp"
#include "netlinkd/rtnl/codec/tag_program.hpp"

namespace kvtep::rtnl::codec {

void append_hook(IfIndex device, std::uint32_t seq, std::vector<std::byte>& buffer) {
  Request hook(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, seq);
  auto& qdisc = hook.family_header<tcmsg>();
  qdisc.tcm_ifindex = static_cast<int>(device.value);
  qdisc.tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
  qdisc.tcm_parent = TC_H_CLSACT;
  hook.put_zero_terminated(TCA_KIND, "clsact");
  hook.append_to(buffer);
}

int append_tag_filter(const SetTagFilter& op, std::uint32_t& seq, std::vector<std::byte>& buffer) {
  const auto program = tag_program(op.filter);
  if (!program) return program.error().code.value();
  append_hook(op.index, seq++, buffer);
  // An existing filter is exchanged for this one in one step.
  Request filter(RTM_NEWTFILTER, NLM_F_CREATE | NLM_F_REPLACE, seq++);
  put_filter_place(filter, op.index, kTagFilter);
  filter.nest(TCA_OPTIONS, [&] {
    filter.put_u16(TCA_BPF_OPS_LEN, static_cast<std::uint16_t>(program->size()));
    filter.put_bytes(TCA_BPF_OPS, program->data(), program->size() * sizeof(sock_filter));
    filter.put_u32(TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
  });
  filter.append_to(buffer);
  return 0;
}

void append_tag_filter(const RemoveTagFilter& op, std::uint32_t& seq, std::vector<std::byte>& buffer) {
  Request filter(RTM_DELTFILTER, 0, seq++);
  put_filter_place(filter, op.index, kTagFilter);
  filter.append_to(buffer);
}

}  // namespace kvtep::rtnl::codec
