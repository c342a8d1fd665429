// The Client against a real ovsdb-server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>

#include "ovsdb-client/transport/client.hpp"
#include "tests/support/ovsdb_server.hpp"

namespace ovsdb {
namespace {

using namespace std::chrono_literals;
using kvtep::test::OvsdbServer;
using ::testing::HasSubstr;

// Generous: only a failing test waits this long.
constexpr auto kLimit = 30s;

constexpr const char* kInsert =
    R"(["hardware_vtep",{"op":"insert","table":"Logical_Switch","row":{"name":"ls0","tunnel_key":7}}])";

// Keeps the updates as they come.
class Rows : public Monitored {
 public:
  Result<Json> monitor_requests(const Json& schema) override {
    EXPECT_EQ(schema.value("name", ""), "hardware_vtep");
    return Json::parse(R"({"Logical_Switch":[{"columns":["name"]}]})");
  }
  Result<void> apply(UpdateKind kind, bool initial, std::string_view table_updates) override {
    EXPECT_EQ(kind, UpdateKind::Conditional);
    if (refusals_ > 0) {
      --refusals_;
      return std::unexpected(Error{Fault::Protocol, "refused for a test"});
    }
    updates_.emplace_back(initial, table_updates);
    return {};
  }

  std::vector<std::pair<bool, std::string>> updates_;
  int refusals_ = 0;
};

// One client and its rows on an io_context that several may share.
class Party {
 public:
  Party(asio::io_context& io, ClientOptions options)
      : io_(io),
        client_(std::make_unique<Client>(io, std::move(options), rows_,
                                         [this](const ClientEvent& event) { events_.push_back(event); })) {}

  // Runs until an event of that type has come, and takes it and all before it.
  template <typename Event>
  Event next() {
    const auto limit = std::chrono::steady_clock::now() + kLimit;
    while (std::chrono::steady_clock::now() < limit) {
      while (!events_.empty()) {
        const auto event = std::move(events_.front());
        events_.pop_front();
        if (const auto* wanted = std::get_if<Event>(&event)) return *wanted;
      }
      io_.restart();
      io_.run_one_until(limit);
    }
    ADD_FAILURE() << "no such event";
    return {};
  }

  asio::io_context& io_;
  Rows rows_;
  std::deque<ClientEvent> events_;
  std::unique_ptr<Client> client_;
};

ClientOptions options_for(const std::vector<std::string>& remotes, std::optional<std::string> lock = {}) {
  ClientOptions options{.remotes = {}, .database = "hardware_vtep", .lock = std::move(lock), .session = {}};
  for (const auto& remote : remotes) options.remotes.push_back(*Remote::parse(remote));
  options.session.reconnect.min_backoff = 10ms;
  options.session.reconnect.max_backoff = 100ms;
  return options;
}

class ClientOfServer : public ::testing::Test {
 protected:
  void insert_and_see(Party& party) {
    party.client_->transact(5, kInsert);
    // The server sends the change before the reply.
    EXPECT_FALSE(party.next<Updated>().initial);
    EXPECT_THAT(party.rows_.updates_.back().second, HasSubstr("ls0"));
    const auto done = party.next<TransactionDone>();
    EXPECT_EQ(done.token, 5u);
    EXPECT_EQ(done.outcome, TransactionOutcome::Replied);
    EXPECT_THAT(done.text, HasSubstr("uuid"));
  }

  OvsdbServer server_;
  asio::io_context io_;
};

TEST_F(ClientOfServer, MirrorsAndTransactsOnAUnixSocket) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  const auto connected = party.next<Connected>();
  EXPECT_EQ(connected.remote, server_.remote());
  EXPECT_EQ(connected.schema_version, "1.7.0");
  EXPECT_TRUE(party.next<Updated>().initial);
  EXPECT_TRUE(party.client_->is_monitoring());
  EXPECT_EQ(party.rows_.updates_.back(), (std::pair<bool, std::string>(true, "{}")));
  insert_and_see(party);
}

TEST_F(ClientOfServer, MirrorsAndTransactsOnTcp) {
  Party party(io_, options_for({server_.tcp_remote()}));
  party.client_->start();
  EXPECT_EQ(party.next<Connected>().remote, server_.tcp_remote());
  EXPECT_TRUE(party.next<Updated>().initial);
  insert_and_see(party);
}

TEST_F(ClientOfServer, ResolvesNames) {
  const auto tcp = server_.tcp_remote();
  Party party(io_, options_for({"tcp:localhost" + tcp.substr(tcp.rfind(':'))}));
  party.client_->start();
  EXPECT_TRUE(party.next<Updated>().initial);
}

TEST_F(ClientOfServer, CarriesAnUpdateOfManyPieces) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  party.next<Updated>();
  std::string params = R"(["hardware_vtep")";
  for (int i = 0; i < 20'000; ++i) {
    params +=
        R"(,{"op":"insert","table":"Logical_Switch","row":{"name":"switch )" + std::to_string(i) + "\"}}";
  }
  party.client_->transact(1, params + "]");
  party.next<TransactionDone>();
  const auto updates = Json::parse(party.rows_.updates_.back().second);
  EXPECT_EQ(updates["Logical_Switch"].size(), 20'000u);
}

TEST_F(ClientOfServer, ComesBackToARestartedServerAndHasEverythingSentAgain) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  party.next<Updated>();
  insert_and_see(party);
  server_.kill();
  EXPECT_EQ(party.next<Disconnected>().error.fault, Fault::Transport);
  EXPECT_FALSE(party.client_->is_monitoring());
  const auto refused = party.next<Disconnected>();
  EXPECT_THAT(refused.error.message, HasSubstr(server_.remote()));
  EXPECT_GT(refused.next_attempt, 0ms);
  server_.restart();
  party.next<Connected>();
  EXPECT_TRUE(party.next<Updated>().initial);
  EXPECT_THAT(party.rows_.updates_.back().second, HasSubstr("ls0"));
}

TEST_F(ClientOfServer, ReportsTheOutcomeOfACutTransactionAsUnknown) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  party.next<Updated>();
  server_.freeze();
  party.client_->transact(9, kInsert);
  io_.restart();
  io_.poll();
  server_.kill();
  const auto done = party.next<TransactionDone>();
  EXPECT_EQ(done.token, 9u);
  EXPECT_EQ(done.outcome, TransactionOutcome::Unknown);
}

TEST_F(ClientOfServer, LeavesAServerThatAnswersNoProbe) {
  auto options = options_for({server_.remote()});
  options.session.reconnect.probe_interval = 20ms;
  options.session.reconnect.probe_timeout = 20ms;
  Party party(io_, std::move(options));
  party.client_->start();
  party.next<Updated>();
  server_.freeze();
  EXPECT_THAT(party.next<Disconnected>().error.message, HasSubstr("echo request was not answered"));
  server_.thaw();
  EXPECT_TRUE(party.next<Updated>().initial);
}

TEST_F(ClientOfServer, HasEverythingSentAgainAfterAnUpdateThatCouldNotBeUsed) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  party.next<Updated>();
  party.rows_.refusals_ = 1;
  party.client_->transact(1, kInsert);
  EXPECT_THAT(party.next<Disconnected>().error.message, HasSubstr("refused for a test"));
  EXPECT_TRUE(party.next<Updated>().initial);
  EXPECT_THAT(party.rows_.updates_.back().second, HasSubstr("ls0"));
}

TEST_F(ClientOfServer, SharesALockInTurn) {
  Party first(io_, options_for({server_.remote()}, "kvtep"));
  first.client_->start();
  EXPECT_TRUE(first.next<LockChanged>().held);
  Party second(io_, options_for({server_.remote()}, "kvtep"));
  second.client_->start();
  EXPECT_FALSE(second.next<LockChanged>().held);
  first.client_->stop();
  EXPECT_TRUE(second.next<LockChanged>().held);
}

TEST_F(ClientOfServer, PassesFromADeadRemoteToTheNextOne) {
  const auto nobody = "unix:" + (server_.directory() / "nobody").string();
  Party party(io_, options_for({nobody, server_.remote()}));
  party.client_->start();
  const auto failed = party.next<Disconnected>();
  EXPECT_THAT(failed.error.message, HasSubstr(nobody));
  EXPECT_EQ(failed.next_attempt, 0ms);
  EXPECT_EQ(party.next<Connected>().remote, server_.remote());
}

TEST_F(ClientOfServer, SaysThatTheDatabaseIsUnknownAndTriesAgain) {
  auto options = options_for({server_.remote()});
  options.database = "Open_vSwitch";
  Party party(io_, std::move(options));
  party.client_->start();
  for (int i = 0; i < 2; ++i) {
    const auto lost = party.next<Disconnected>();
    EXPECT_EQ(lost.error.fault, Fault::Server);
    EXPECT_THAT(lost.error.message, HasSubstr("unknown database"));
  }
}

TEST_F(ClientOfServer, AnswersEveryTransactionEvenWithoutAConnection) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->transact(3, kInsert);
  EXPECT_TRUE(party.events_.empty()) << "no event from inside a call";
  EXPECT_EQ(party.next<TransactionDone>().outcome, TransactionOutcome::NotSent);
}

TEST_F(ClientOfServer, IsSilentAfterItsEnd) {
  Party party(io_, options_for({server_.remote()}));
  party.client_->start();
  party.next<Connected>();
  party.client_->transact(3, kInsert);
  party.client_.reset();
  party.events_.clear();
  // With no client left nothing keeps the loop busy: it ends by itself.
  io_.restart();
  io_.run();
  EXPECT_TRUE(party.events_.empty());
}

TEST_F(ClientOfServer, MayBeDestroyedFromInsideAnEvent) {
  Rows rows;
  std::unique_ptr<Client> client;
  int events = 0;
  client = std::make_unique<Client>(io_, options_for({server_.remote()}), rows, [&](const ClientEvent&) {
    ++events;
    client.reset();
  });
  client->start();
  io_.run();
  EXPECT_EQ(events, 1);
}

}  // namespace
}  // namespace ovsdb
