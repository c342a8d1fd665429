#include "ovsdb-client/session/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/ovsdb-client/session_script.hpp"

namespace ovsdb {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using State = Session::State;

constexpr const char* kSchemaReply = R"({"id":1,"result":{"name":"db"},"error":null})";
constexpr const char* kZero = "00000000-0000-0000-0000-000000000000";

auto ask_since(int id, const char* last) {
  return fmt::format(
      R"(send {{"method":"monitor_cond_since","params":["db","rows",{{"T":[{{"columns":["a"]}}]}},"{}"],"id":{}}})",
      last, id);
}

std::string ask(const char* method, int id) {
  return fmt::format(R"(send {{"method":"{}","params":["db","rows",{{"T":[{{"columns":["a"]}}]}}],"id":{}}})",
                     method, id);
}

TEST(Session, GoesFromTheSchemaToTheInitialRowsToTheirChanges) {
  SessionScript script;
  EXPECT_THAT(script.start(), ElementsAre("connect 0"));
  EXPECT_THAT(script.connected(), ElementsAre(R"(send {"method":"get_schema","params":["db"],"id":1})"));
  EXPECT_EQ(script.state(), State::SchemaRequested);
  EXPECT_THAT(script.received(kSchemaReply), ElementsAre(R"(schema {"name":"db"})"));
  EXPECT_EQ(script.state(), State::SchemaKnown);
  EXPECT_THAT(script.start_monitor(), ElementsAre(ask_since(2, kZero)));
  EXPECT_EQ(script.state(), State::MonitorRequested);
  EXPECT_THAT(
      script.received(
          R"({"id":2,"result":[false,"00000000-0000-0000-0000-000000000000",{"T":{}}],"error":null})"),
      ElementsAre(R"(initial cond {"T":{}})"));
  EXPECT_EQ(script.state(), State::Monitoring);
  EXPECT_THAT(script.received(R"({"id":null,"method":"update3","params":["rows",)"
                              R"("22222222-2222-2222-2222-222222222222",{"T":{"x":{"delete":null}}}]})"),
              ElementsAre(R"(delta cond {"T":{"x":{"delete":null}}})"));
}

TEST(Session, SaysTheSameToAMessageCutAtEveryByte) {
  const std::string messages =
      std::string(R"({"id":2,"result":[false,"11111111-1111-1111-1111-111111111111",{"T":{}}]})") +
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222",{}]})";
  for (std::size_t cut = 0; cut <= messages.size(); ++cut) {
    SessionScript script;
    script.reach_schema();
    script.start_monitor();
    auto lines = script.received(messages.substr(0, cut));
    for (auto& line : script.received(messages.substr(cut))) lines.push_back(line);
    EXPECT_THAT(lines, ElementsAre(R"(initial cond {"T":{}})", "delta cond {}")) << cut;
  }
}

// --- Connecting
// ----------------------------------------------------------------------------------------------

TEST(Session, BacksOffWhileNobodyAnswers) {
  SessionScript script;
  script.start();
  EXPECT_THAT(script.connect_failed("Connection refused"),
              ElementsAre("disconnected, transport: Connection refused; next in 1000 ms"));
  EXPECT_THAT(script.pass(999ms), IsEmpty());
  EXPECT_THAT(script.pass(1ms), ElementsAre("connect 0"));
  EXPECT_THAT(script.connect_failed("No such file"),
              ElementsAre("disconnected, transport: No such file; next in 2000 ms"));
  EXPECT_THAT(script.pass(2s), ElementsAre("connect 0"));
}

TEST(Session, GivesUpAnAttemptThatHangs) {
  SessionScript script;
  script.start();
  EXPECT_THAT(
      script.pass(10s),
      ElementsAre("disconnect", "disconnected, transport: no connection within 10000 ms; next in 1000 ms"));
}

TEST(Session, TriesItsRemotesInTurn) {
  SessionScript script({.database = "db", .lock = {}, .remotes = 2});
  EXPECT_THAT(script.start(), ElementsAre("connect 0"));
  EXPECT_THAT(script.connect_failed("x"), ElementsAre("disconnected, transport: x; next in 0 ms"));
  EXPECT_THAT(script.pass(0ms), ElementsAre("connect 1"));
  EXPECT_THAT(script.connect_failed("x"), ElementsAre("disconnected, transport: x; next in 1000 ms"));
  EXPECT_THAT(script.pass(1s), ElementsAre("connect 0"));
}

TEST(Session, BacksOffFromAServerWithoutTheDatabase) {
  SessionScript script;
  script.start();
  script.connected();
  EXPECT_THAT(
      script.received(R"({"id":1,"error":{"error":"unknown database","details":"no db here"}})"),
      ElementsAre(
          "disconnect",
          "disconnected, server: get_schema of \"db\": unknown database: no db here; next in 1000 ms"));
  EXPECT_THAT(script.pass(1s), ElementsAre("connect 0"));
}

TEST(Session, LetsTheBackOffGrowWhileEveryConnectionEndsInAnError) {
  SessionScript script;
  script.start();
  for (const char* wait : {"1000", "2000", "4000", "8000", "8000"}) {
    script.connected();
    EXPECT_THAT(script.received("]"),
                ElementsAre("disconnect", AllOf(HasSubstr("disconnected, syntax"), HasSubstr(wait))));
    script.pass(8s);
  }
}

TEST(Session, StopsForGoodUntilStartedAgain) {
  SessionScript script;
  script.reach_monitoring();
  script.transact(7, "[]");
  EXPECT_THAT(script.stop(),
              ElementsAre("transaction 7 unknown: the connection ended before the reply", "disconnect"));
  EXPECT_THAT(script.pass(24h), IsEmpty());
  EXPECT_THAT(script.start(), ElementsAre("connect 0"));
  EXPECT_THAT(script.stop(), ElementsAre("disconnect"));
  EXPECT_THAT(script.stop(), IsEmpty());
}

TEST(Session, HearsNothingOfAStreamThatIsGone) {
  SessionScript script;
  EXPECT_THAT(script.connected(), IsEmpty());
  EXPECT_THAT(script.received("x"), IsEmpty());
  EXPECT_THAT(script.disconnected("x"), IsEmpty());
  EXPECT_THAT(script.connect_failed("x"), IsEmpty());
  EXPECT_THAT(script.start_monitor(), IsEmpty());
}

// --- Probes
// --------------------------------------------------------------------------------------------------

TEST(Session, ProbesASilentServerAndIsContentWithTheReply) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(script.pass(5s), ElementsAre(R"(send {"method":"echo","params":[],"id":3})"));
  EXPECT_THAT(script.received(R"({"id":3,"result":[],"error":null})"), IsEmpty());
  EXPECT_THAT(script.pass(5s), ElementsAre(R"(send {"method":"echo","params":[],"id":4})"));
}

TEST(Session, GivesUpAServerThatAnswersNoProbe) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(script.pass(34'999ms), ElementsAre(StartsWith("send")));
  EXPECT_THAT(
      script.pass(1ms),
      ElementsAre(
          "disconnect",
          "disconnected, transport: the echo request was not answered within 30000 ms; next in 1000 ms"));
}

TEST(Session, DoesNotGiveUpWhileTheInitialRowsAreDue) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  EXPECT_THAT(script.pass(119s), IsEmpty());
  EXPECT_THAT(script.received(R"({"id":2,"result":[false,"11111111-1111-1111-1111-111111111111",{}]})"),
              ElementsAre("initial cond {}"));
  EXPECT_THAT(script.pass(5s), ElementsAre(HasSubstr("echo")));
}

TEST(Session, GivesUpInTheEndWhenTheInitialRowsNeverCome) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  EXPECT_THAT(script.pass(120s),
              ElementsAre("disconnect", HasSubstr("the monitor request was not answered within 120000 ms")));
}

TEST(Session, StaysPatientWhenItFallsBackToAnOlderMethod) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  script.pass(100s);
  EXPECT_THAT(script.received(R"({"id":2,"error":"unknown method"})"), ElementsAre(ask("monitor_cond", 3)));
  EXPECT_THAT(script.pass(119s), IsEmpty());
  EXPECT_EQ(script.state(), State::MonitorRequested);
}

TEST(Session, AnswersTheServersProbes) {
  SessionScript script;
  script.start();
  script.connected();
  EXPECT_THAT(script.received(R"({"method":"echo","params":[1,"a"],"id":"echo"})"),
              ElementsAre(R"(send {"id":"echo","result":[1,"a"],"error":null})"));
}

// --- The monitor
// ---------------------------------------------------------------------------------------------

TEST(Session, FallsBackToOlderMonitorMethods) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  EXPECT_THAT(script.received(R"({"id":2,"error":{"error":"unknown method"},"result":null})"),
              ElementsAre(ask("monitor_cond", 3)));
  EXPECT_THAT(script.received(R"({"id":3,"error":"unknown method"})"), ElementsAre(ask("monitor", 4)));
  EXPECT_THAT(script.received(R"({"id":4,"result":{"T":{}},"error":null})"),
              ElementsAre(R"(initial monitor1 {"T":{}})"));
  EXPECT_THAT(script.received(R"({"id":null,"method":"update","params":["rows",{"T":{}}]})"),
              ElementsAre(R"(delta monitor1 {"T":{}})"));
}

TEST(Session, UnderstandsMonitorCond) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  script.received(R"({"id":2,"error":"unknown method"})");
  EXPECT_THAT(script.received(R"({"id":3,"result":{"T":{}},"error":null})"),
              ElementsAre(R"(initial cond {"T":{}})"));
  EXPECT_THAT(script.received(R"({"id":null,"method":"update2","params":["rows",{}]})"),
              ElementsAre("delta cond {}"));
}

TEST(Session, ClosesWhenTheServerRefusesTheMonitorForAnotherReason) {
  SessionScript script;
  script.reach_schema();
  script.start_monitor();
  EXPECT_THAT(
      script.received(R"({"id":2,"error":{"error":"syntax error","details":"no table T"}})"),
      ElementsAre("disconnect", HasSubstr("server: monitor_cond_since of \"db\": syntax error: no table T")));
}

class ReconnectedSession : public ::testing::Test {
 protected:
  // To the point where the schema is known on the second connection; ids up to 3 are used up.
  void come_back() {
    script_.disconnected("End of file");
    script_.pass(1s);
    script_.connected();
    ASSERT_THAT(script_.received(R"({"id":3,"result":{"name":"db"}})"), ElementsAre(StartsWith("schema")));
  }
  SessionScript script_;
};

TEST_F(ReconnectedSession, ResumesFromTheLastTransactionOfTheReply) {
  script_.reach_monitoring();
  come_back();
  EXPECT_THAT(script_.start_monitor(), ElementsAre(ask_since(4, SessionScript::kTransaction1)));
  EXPECT_THAT(script_.received(R"({"id":4,"result":[true,"22222222-2222-2222-2222-222222222222",{"T":{}}]})"),
              ElementsAre(R"(delta cond {"T":{}})"));
}

TEST_F(ReconnectedSession, ResumesFromTheLastTransactionOfAnUpdate) {
  script_.reach_monitoring();
  script_.received(
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222",{}]})");
  come_back();
  EXPECT_THAT(script_.start_monitor(), ElementsAre(ask_since(4, "22222222-2222-2222-2222-222222222222")));
}

TEST_F(ReconnectedSession, ReplacesEverythingWhereTheServerCannotResume) {
  script_.reach_monitoring();
  come_back();
  script_.start_monitor();
  EXPECT_THAT(
      script_.received(R"({"id":4,"result":[false,"22222222-2222-2222-2222-222222222222",{"T":{}}]})"),
      ElementsAre(R"(initial cond {"T":{}})"));
}

TEST_F(ReconnectedSession, DoesNotResumeForOtherColumns) {
  script_.reach_monitoring();
  come_back();
  EXPECT_THAT(script_.start_monitor(R"({"U":[]})"), ElementsAre(HasSubstr(kZero)));
}

TEST_F(ReconnectedSession, DoesNotResumeAfterAnUpdateThatCouldNotBeUsed) {
  script_.reach_monitoring();
  EXPECT_THAT(script_.fail("no such column"),
              ElementsAre("disconnect", "disconnected, protocol: no such column; next in 1000 ms"));
  EXPECT_THAT(script_.pass(1s), ElementsAre("connect 0"));
  script_.connected();
  script_.received(R"({"id":3,"result":{"name":"db"}})");
  EXPECT_THAT(script_.start_monitor(), ElementsAre(HasSubstr(kZero)));
}

TEST_F(ReconnectedSession, DoesNotResumeWhenTheUnusableUpdateCameJustBeforeTheEnd) {
  script_.reach_monitoring();
  script_.disconnected("End of file");
  EXPECT_THAT(script_.fail("no such column"), ElementsAre("ignored no such column"));
  script_.pass(1s);
  script_.connected();
  script_.received(R"({"id":3,"result":{"name":"db"}})");
  EXPECT_THAT(script_.start_monitor(), ElementsAre(HasSubstr(kZero)));
}

TEST_F(ReconnectedSession, ForgetsTheTransactionOfAServerThatKnewMoreThanThisOne) {
  script_.reach_monitoring();
  come_back();
  script_.start_monitor();
  script_.received(R"({"id":4,"error":"unknown method"})");
  EXPECT_THAT(script_.received(R"({"id":5,"result":{}})"), ElementsAre("initial cond {}"));
  script_.disconnected("End of file");
  script_.pass(2s);
  script_.connected();
  script_.received(R"({"id":6,"result":{"name":"db"}})");
  EXPECT_THAT(script_.start_monitor(), ElementsAre(ask_since(7, kZero)));
}

TEST_F(ReconnectedSession, ForgetsTheHalfMessageOfTheLastConnection) {
  script_.reach_monitoring();
  script_.received(R"({"id":null,"met)");
  come_back();
}

TEST(Session, IgnoresUpdatesOfOtherMonitors) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(script.received(R"({"id":null,"method":"update2","params":["others",{}]})"),
              ElementsAre(StartsWith("ignored")));
}

// --- Lock
// ----------------------------------------------------------------------------------------------------

class LockedSession : public ::testing::Test {
 protected:
  LockedSession() {
    script_.start();
    script_.connected();
  }
  SessionScript script_{{.database = "db", .lock = "l", .remotes = 1}};
};

TEST(Session, AsksForItsLockFirst) {
  SessionScript script({.database = "db", .lock = "l", .remotes = 1});
  script.start();
  EXPECT_THAT(script.connected(), ElementsAre(R"(send {"method":"lock","params":["l"],"id":1})",
                                              R"(send {"method":"get_schema","params":["db"],"id":2})"));
}

TEST_F(LockedSession, TellsThatItGotTheLock) {
  EXPECT_THAT(script_.received(R"({"id":1,"result":{"locked":true},"error":null})"),
              ElementsAre("lock held"));
}

TEST_F(LockedSession, TellsThatItWaitsAndLaterThatItGotTheLock) {
  EXPECT_THAT(script_.received(R"({"id":1,"result":{"locked":false},"error":null})"),
              ElementsAre("lock not held"));
  EXPECT_THAT(script_.received(R"({"id":null,"method":"locked","params":["l"]})"), ElementsAre("lock held"));
  EXPECT_THAT(script_.received(R"({"id":null,"method":"locked","params":["l"]})"), IsEmpty());
}

TEST_F(LockedSession, TellsThatTheLockWasStolenAndThatItCameBack) {
  script_.received(R"({"id":1,"result":{"locked":true}})");
  EXPECT_THAT(script_.received(R"({"id":null,"method":"stolen","params":["l"]})"),
              ElementsAre("lock not held"));
  EXPECT_THAT(script_.received(R"({"id":null,"method":"locked","params":["l"]})"), ElementsAre("lock held"));
}

TEST_F(LockedSession, DoesNotTakeALostConnectionForAnotherHoldersWord) {
  script_.received(R"({"id":1,"result":{"locked":true}})");
  EXPECT_THAT(script_.disconnected("gone"), ElementsAre(StartsWith("disconnected")));
}

TEST_F(LockedSession, IgnoresOtherLocks) {
  EXPECT_THAT(script_.received(R"({"id":null,"method":"locked","params":["m"]})"),
              ElementsAre(StartsWith("ignored")));
}

TEST_F(LockedSession, ClosesOnABadLockReply) {
  for (const char* reply :
       {R"({"id":1,"result":{"locked":1}})", R"({"id":1,"result":[]})", R"({"id":1,"result":{}})",
        R"({"id":1,"result":null,"error":null})", R"({"id":1,"error":"no locks"})"}) {
    SessionScript script({.database = "db", .lock = "l", .remotes = 1});
    script.start();
    script.connected();
    EXPECT_THAT(script.received(reply), ElementsAre("disconnect", StartsWith("disconnected"))) << reply;
  }
}

// --- Transactions
// --------------------------------------------------------------------------------------------

TEST(Session, CarriesTransactionsAndHandsBackTheRawResult) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(
      script.transact(70, R"(["db",{"op":"comment","comment":"x"}])"),
      ElementsAre(R"(send {"method":"transact","params":["db",{"op":"comment","comment":"x"}],"id":3})"));
  script.transact(71, "[]");
  EXPECT_THAT(script.received(R"({"id":4,"result":[],"error":null}{"id":3,"result":[{},null],"error":null})"),
              ElementsAre("transaction 71 replied: []", "transaction 70 replied: [{},null]"));
}

TEST(Session, HandsBackTheServersRefusal) {
  SessionScript script;
  script.reach_monitoring();
  script.transact(70, "[]");
  EXPECT_THAT(script.received(R"({"id":3,"error":{"error":"syntax error","details":"d","syntax":"s"}})"),
              ElementsAre("transaction 70 refused: syntax error: d"));
}

TEST(Session, ReportsTransactionsInFlightAsUnknownWhenTheConnectionEnds) {
  SessionScript script;
  script.reach_monitoring();
  script.transact(70, "[]");
  script.transact(71, "[]");
  EXPECT_THAT(script.disconnected("Broken pipe"),
              ElementsAre(StartsWith("transaction 70 unknown"), StartsWith("transaction 71 unknown"),
                          "disconnected, transport: Broken pipe; next in 1000 ms"));
}

TEST(Session, DoesNotSendATransactionWithoutAConnection) {
  SessionScript script;
  EXPECT_THAT(script.transact(70, "[]"),
              ElementsAre("transaction 70 not sent: no connection to the database"));
  script.reach_monitoring();
  EXPECT_THAT(script.transact(71, "{}"),
              ElementsAre("transaction 71 not sent: the parameters are no JSON array"));
}

// --- What no server should say
// -------------------------------------------------------------------------------

TEST(Session, IgnoresWhatItDoesNotKnow) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(script.received(R"({"id":null,"method":"news","params":[]})"),
              ElementsAre(R"(ignored notification of the unknown method "news")"));
  EXPECT_THAT(script.received(R"({"id":99,"result":[],"error":null})"),
              ElementsAre(StartsWith("ignored reply")));
  EXPECT_THAT(script.received(R"({"id":"x","result":[],"error":null})"),
              ElementsAre(StartsWith("ignored reply")));
  EXPECT_THAT(
      script.received(R"({"id":5,"method":"transact","params":[]})"),
      ElementsAre(R"(send {"id":5,"result":null,"error":"unknown method"})", StartsWith("ignored request")));
  EXPECT_EQ(script.state(), State::Monitoring);
}

TEST(Session, ClosesOnMalformedMessages) {
  const char* table[] = {
      "[]",
      "nonsense",
      R"({"id":3})",
      R"({})",
      R"({"id":null,"method":1,"params":[]})",
      R"({"id":null,"method":"update3"})",
      R"({"id":null,"method":"update3","params":{}})",
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222",[]]})",
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222"]})",
      R"({"id":null,"method":"update3","params":["rows",7,{}]})",
      R"({"id":null,"method":"update3","params":["rows","no uuid",{}]})",
      R"({"id":null,"method":"update3","params":["rows",{}]})",
      R"({"id":null,"method":"update2","params":["rows",{}]})",
      R"({"id":null,"method":"update","params":["rows",{}]})",
      R"({"id":null,"method":"locked","params":[1]})",
      R"({"id":null,"method":"stolen","params":["l","m"]})",
      R"({"id":null,"method":"locked","params":[nul]})",
      R"({"id":null,"method":"monitor_canceled","params":["rows"]})",
      R"({"id":[1,,2],"method":"echo","params":[]})",
      R"({"id":1,"method":"echo","params":[tru]})",
      R"({"id":1,"method":"echo","params":{}})",
      R"({"id":3,"result":null,"error":null})",
      R"({"id":3,"result":{},"error":null})",
      R"({"id":3,"result":7})",
      R"({"id":3,"error":nonsense})",
  };
  for (const char* text : table) {
    SessionScript script;
    script.reach_monitoring();
    script.transact(70, "[]");
    EXPECT_THAT(script.received(text),
                ElementsAre(StartsWith("transaction 70 unknown"), "disconnect", StartsWith("disconnected")))
        << text;
    EXPECT_EQ(script.state(), State::Offline);
    EXPECT_THAT(script.pass(1s), ElementsAre("connect 0")) << text;
  }
}

TEST(Session, ClosesOnMalformedSchemasAndMonitorReplies) {
  const char* schemas[] = {
      R"({"id":1,"result":[]})", R"({"id":1,"result":null,"error":null})", R"({"id":1,"result":{"a"}})",
      R"({"id":1,"error":[}})",
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222",{}]})"};
  for (const char* text : schemas) {
    SessionScript script;
    script.start();
    script.connected();
    EXPECT_THAT(script.received(text), ElementsAre("disconnect", StartsWith("disconnected"))) << text;
  }
  const char* replies[] = {R"({"id":2,"result":{}})",
                           R"({"id":2,"result":null,"error":null})",
                           R"({"id":2,"result":[]})",
                           R"({"id":2,"result":[1,"11111111-1111-1111-1111-111111111111",{}]})",
                           R"({"id":2,"result":[true,"11111111-1111-1111-1111-111111111111",{}]})",
                           R"({"id":2,"result":[false,null,{}]})",
                           R"({"id":2,"result":[false,"11111111-1111-1111-1111-111111111111",[]]})",
                           R"({"id":2,"result":[false,"11111111-1111-1111-1111-111111111111"]})"};
  for (const char* text : replies) {
    SessionScript script;
    script.reach_schema();
    script.start_monitor();
    EXPECT_THAT(script.received(text), ElementsAre("disconnect", StartsWith("disconnected"))) << text;
  }
  SessionScript old;
  old.reach_schema();
  old.start_monitor();
  old.received(R"({"id":2,"error":"unknown method"})");
  EXPECT_THAT(old.received(R"({"id":3,"result":[]})"),
              ElementsAre("disconnect", HasSubstr("a bad monitor reply")));
}

TEST(Session, PassesOverWhatFollowsAMalformedMessage) {
  SessionScript script;
  script.reach_monitoring();
  EXPECT_THAT(script.received(R"({} {"id":1,"method":"echo","params":[]})"),
              ElementsAre("disconnect", StartsWith("disconnected")));
}

}  // namespace
}  // namespace ovsdb
