// Drives a Session through virtual time and shows its actions as lines of text, so that a test reads as a
// script.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "ovsdb-client/session/session.hpp"

namespace ovsdb {

using Lines = std::vector<std::string>;

struct ShowAction {
  std::string operator()(const Connect& connect) const { return fmt::format("connect {}", connect.remote); }
  std::string operator()(const Disconnect&) const { return "disconnect"; }
  std::string operator()(const Send& send) const { return "send " + send.bytes; }
  std::string operator()(const SchemaReceived& received) const { return "schema " + received.schema.dump(); }
  std::string operator()(const Update& update) const {
    return fmt::format("{} {} {}", update.initial ? "initial" : "delta",
                       update.kind == UpdateKind::Conditional ? "cond" : "monitor1", update.table_updates());
  }
  std::string operator()(const LockChanged& changed) const {
    return changed.held ? "lock held" : "lock not held";
  }
  std::string operator()(const TransactionDone& done) const {
    static constexpr const char* kNames[] = {"replied", "refused", "unknown", "not sent"};
    return fmt::format("transaction {} {}: {}", done.token, kNames[static_cast<int>(done.outcome)],
                       done.text);
  }
  std::string operator()(const Disconnected& lost) const {
    static constexpr const char* kNames[] = {"syntax", "protocol", "server", "transport", "usage"};
    return fmt::format("disconnected, {}: {}; next in {} ms", kNames[static_cast<int>(lost.error.fault)],
                       lost.error.message, lost.next_attempt.count());
  }
  std::string operator()(const Ignored& ignored) const { return "ignored " + ignored.what; }
};

inline Lines show(const Actions& actions) {
  Lines lines;
  for (const auto& action : actions) lines.push_back(std::visit(ShowAction{}, action));
  return lines;
}

class SessionScript {
 public:
  explicit SessionScript(SessionTarget target = {.database = "db", .lock = {}, .remotes = 1},
                         SessionOptions options = {})
      : session_(std::move(target), options, [] { return 0.5; }) {}

  Lines start() { return show(session_.start(now_)); }
  Lines stop() { return show(session_.stop(now_)); }
  Lines connected() { return show(session_.connected(now_)); }
  Lines connect_failed(std::string_view words) { return show(session_.connect_failed(words, now_)); }
  Lines received(std::string_view bytes) { return show(session_.received(bytes, now_)); }
  Lines disconnected(std::string_view words) { return show(session_.disconnected(words, now_)); }
  Lines transact(std::uint64_t token, std::string_view params) {
    return show(session_.transact(token, params, now_));
  }
  Lines start_monitor(std::string_view requests = R"({"T":[{"columns":["a"]}]})") {
    return show(session_.start_monitor(Json::parse(requests), now_));
  }
  Lines fail(std::string_view words) {
    return show(session_.fail(Error{Fault::Protocol, std::string(words)}, now_));
  }

  // Lets time pass without a timer, as a busy process would.
  void wait(Milliseconds time) { now_ += time; }
  // Runs the timer whenever it is due within that time.
  Lines pass(Milliseconds time) {
    Lines lines;
    const auto end = now_ + time;
    while (session_.deadline() && *session_.deadline() <= end) {
      now_ = std::max(now_, *session_.deadline());
      for (auto& line : show(session_.timer(now_))) lines.push_back(std::move(line));
    }
    now_ = end;
    return lines;
  }

  // From nothing to a known schema.
  void reach_schema() {
    start();
    pass(Milliseconds{0});
    connected();
    received(R"({"id":1,"result":{"name":"db"},"error":null})");
  }
  // From nothing to the initial update; the ids 1 and 2 are used up. Neither takes time.
  void reach_monitoring() {
    reach_schema();
    start_monitor();
    received(fmt::format(R"({{"id":2,"result":[false,"{}",{{}}],"error":null}})", kTransaction1));
  }

  static constexpr const char* kTransaction1 = "11111111-1111-1111-1111-111111111111";

  Session& session() { return session_; }
  Session::State state() const { return session_.state(); }

 private:
  Session session_;
  TimePoint now_{};
};

}  // namespace ovsdb
