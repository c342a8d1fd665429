#include "netlinkd/rtnl/codec/tag_program.hpp"

#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kvtep::rtnl::codec {
namespace {

constexpr std::uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kJumpEqual = BPF_JMP | BPF_JEQ | BPF_K;

// The verdicts: "not mine, ask the next filter", and "drop".
constexpr auto kPass = static_cast<std::uint32_t>(TC_ACT_UNSPEC);
constexpr std::uint32_t kDrop = TC_ACT_SHOT;

constexpr std::uint32_t ancillary(int offset) { return static_cast<std::uint32_t>(SKF_AD_OFF + offset); }

constexpr sock_filter statement(int code, std::uint32_t k) {
  return {.code = static_cast<std::uint16_t>(code), .jt = 0, .jf = 0, .k = k};
}
constexpr sock_filter jump_equal(std::uint32_t k, std::uint8_t if_true, std::uint8_t if_false) {
  return {.code = kJumpEqual, .jt = if_true, .jf = if_false, .k = k};
}

constexpr std::array kHead{
    statement(kLoad, ancillary(SKF_AD_VLAN_TAG_PRESENT)), jump_equal(0, 0, 1),
    statement(BPF_RET | BPF_K, kPass), statement(kLoad, ancillary(SKF_AD_VLAN_TPID)),
    jump_equal(ETH_P_8021Q, 1, 0), statement(BPF_RET | BPF_K, kDrop),
    // X: which bit; A: which word.
    statement(kLoad, ancillary(SKF_AD_VLAN_TAG)), statement(BPF_ALU | BPF_AND | BPF_K, 31),
    statement(BPF_MISC | BPF_TAX, 0), statement(kLoad, ancillary(SKF_AD_VLAN_TAG)),
    statement(BPF_ALU | BPF_RSH | BPF_K, 5), statement(BPF_ALU | BPF_AND | BPF_K, 127)};
constexpr std::array kTail{
    statement(BPF_RET | BPF_K, kDrop),  // none of the words
    statement(BPF_ALU | BPF_RSH | BPF_X, 0), statement(BPF_ALU | BPF_AND | BPF_K, 1), jump_equal(0, 0, 1),
    statement(BPF_RET | BPF_K, kDrop),       statement(BPF_RET | BPF_K, kPass)};

constexpr std::size_t kWords = 128;
constexpr std::uint32_t kWordLength = 3;
constexpr std::uint16_t kHighest = 4094;

std::vector<sock_filter> program_of(const std::array<std::uint32_t, kWords>& words) {
  std::vector<sock_filter> program(kHead.begin(), kHead.end());
  auto left = static_cast<std::uint32_t>(std::ranges::count_if(words, [](auto word) { return word != 0; }));
  for (std::uint32_t i = 0; i < kWords; ++i) {
    if (words[i] == 0) continue;
    --left;
    program.push_back(jump_equal(i, 0, 2));
    program.push_back(statement(BPF_LD | BPF_IMM, words[i]));
    // Behind the other words and the first of the tail.
    program.push_back(statement(BPF_JMP | BPF_JA, left * kWordLength + 1));
  }
  program.insert(program.end(), kTail.begin(), kTail.end());
  return program;
}

bool equal(const sock_filter& a, const sock_filter& b) {
  return a.code == b.code && a.jt == b.jt && a.jf == b.jf && a.k == b.k;
}

}  // namespace

Result<std::vector<sock_filter>> tag_program(const TagFilter& filter) {
  std::array<std::uint32_t, kWords> words{};
  for (const auto vlan : filter.allowed) {
    if (vlan.value == 0 || vlan.value > kHighest) {
      return std::unexpected(system_error(EINVAL, fmt::format("a tag filter for VLAN {}", vlan.value)));
    }
    words[vlan.value / 32] |= 1U << (vlan.value % 32);
  }
  return program_of(words);
}

std::optional<TagFilter> read_tag_program(std::span<const sock_filter> program) {
  const std::size_t frame = kHead.size() + kTail.size();
  if (program.size() < frame || (program.size() - frame) % kWordLength != 0) return std::nullopt;
  std::array<std::uint32_t, kWords> words{};
  for (std::size_t at = kHead.size(); at + kTail.size() < program.size(); at += kWordLength) {
    if (program[at].k >= kWords) return std::nullopt;
    words[program[at].k] = program[at + 1].k;
  }
  // Read like one of ours; it is one if it is what we would have written.
  if (!std::ranges::equal(program, program_of(words), equal)) return std::nullopt;
  TagFilter filter;
  for (std::uint16_t vlan = 0; vlan < kWords * 32; ++vlan) {
    if ((words[vlan / 32] >> (vlan % 32) & 1) == 0) continue;
    if (vlan == 0 || vlan > kHighest) return std::nullopt;
    filter.allowed.insert(VlanId{vlan});
  }
  return filter;
}

}  // namespace kvtep::rtnl::codec
