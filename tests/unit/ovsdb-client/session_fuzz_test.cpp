// Whatever bytes come, in whatever order: the reader and the session wait, answer or close, and nothing else.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/ovsdb-client/session_script.hpp"

namespace ovsdb {
namespace {

using Engine = std::mt19937_64;

std::size_t below(Engine& engine, std::size_t limit) {
  return std::uniform_int_distribution<std::size_t>(0, limit - 1)(engine);
}

const std::vector<std::string>& templates() {
  static const std::vector<std::string> kTemplates = {
      R"({"id":1,"result":{"locked":true},"error":null})",
      R"({"id":2,"result":{"name":"db","version":"1"},"error":null})",
      R"({"id":3,"result":[false,"11111111-1111-1111-1111-111111111111",{"T":{}}],"error":null})",
      R"({"id":3,"result":[true,"11111111-1111-1111-1111-111111111111",{"T":{}}],"error":null})",
      R"({"id":3,"error":"unknown method"})",
      R"({"id":4,"result":{"T":{}},"error":null})",
      R"({"id":4,"result":[{"uuid":["uuid","x"]},{},null],"error":null})",
      R"({"id":5,"error":{"error":"constraint violation","details":"d\u00e4"},"result":null})",
      R"({"id":null,"method":"update3","params":["rows","22222222-2222-2222-2222-222222222222",{"T":{"u":{"insert":{}}}}]})",
      R"({"id":null,"method":"update2","params":["rows",{}]})",
      R"({"id":null,"method":"update","params":["rows",{}]})",
      R"({"id":"echo","method":"echo","params":[]})",
      R"({"id":null,"method":"locked","params":["l"]})",
      R"({"id":null,"method":"stolen","params":["l"]})",
  };
  return kTemplates;
}

std::string random_bytes(Engine& engine) {
  static constexpr std::string_view kLikely = "{}[]\":,\\ \n0truefalsnid";
  std::string bytes(below(engine, 40), '\0');
  for (auto& byte : bytes) {
    byte =
        below(engine, 4) > 0 ? kLikely[below(engine, kLikely.size())] : static_cast<char>(below(engine, 256));
  }
  return bytes;
}

void mutate(Engine& engine, std::string& text) {
  const auto at = below(engine, text.size());
  switch (below(engine, 4)) {
    case 0: text[at] = static_cast<char>(below(engine, 256)); break;
    case 1: text.erase(at, 1 + below(engine, 8)); break;
    case 2: text.insert(at, random_bytes(engine)); break;
    default: text.insert(at, text.substr(below(engine, text.size()), below(engine, 20)));
  }
}

std::string random_input(Engine& engine) {
  const auto kind = below(engine, 20);
  if (kind == 0) return random_bytes(engine);
  auto text = templates()[below(engine, templates().size())];
  if (kind < 4) mutate(engine, text);
  return text;
}

// What a good server says next on the first connection, so that many conversations get beyond their start.
std::string expected_next(Session::State state) {
  return templates()[state == Session::State::MonitorRequested ? 2 : 1];
}

// What must hold of every answer, whatever was said.
class Judge {
 public:
  void judge(const Actions& actions, const Session& session) {
    bool closed = false;
    for (const auto& action : actions) {
      if (const auto* send = std::get_if<Send>(&action)) {
        EXPECT_FALSE(closed) << "sends on a closed stream";
        EXPECT_TRUE(Json::accept(send->bytes)) << send->bytes;
      } else if (const auto* update = std::get_if<Update>(&action)) {
        if (update->initial) has_rows_ = true;
        EXPECT_TRUE(has_rows_) << "a delta with nothing before it";
        EXPECT_EQ(update->table_updates().front(), '{');
      } else if (const auto* done = std::get_if<TransactionDone>(&action)) {
        EXPECT_EQ(in_flight_.erase(done->token), 1u) << "one answer for each transaction";
      } else if (std::holds_alternative<Disconnected>(action)) {
        closed = true;
        EXPECT_TRUE(in_flight_.empty()) << "a transaction without an answer";
      }
    }
    EXPECT_EQ(closed, !actions.empty() && session.state() == Session::State::Offline &&
                          !std::holds_alternative<Connect>(actions.back()));
    EXPECT_TRUE(session.deadline()) << "waits for nothing";
  }
  void transacts(std::uint64_t token) { in_flight_.insert(token); }

 private:
  std::set<std::uint64_t> in_flight_;
  bool has_rows_ = false;
};

// Returns how far it got.
Session::State live(std::uint64_t seed) {
  SCOPED_TRACE(seed);
  Engine engine(seed);
  Session session({.database = "db", .lock = "l", .remotes = 1}, {}, [] { return 0.5; });
  Judge judge;
  TimePoint now{};
  judge.judge(session.start(now), session);
  std::uint64_t token = 0;
  bool was_known = false;
  auto furthest = Session::State::Offline;
  for (int step = 0; step < 60; ++step) {
    if (session.state() == Session::State::Offline) {
      now = std::max(now, *session.deadline());
      judge.judge(session.timer(now), session);
      judge.judge(session.connected(now), session);
      // Ids go on over connections, the templates' do not: the first connection alone gets far.
      if (was_known) return furthest;
    }
    const bool in_order = below(engine, 2) == 0 && session.state() != Session::State::Monitoring;
    const auto input = in_order ? expected_next(session.state()) : random_input(engine);
    const auto cut = below(engine, input.size() + 1);
    judge.judge(session.received(std::string_view(input).substr(0, cut), now), session);
    judge.judge(session.received(std::string_view(input).substr(cut), now), session);
    if (session.state() == Session::State::SchemaKnown) {
      was_known = true;
      judge.judge(session.start_monitor(Json::object(), now), session);
    }
    if (session.state() == Session::State::Monitoring && below(engine, 4) == 0) {
      judge.transacts(++token);
      judge.judge(session.transact(token, "[]", now), session);
    }
    furthest = std::max(furthest, session.state());
    if (below(engine, 10) == 0) {
      now = std::max(now, *session.deadline());
      judge.judge(session.timer(now), session);
    }
  }
  return furthest;
}

TEST(SessionFuzz, WaitsAnswersOrClosesWhateverComes) {
  int monitored = 0;
  for (std::uint64_t seed = 1; seed <= 4000 && !::testing::Test::HasFailure(); ++seed) {
    if (live(seed) == Session::State::Monitoring) ++monitored;
  }
  EXPECT_GT(monitored, 100) << "too few of the conversations came to the interesting part";
}

TEST(MessageReaderFuzz, GivesTheSameMessagesHoweverTheStreamIsCut) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    SCOPED_TRACE(seed);
    Engine engine(seed);
    std::string stream;
    for (int i = 0; i < 4; ++i) stream += random_input(engine);
    const auto read = [&](auto next_piece) {
      MessageReader reader;
      Lines lines;
      for (std::string_view rest = stream; !rest.empty();) {
        const auto piece = std::min(rest.size(), next_piece());
        reader.feed(rest.substr(0, piece));
        rest.remove_prefix(piece);
        while (true) {
          const auto message = reader.next();
          if (!message) {
            lines.push_back(message.error().message);
            return lines;
          }
          if (!*message) break;
          const auto& m = **message;
          lines.push_back(fmt::format("{} {} {} {} {} {}", m.text, m.method(), m.id(), m.params(), m.result(),
                                      m.error()));
        }
      }
      return lines;
    };
    const auto whole = read([&] { return stream.size(); });
    ASSERT_EQ(read([&] { return 1 + below(engine, 9); }), whole) << stream;
    ASSERT_EQ(read([&] { return std::size_t{1}; }), whole) << stream;
  }
}

// Whatever a JSON parser takes as an object, the reader takes whole.
TEST(MessageReaderFuzz, TakesEveryObjectThatIsJson) {
  int objects = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    Engine engine(seed);
    auto text = templates()[below(engine, templates().size())];
    mutate(engine, text);
    const auto json = Json::parse(text, nullptr, false);
    if (!json.is_object()) continue;
    MessageReader reader;
    reader.feed(text);
    const auto message = reader.next();
    if (!message && message.error().message.find("comes twice") != std::string::npos) continue;
    ASSERT_TRUE(message && *message) << text;
    ++objects;
    const auto same = [&](const char* member, std::string_view raw) {
      EXPECT_EQ(json.contains(member) ? json[member] : Json(), raw.empty() ? Json() : Json::parse(raw))
          << text;
    };
    // An escaped key is nobody's of ours to the reader.
    if (text.find('\\') != std::string::npos) continue;
    same("method", (*message)->method());
    same("id", (*message)->id());
    same("params", (*message)->params());
    same("result", (*message)->result());
    same("error", (*message)->error());
  }
  EXPECT_GT(objects, 1000);
}

}  // namespace
}  // namespace ovsdb
