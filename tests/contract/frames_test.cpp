// The tag filter's effect on frames, and what a writer and its counters show: only a real kernel has these.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

using ::testing::HasSubstr;

constexpr MacAddress host(std::uint8_t last) { return {{2, 0, 0, 0, 0xbb, last}}; }

class Frames : public Contract<RealWorld> {
 protected:
  Frames() : bridge_(make_bridge()), in_(make_port("in", bridge_)), out_(make_port("out", bridge_)) {
    learn(bridge_, in_, kHostA);
    learn(bridge_, out_, kHostB);
  }

  // True where `frame` gets to the other port before a frame that was sent after it, and that passes for
  // sure.
  bool passes(const std::function<void(const Frame&)>& send, const MacAddress& source,
              const std::vector<Tag>& tags) {
    const auto marker = host(marker_++);
    send(make_frame(source, tags));
    send(make_frame(marker));
    bool has_passed = false;
    for (auto heard = world_.far_end(out_).receive(kPatience); heard;
         heard = world_.far_end(out_).receive(kPatience)) {
      has_passed = has_passed || heard == source;
      if (heard == marker) return has_passed;
    }
    ADD_FAILURE() << "not even an untagged frame passes";
    return false;
  }
  bool passes(const std::vector<Tag>& tags) {
    return passes([this](const Frame& frame) { world_.far_end(in_).send(frame); }, host(0), tags);
  }

  IfIndex bridge_;
  IfIndex in_;
  IfIndex out_;
  std::uint8_t marker_ = 1;
};

TEST_F(Frames, WithoutAFilterEveryTagPasses) {
  EXPECT_TRUE(passes({{.vlan = 10}}));
  EXPECT_TRUE(passes({}));
}

TEST_F(Frames, AFilterWithoutVlansDropsEveryTag) {
  must(SetTagFilter{in_, {}});
  EXPECT_FALSE(passes({{.vlan = 10}}));
  EXPECT_FALSE(passes({{.vlan = 0}}));
  EXPECT_FALSE(passes({{.vlan = 4095}}));
  EXPECT_FALSE(passes({{.protocol = 0x88a8, .vlan = 10}}));
  EXPECT_FALSE(passes({{.protocol = 0x88a8, .vlan = 10}, {.vlan = 10}}));
  EXPECT_TRUE(passes({}));
}

TEST_F(Frames, AFilterPassesItsVlansAndNoOthers) {
  must(SetTagFilter{in_, {{VlanId{1}, VlanId{10}, VlanId{31}, VlanId{32}, VlanId{4094}}}});
  for (const std::uint16_t vlan : std::initializer_list<std::uint16_t>{1, 10, 31, 32, 4094})
    EXPECT_TRUE(passes({{.vlan = vlan}})) << vlan;
  for (const std::uint16_t vlan : std::initializer_list<std::uint16_t>{0, 2, 9, 11, 30, 33, 42, 4093, 4095})
    EXPECT_FALSE(passes({{.vlan = vlan}})) << vlan;
  // The priority bits are no part of the VLAN; another tag's VLAN 10 is another VLAN.
  EXPECT_TRUE(passes({{.vlan = 0xe000 | 10}}));
  EXPECT_FALSE(passes({{.protocol = 0x88a8, .vlan = 10}}));
}

TEST_F(Frames, ARemovedFilterLetsTagsPass) {
  must(SetTagFilter{in_, {}});
  EXPECT_FALSE(passes({{.vlan = 10}}));
  must(RemoveTagFilter{in_});
  EXPECT_TRUE(passes({{.vlan = 10}}));
}

TEST_F(Frames, ATagInsideATunnelDoesNotLeakOut) {
  run_command({"ip", "link", "set", "lo", "up"});
  must(CreateVxlan{.name = "kvvx5",
                   .alias = "kvtep/x",
                   .info = {.vni = Vni{5}, .local = IpAddress::parse("127.0.0.1")},
                   .bridge = bridge_});
  const auto vxlan = world_.index_of("kvvx5");
  must(kvtep::SetUp{vxlan});
  const int tunnel = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto encapsulate = [&](const Frame& frame) {
    Frame packet{0x08, 0, 0, 0, 0, 0, 5, 0};  // RFC 7348 section 5
    packet.insert(packet.end(), frame.begin(), frame.end());
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(4789);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(sendto(tunnel, packet.data(), packet.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(packet.size()));
  };
  // A port that was just set up forwards a moment later.
  ASSERT_TRUE(await([&] {
    encapsulate(make_frame(host(199)));
    return world_.far_end(out_).receive(std::chrono::milliseconds(50)) == host(199);
  }));
  EXPECT_TRUE(passes(encapsulate, host(200), {{.vlan = 10}}));
  must(SetTagFilter{vxlan, {}});
  EXPECT_FALSE(passes(encapsulate, host(201), {{.vlan = 10}}));
  EXPECT_FALSE(passes(encapsulate, host(202), {{.protocol = 0x88a8, .vlan = 10}}));
  EXPECT_TRUE(passes(encapsulate, host(203), {}));
  // Nothing of it was learned at the vxlan port.
  EXPECT_FALSE(bridge_entry(bridge_, host(203)));
  close(tunnel);
}

class Writer : public Contract<RealWorld> {};

TEST_F(Writer, CountsWhatItAsks) {
  const auto before = world_.transactor().counters();
  must(CreateBridge{.name = "b", .alias = "kvtep/x", .address = kBridgeMac});
  EXPECT_EQ(apply(kvtep::SetUp{IfIndex{999}}), ENODEV);
  const auto after = world_.transactor().counters();
  EXPECT_EQ(after.ops - before.ops, 2U);
  EXPECT_EQ(after.messages - before.messages, 4U);
  EXPECT_EQ(after.errors - before.errors, 1U);
  EXPECT_EQ(after.dumps, before.dumps);
  ASSERT_TRUE(world_.transactor().dump());
  EXPECT_GE(world_.transactor().counters().dumps, after.dumps + 3);
  EXPECT_EQ(world_.transactor().counters().messages, after.messages);
}

TEST_F(Writer, SaysWhatWasTriedAndTheKernelsWords) {
  const auto bridge = make_bridge();
  must(CreateVxlan{.name = "v1", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = bridge});
  apply(CreateVxlan{.name = "v2", .alias = "kvtep/x", .info = vxlan_info(5), .bridge = bridge});
  ASSERT_TRUE(last_.error);
  EXPECT_THAT(last_.error->message, HasSubstr("create the vxlan device v2 for VNI 5: File exists ("));
}

TEST_F(Writer, TellsEachOperationsOutcomeInALongBatch) {
  const auto devices = make_switch();
  std::vector<KernelOp> ops;
  for (std::uint16_t i = 0; i < 1000; ++i) {
    const MacAddress mac{{2, 0, 0, 1, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i)}};
    if (i % 7 == 3) {
      ops.emplace_back(SetAlias{IfIndex{999}, "x"});
    } else if (i % 7 == 5) {
      ops.emplace_back(SetAlias{devices.bridge, std::string(300, 'x')});
    } else {
      ops.emplace_back(SetRemoteMac{devices.vxlan, mac, kFar1});
    }
  }
  const auto results = world_.transactor().apply(ops);
  ASSERT_EQ(results.size(), ops.size());
  for (std::size_t i = 0; i < ops.size(); ++i) {
    EXPECT_EQ(results[i].op, ops[i]);
    const int error = results[i].error ? results[i].error->code.value() : 0;
    EXPECT_EQ(error, i % 7 == 3 ? ENODEV : i % 7 == 5 ? ERANGE : 0) << i;
  }
}

TEST_F(Writer, GivesDevicesNoIpv6Address) {
  make_switch();
  // Prints nothing, and grep fails.
  EXPECT_THROW(run_command({"sh", "-c", "ip -6 -o addr show | grep kv"}), std::runtime_error);
}

}  // namespace
}  // namespace kvtep::testing
