#include "tests/contract/contract.hpp"

namespace kvtep::testing {
namespace {

template <class WorldType>
class SourceFilters : public Contract<WorldType> {
 protected:
  std::optional<SourceFilter> filter(const std::string& table) {
    this->hear();
    const auto& all = this->heard_.source_filters();
    const auto found = all.find(table);
    return found == all.end() ? std::nullopt : std::optional(found->second);
  }
};
TYPED_TEST_SUITE(SourceFilters, Worlds, WorldNames);

TYPED_TEST(SourceFilters, AreSetReplacedAndRemoved) {
  const SourceFilter none{.tunnel_ip = kLocal, .allowed = {}};
  const SourceFilter two{.tunnel_ip = kLocal, .allowed = {kFar1, kFar2}};
  EXPECT_FALSE(this->filter("kvtep_s2"));
  this->must(SetSourceFilter{"kvtep_s2", none});
  EXPECT_EQ(this->filter("kvtep_s2"), none);
  this->must(SetSourceFilter{"kvtep_s2", two});
  EXPECT_EQ(this->filter("kvtep_s2"), two);
  this->must(RemoveSourceFilter{"kvtep_s2"});
  EXPECT_FALSE(this->filter("kvtep_s2"));
}

TYPED_TEST(SourceFilters, OfBothFamiliesAndAnyNamesStandSideBySide) {
  const SourceFilter v4{.tunnel_ip = kLocal, .udp_port = 8472, .allowed = {kFar1}};
  const SourceFilter v6{.tunnel_ip = *IpAddress::parse("2001:db8::1"), .allowed = {kFarV6}};
  this->must(SetSourceFilter{"kvtep_leaf 1/\"\xc3\xa4\"", v4});
  this->must(SetSourceFilter{"kvtep_s2", v6});
  EXPECT_EQ(this->filter("kvtep_leaf 1/\"\xc3\xa4\""), v4);
  EXPECT_EQ(this->filter("kvtep_s2"), v6);
}

TYPED_TEST(SourceFilters, HoldThousandsOfAddresses) {
  SourceFilter many{.tunnel_ip = kLocal, .allowed = {}};
  for (std::uint8_t high = 0; high < 20; ++high) {
    for (unsigned low = 0; low < 256; ++low)
      many.allowed.insert(IpAddress{Ipv4Bytes{10, 1, high, static_cast<std::uint8_t>(low)}});
  }
  this->must(SetSourceFilter{"kvtep_s2", many});
  EXPECT_EQ(this->filter("kvtep_s2"), many);
}

TYPED_TEST(SourceFilters, ThatAreNotThereCannotBeRemoved) {
  EXPECT_EQ(this->apply(RemoveSourceFilter{"kvtep_s2"}), ENOENT);
}

}  // namespace
}  // namespace kvtep::testing
