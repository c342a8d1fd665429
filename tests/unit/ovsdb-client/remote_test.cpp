#include "ovsdb-client/transport/remote.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ovsdb {
namespace {

using ::testing::HasSubstr;

TEST(Remote, SurvivesTheRoundTripThroughText) {
  for (const char* text : {"unix:/run/openvswitch/db.sock", "unix:a:b", "tcp:127.0.0.1:6640",
                           "tcp:[2001:db8::1]:6640", "tcp:db.example.net:1", "tcp:h:65535"}) {
    const auto remote = Remote::parse(text);
    ASSERT_TRUE(remote) << remote.error();
    EXPECT_EQ(remote->to_string(), text);
  }
}

TEST(Remote, KeepsAnIpv6AddressWithoutItsBrackets) {
  EXPECT_EQ(Remote::parse("tcp:[::1]:6640"), Remote{(TcpRemote{"::1", 6640})});
}

TEST(Remote, RefusesEveryOtherTextAndSaysWhy) {
  const std::pair<std::string, const char*> table[] = {
      {"", "expected unix:PATH or tcp:HOST:PORT"},
      {"/run/db.sock", "expected unix:PATH or tcp:HOST:PORT"},
      {"ptcp:6640", "expected unix:PATH or tcp:HOST:PORT"},
      {"unix:", "expected unix:PATH"},
      {"unix:" + std::string(108, 'x'), "at most 107 bytes"},
      {"tcp:", "expected tcp:HOST:PORT"},
      {"tcp:host", "expected tcp:HOST:PORT"},
      {"tcp::6640", "bad host"},
      {"tcp:[]:6640", "bad host"},
      {"tcp:a b:6640", "bad host"},
      {"tcp:::1:6640", "goes into brackets"},
      {"tcp:host:", "expected a port"},
      {"tcp:host:0", "expected a port"},
      {"tcp:host:65536", "expected a port"},
      {"tcp:host:66x", "expected a port"},
      {"ssl:host:6640", "not supported yet"},
  };
  for (const auto& [text, why] : table) {
    const auto remote = Remote::parse(text);
    ASSERT_FALSE(remote) << text;
    EXPECT_EQ(remote.error().fault, Fault::Usage);
    EXPECT_THAT(remote.error().message, HasSubstr(why)) << text;
  }
}

}  // namespace
}  // namespace ovsdb
