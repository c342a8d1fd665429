#include "ovsdb-client/session/reconnect.hpp"

#include <algorithm>
#include <utility>

namespace ovsdb {

Reconnect::Reconnect(ReconnectOptions options, std::size_t remotes, Chance chance)
    : options_(options), remotes_(std::max<std::size_t>(remotes, 1)), chance_(std::move(chance)) {}

void Reconnect::start(TimePoint now) {
  if (state_ != State::Stopped) return;
  state_ = State::Backoff;
  entered_ = attempt_at_ = now;
  backoff_ = Milliseconds{0};
  free_tries_ = remotes_;
  settled_since_.reset();
}

void Reconnect::stop() { state_ = State::Stopped; }

void Reconnect::connected(TimePoint now) {
  if (state_ != State::Connecting) return;
  state_ = State::Active;
  entered_ = now;
}

Milliseconds Reconnect::lost(TimePoint now) {
  const auto wait = next_wait(/*of_use=*/settled_since_ &&
                              now - *settled_since_ >= std::max(backoff_, options_.min_backoff));
  state_ = State::Backoff;
  entered_ = now;
  attempt_at_ = now + wait;
  settled_since_.reset();
  return wait;
}

Milliseconds Reconnect::next_wait(bool of_use) {
  if (of_use) {
    backoff_ = Milliseconds{0};
    free_tries_ = remotes_;
  }
  if (free_tries_ > 0) --free_tries_;
  if (free_tries_ > 0) return Milliseconds{0};
  free_tries_ = remotes_;
  backoff_ = std::clamp(backoff_ * 2, options_.min_backoff, options_.max_backoff);
  const double factor = 1.0 + options_.jitter * (2.0 * chance_() - 1.0);
  return Milliseconds{static_cast<Milliseconds::rep>(static_cast<double>(backoff_.count()) * factor)};
}

void Reconnect::activity(TimePoint now) {
  if (state_ == State::Probing) state_ = State::Active;
  if (state_ == State::Active || state_ == State::Patient) entered_ = now;
}

void Reconnect::set_patient(bool patient, TimePoint now) {
  const bool is_connected = state_ == State::Active || state_ == State::Probing || state_ == State::Patient;
  if (!is_connected) return;
  state_ = patient ? State::Patient : State::Active;
  entered_ = now;
}

void Reconnect::settled(TimePoint now) { settled_since_ = now; }

std::optional<TimePoint> Reconnect::deadline() const {
  switch (state_) {
    case State::Stopped: return std::nullopt;
    case State::Backoff: return attempt_at_;
    case State::Connecting: return entered_ + options_.connect_timeout;
    case State::Active:
      if (options_.probe_interval == Milliseconds{0}) return std::nullopt;
      return entered_ + options_.probe_interval;
    case State::Probing: return entered_ + options_.probe_timeout;
    case State::Patient: return entered_ + options_.patience;
  }
  return std::nullopt;
}

Reconnect::Step Reconnect::run(TimePoint now) {
  const auto due = deadline();
  if (!due || now < *due) return Step::Nothing;
  switch (state_) {
    case State::Backoff:
      remote_ = std::exchange(next_remote_, (next_remote_ + 1) % remotes_);
      state_ = State::Connecting;
      entered_ = now;
      return Step::Connect;
    case State::Connecting: return Step::ConnectTimeout;
    case State::Active:
      state_ = State::Probing;
      entered_ = now;
      return Step::Probe;
    case State::Probing:
    case State::Patient: return Step::GiveUp;
    case State::Stopped: break;
  }
  return Step::Nothing;
}

}  // namespace ovsdb
