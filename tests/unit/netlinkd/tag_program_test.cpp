#include "netlinkd/rtnl/codec/tag_program.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/pkt_cls.h>

#include <cstdint>
#include <optional>

namespace kvtep::rtnl::codec {
namespace {

struct FrameTag {
  std::uint16_t protocol = 0;
  std::uint16_t control = 0;  // priority, DEI and VLAN
};

// What of classic BPF the programs use; nothing where one does not end properly.
std::optional<std::int32_t> run(const std::vector<sock_filter>& program, std::optional<FrameTag> tag) {
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& step = program[at];
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        switch (static_cast<std::int32_t>(step.k) - SKF_AD_OFF) {
          case SKF_AD_VLAN_TAG_PRESENT: a = tag ? 1 : 0; break;
          case SKF_AD_VLAN_TPID: a = tag.value().protocol; break;
          case SKF_AD_VLAN_TAG: a = tag.value().control; break;
          default: return std::nullopt;
        }
        break;
      case BPF_LD | BPF_IMM: a = step.k; break;
      case BPF_ALU | BPF_AND | BPF_K: a &= step.k; break;
      case BPF_ALU | BPF_RSH | BPF_K: a >>= step.k; break;
      case BPF_ALU | BPF_RSH | BPF_X: a >>= x; break;
      case BPF_MISC | BPF_TAX: x = a; break;
      case BPF_JMP | BPF_JA: at += step.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += a == step.k ? step.jt : step.jf; break;
      case BPF_RET | BPF_K: return static_cast<std::int32_t>(step.k);
      default: return std::nullopt;
    }
  }
  return std::nullopt;
}

TagFilter every(std::uint16_t step, std::uint16_t first = 1) {
  TagFilter filter;
  for (std::uint16_t vlan = first; vlan <= 4094; vlan = static_cast<std::uint16_t>(vlan + step)) {
    filter.allowed.insert(VlanId{vlan});
  }
  return filter;
}

class TagProgram : public ::testing::TestWithParam<TagFilter> {};

TEST_P(TagProgram, PassesTheUntaggedAndTheAllowedAndDropsTheRest) {
  const auto program = tag_program(GetParam());
  ASSERT_TRUE(program);
  EXPECT_EQ(run(*program, std::nullopt), TC_ACT_UNSPEC);
  for (std::uint16_t vlan = 0; vlan < 4096; ++vlan) {
    const int wanted = GetParam().allowed.contains(VlanId{vlan}) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
    const auto with_priority = static_cast<std::uint16_t>(vlan | 0xf000);
    ASSERT_EQ(run(*program, FrameTag{0x8100, vlan}), wanted) << vlan;
    ASSERT_EQ(run(*program, FrameTag{0x8100, with_priority}), wanted) << vlan;
    ASSERT_EQ(run(*program, FrameTag{0x88a8, vlan}), TC_ACT_SHOT) << vlan;
  }
}

TEST_P(TagProgram, IsReadBack) {
  const auto program = tag_program(GetParam());
  ASSERT_TRUE(program);
  EXPECT_EQ(read_tag_program(*program), GetParam());
}

TEST_P(TagProgram, FitsTheKernelsNotification) {
  // NLMSG_GOODSIZE, less 256 bytes for what stands around the program.
  EXPECT_LE(tag_program(GetParam())->size() * sizeof(sock_filter), 3776U - 256U);
}

TEST_P(TagProgram, ChangedAnywhereIsNoneOfOurs) {
  const auto original = tag_program(GetParam()).value();
  for (std::size_t i = 0; i < original.size(); ++i) {
    auto changed = original;
    // Another word of VLANs is another program of ours; every other number is not.
    if (changed[i].code != (BPF_LD | BPF_IMM)) {
      changed[i].k += 1000;
      EXPECT_FALSE(read_tag_program(changed)) << i;
    }
    changed = original;
    changed[i].code ^= 0x8;
    EXPECT_FALSE(read_tag_program(changed)) << i;
    changed = original;
    changed[i].jt = static_cast<std::uint8_t>(changed[i].jt + 1);
    EXPECT_FALSE(read_tag_program(changed)) << i;
    changed = original;
    changed.resize(i);
    EXPECT_FALSE(read_tag_program(changed)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Filters, TagProgram,
                         ::testing::Values(TagFilter{}, TagFilter{{VlanId{1}}}, TagFilter{{VlanId{4094}}},
                                           TagFilter{{VlanId{10}, VlanId{11}, VlanId{100}}}, every(1),
                                           every(2), every(32), every(33), every(31, 31)));

TEST(TagProgramOf, RefusesThePriorityTagAndTheReservedVlan) {
  EXPECT_FALSE(tag_program({{kUntagged}}));
  EXPECT_FALSE(tag_program({{VlanId{4095}}}));
}

}  // namespace
}  // namespace kvtep::rtnl::codec
