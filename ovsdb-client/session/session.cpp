// The life of a connection and what the user asks for; what the server says is in session_input.cpp.
#include "ovsdb-client/session/session.hpp"

#include <utility>

#include <fmt/format.h>

namespace ovsdb {
namespace {

constexpr std::string_view kNoTransaction = "00000000-0000-0000-0000-000000000000";

std::string echo(RequestId id, std::string_view /*nothing*/) { return echo_request(id); }

}  // namespace

Session::Session(SessionTarget target, SessionOptions options, Chance chance)
    : target_(std::move(target)),
      options_(options),
      reconnect_(options.reconnect, target_.remotes, std::move(chance)),
      reader_(options.limits) {}

Actions Session::take() { return std::exchange(actions_, {}); }

Actions Session::start(TimePoint now) {
  reconnect_.start(now);
  run(now);
  return take();
}

Actions Session::stop(TimePoint /*now*/) {
  const bool has_stream = state_ != State::Offline || reconnect_.state() == Reconnect::State::Connecting;
  forget_connection();
  if (has_stream) actions_.emplace_back(Disconnect{});
  reconnect_.stop();
  return take();
}

Actions Session::connected(TimePoint now) {
  if (reconnect_.state() != Reconnect::State::Connecting) return {};
  reconnect_.connected(now);
  reader_ = MessageReader(options_.limits);
  state_ = State::SchemaRequested;
  method_ = MonitorMethod::CondSince;
  // The lock goes first: the answers come in order, and the initial monitor reply may take long.
  if (target_.lock) send(RequestKind::Lock, 0, lock_request, *target_.lock);
  send(RequestKind::Schema, 0, get_schema_request, target_.database);
  return take();
}

Actions Session::connect_failed(std::string_view words, TimePoint now) {
  if (reconnect_.state() != Reconnect::State::Connecting) return {};
  const auto wait = reconnect_.lost(now);
  actions_.emplace_back(Disconnected{Error{Fault::Transport, std::string(words)}, wait});
  return take();
}

Actions Session::disconnected(std::string_view words, TimePoint now) {
  if (state_ == State::Offline) return connect_failed(words, now);
  forget_connection();
  const auto wait = reconnect_.lost(now);
  actions_.emplace_back(Disconnected{Error{Fault::Transport, std::string(words)}, wait});
  return take();
}

Actions Session::received(std::string_view bytes, TimePoint now) {
  if (state_ == State::Offline) return {};
  reconnect_.activity(now);
  reader_.feed(bytes);
  while (state_ != State::Offline) {
    auto message = reader_.next();
    if (!message) {
      close(message.error(), now);
    } else if (!*message) {
      break;
    } else if (auto handled = handle(std::move(**message), now); !handled) {
      close(std::move(handled.error()), now);
    }
  }
  return take();
}

Actions Session::timer(TimePoint now) {
  run(now);
  return take();
}

Actions Session::start_monitor(const Json& requests, TimePoint now) {
  if (state_ != State::SchemaKnown) return {};
  auto text = requests.dump(-1, ' ', false, Json::error_handler_t::replace);
  // A delta fits only what the same columns left behind.
  if (text != requests_) last_id_.reset();
  requests_ = std::move(text);
  state_ = State::MonitorRequested;
  send_monitor();
  reconnect_.set_patient(true, now);
  return take();
}

Actions Session::transact(std::uint64_t token, std::string_view params, TimePoint /*now*/) {
  const bool is_open = state_ != State::Offline && state_ != State::SchemaRequested;
  if (!is_open || params.empty() || params.front() != '[') {
    const char* why = is_open ? "the parameters are no JSON array" : "no connection to the database";
    actions_.emplace_back(TransactionDone{token, TransactionOutcome::NotSent, why});
  } else {
    send(RequestKind::Transact, token, transact_request, params);
  }
  return take();
}

Actions Session::fail(Error error, TimePoint now) {
  last_id_.reset();
  if (state_ == State::Offline) {
    actions_.emplace_back(Ignored{std::move(error.message)});
  } else {
    close(std::move(error), now);
  }
  return take();
}

void Session::send(RequestKind kind, std::uint64_t token, std::string (*encode)(RequestId, std::string_view),
                   std::string_view argument) {
  const RequestId id = ++last_request_;
  pending_.emplace(id, Pending{kind, token});
  actions_.emplace_back(Send{encode(id, argument)});
}

void Session::send_monitor() {
  const RequestId id = ++last_request_;
  pending_.emplace(id, Pending{RequestKind::Monitor, 0});
  actions_.emplace_back(
      Send{monitor_request(id, method_,
                           {.database = target_.database,
                            .monitor_id = kMonitorId,
                            .requests = requests_,
                            .last_id = last_id_ ? std::string_view(*last_id_) : kNoTransaction})});
}

void Session::run(TimePoint now) {
  switch (reconnect_.run(now)) {
    case Reconnect::Step::Nothing: return;
    case Reconnect::Step::Connect: actions_.emplace_back(Connect{reconnect_.remote()}); return;
    case Reconnect::Step::Probe: send(RequestKind::Echo, 0, echo, {}); return;
    case Reconnect::Step::ConnectTimeout:
      close(Error{Fault::Transport,
                  fmt::format("no connection within {} ms", options_.reconnect.connect_timeout.count())},
            now);
      return;
    case Reconnect::Step::GiveUp: {
      const auto limit =
          state_ == State::MonitorRequested ? options_.reconnect.patience : options_.reconnect.probe_timeout;
      const char* what = state_ == State::MonitorRequested ? "the monitor request" : "the echo request";
      close(Error{Fault::Transport, fmt::format("{} was not answered within {} ms", what, limit.count())},
            now);
      return;
    }
  }
}

void Session::close(Error error, TimePoint now) {
  forget_connection();
  actions_.emplace_back(Disconnect{});
  const auto wait = reconnect_.lost(now);
  actions_.emplace_back(Disconnected{std::move(error), wait});
}

void Session::forget_connection() {
  state_ = State::Offline;
  for (const auto& [id, pending] : std::exchange(pending_, {})) {
    if (pending.kind != RequestKind::Transact) continue;
    actions_.emplace_back(
        TransactionDone{pending.token, TransactionOutcome::Unknown, "the connection ended before the reply"});
  }
  // Whose the lock is cannot be known until the server answers again: that answer is told.
  lock_held_.reset();
}

}  // namespace ovsdb
