#include "ovsdb-client/session/reconnect.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ovsdb {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using Step = Reconnect::Step;
using State = Reconnect::State;

const Chance kMiddle = [] { return 0.5; };

TimePoint at(Milliseconds since_start) { return TimePoint{} + since_start; }

// The waits after each of so many failed attempts.
std::vector<Milliseconds::rep> waits(Reconnect& reconnect, int attempts) {
  std::vector<Milliseconds::rep> result;
  auto now = at(0ms);
  reconnect.start(now);
  for (int i = 0; i < attempts; ++i) {
    EXPECT_EQ(reconnect.run(now), Step::Connect);
    const auto wait = reconnect.lost(now);
    result.push_back(wait.count());
    if (wait > 0ms) {
      EXPECT_EQ(reconnect.run(now + wait - 1ms), Step::Nothing);
    }
    now += wait;
  }
  return result;
}

TEST(Reconnect, ConnectsAtOnceAndThenBacksOffExponentially) {
  Reconnect reconnect({}, 1, kMiddle);
  EXPECT_THAT(waits(reconnect, 6), ElementsAre(1000, 2000, 4000, 8000, 8000, 8000));
}

TEST(Reconnect, SpreadsTheBackOffByItsJitterToEitherSide) {
  Reconnect low({}, 1, [] { return 0.0; });
  EXPECT_THAT(waits(low, 5), ElementsAre(750, 1500, 3000, 6000, 6000));
  Reconnect high({}, 1, [] { return 0.999999; });
  EXPECT_THAT(waits(high, 5), ElementsAre(1249, 2499, 4999, 9999, 9999));
  Reconnect none({.jitter = 0}, 1, [] { return 0.0; });
  EXPECT_THAT(waits(none, 2), ElementsAre(1000, 2000));
}

TEST(Reconnect, TriesEveryRemoteBeforeItWaits) {
  Reconnect reconnect({}, 3, kMiddle);
  EXPECT_THAT(waits(reconnect, 9), ElementsAre(0, 0, 1000, 0, 0, 2000, 0, 0, 4000));
}

TEST(Reconnect, TakesTheRemotesInTurn) {
  Reconnect reconnect({}, 3, kMiddle);
  std::vector<std::size_t> remotes;
  auto now = at(0ms);
  reconnect.start(now);
  for (int i = 0; i < 7; ++i) {
    reconnect.run(now);
    remotes.push_back(reconnect.remote());
    now += reconnect.lost(now);
  }
  EXPECT_THAT(remotes, ElementsAre(0, 1, 2, 0, 1, 2, 0));
}

TEST(Reconnect, GivesUpAnAttemptAfterTheConnectTimeout) {
  Reconnect reconnect({.connect_timeout = 300ms}, 1, kMiddle);
  reconnect.start(at(0ms));
  EXPECT_EQ(reconnect.run(at(0ms)), Step::Connect);
  EXPECT_EQ(reconnect.deadline(), at(300ms));
  EXPECT_EQ(reconnect.run(at(299ms)), Step::Nothing);
  EXPECT_EQ(reconnect.run(at(300ms)), Step::ConnectTimeout);
}

TEST(Reconnect, StartsTheBackOffAgainOnlyAfterAConnectionThatWasOfUseForLongEnough) {
  Reconnect reconnect({}, 1, kMiddle);
  EXPECT_THAT(waits(reconnect, 3), ElementsAre(1000, 2000, 4000));
  auto now = at(7s);
  const auto live = [&](bool is_settled, Milliseconds lifetime) {
    EXPECT_EQ(reconnect.run(now), Step::Connect);
    reconnect.connected(now);
    if (is_settled) reconnect.settled(now);
    now += lifetime;
    const auto wait = reconnect.lost(now);
    now += wait;
    return wait;
  };
  EXPECT_EQ(live(false, 1h), 8000ms) << "connected, but never of use";
  EXPECT_EQ(live(true, 7999ms), 8000ms) << "of use for less than the back-off";
  EXPECT_EQ(live(true, 8000ms), 1000ms);
  EXPECT_EQ(live(true, 999ms), 2000ms);
}

class ConnectedReconnect : public ::testing::Test {
 protected:
  ConnectedReconnect() {
    reconnect_.start(at(0ms));
    reconnect_.run(at(0ms));
    reconnect_.connected(at(0ms));
  }
  Reconnect reconnect_{{.probe_interval = 5s, .probe_timeout = 30s, .patience = 120s}, 1, kMiddle};
};

TEST_F(ConnectedReconnect, ProbesASilentPeerAndThenGivesUp) {
  EXPECT_EQ(reconnect_.run(at(4999ms)), Step::Nothing);
  EXPECT_EQ(reconnect_.run(at(5s)), Step::Probe);
  EXPECT_EQ(reconnect_.state(), State::Probing);
  EXPECT_EQ(reconnect_.run(at(34'999ms)), Step::Nothing);
  EXPECT_EQ(reconnect_.run(at(35s)), Step::GiveUp);
}

TEST_F(ConnectedReconnect, IsContentWithAnySignOfLife) {
  reconnect_.activity(at(4s));
  EXPECT_EQ(reconnect_.run(at(8s)), Step::Nothing);
  EXPECT_EQ(reconnect_.run(at(9s)), Step::Probe);
  reconnect_.activity(at(38s));
  EXPECT_EQ(reconnect_.state(), State::Active);
  EXPECT_EQ(reconnect_.run(at(42s)), Step::Nothing);
  EXPECT_EQ(reconnect_.run(at(43s)), Step::Probe);
}

TEST_F(ConnectedReconnect, NeitherProbesNorGivesUpWhileItIsPatient) {
  reconnect_.set_patient(true, at(1s));
  EXPECT_EQ(reconnect_.run(at(120'999ms)), Step::Nothing);
  EXPECT_EQ(reconnect_.run(at(121s)), Step::GiveUp);
}

TEST_F(ConnectedReconnect, ProbesAgainWhenPatienceIsOver) {
  reconnect_.set_patient(true, at(1s));
  reconnect_.activity(at(100s));
  EXPECT_EQ(reconnect_.run(at(219s)), Step::Nothing);
  reconnect_.set_patient(false, at(219s));
  EXPECT_EQ(reconnect_.run(at(224s)), Step::Probe);
}

TEST(Reconnect, NeverProbesWhereTheIntervalIsZero) {
  Reconnect reconnect({.probe_interval = 0ms}, 1, kMiddle);
  reconnect.start(at(0ms));
  reconnect.run(at(0ms));
  reconnect.connected(at(0ms));
  EXPECT_EQ(reconnect.deadline(), std::nullopt);
  EXPECT_EQ(reconnect.run(at(24h)), Step::Nothing);
}

TEST(Reconnect, WantsNothingBeforeStartAndAfterStop) {
  Reconnect reconnect({}, 1, kMiddle);
  EXPECT_EQ(reconnect.deadline(), std::nullopt);
  reconnect.start(at(0ms));
  EXPECT_EQ(reconnect.deadline(), at(0ms));
  reconnect.stop();
  EXPECT_EQ(reconnect.deadline(), std::nullopt);
  EXPECT_EQ(reconnect.run(at(1h)), Step::Nothing);
}

}  // namespace
}  // namespace ovsdb
