// When to connect, to which remote, when to probe, when to give up: the timing half of a session, after the
// model of Open vSwitch's lib/reconnect. No I/O and no clock: `now` is an argument, chance comes from an
// injected function.
//
// Remotes are tried in turn: a round through all of them goes without waiting, then comes the back-off.
// Back-off doubles from min to max and starts again only after a connection that was of use for at least that
// long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace ovsdb {

using TimePoint = std::chrono::steady_clock::time_point;
using Milliseconds = std::chrono::milliseconds;

struct ReconnectOptions {
  Milliseconds min_backoff{1000};
  Milliseconds max_backoff{8000};
  double jitter =
      0.25;  // of the back-off, to either side: many switches do not come back in the same instant
  Milliseconds connect_timeout{10'000};
  Milliseconds probe_interval{5000};  // silence after which an echo is sent; 0: no probes
  // Further silence after which the connection is given up. A server that serves somebody else's full monitor
  // answers nobody for 17 s, so this is far above the interval.
  Milliseconds probe_timeout{30'000};
  Milliseconds patience{
      120'000};  // the silence allowed while our own monitor reply is due; no probe is sent then
};

// A number in [0, 1).
using Chance = std::function<double()>;

class Reconnect {
 public:
  enum class State : std::uint8_t {
    Stopped,     // nothing is wanted
    Backoff,     // waits for the time of the next attempt
    Connecting,  // the transport has been told to connect
    Active,      // connected, and the peer was heard of within the probe interval
    Probing,     // connected, an echo is out and unanswered
    Patient,     // connected, a reply that takes long is due
  };
  enum class Step : std::uint8_t { Nothing, Connect, ConnectTimeout, Probe, GiveUp };

  Reconnect(ReconnectOptions options, std::size_t remotes, Chance chance);

  void start(TimePoint now);
  void stop();
  void connected(TimePoint now);
  // The attempt failed, or the connection ended. Returns how long it waits from now.
  Milliseconds lost(TimePoint now);
  void activity(TimePoint now);
  void set_patient(bool patient, TimePoint now);
  // From here on the connection is of use; lasting, it ends the growth of the back-off.
  void settled(TimePoint now);
  // What is due now. ConnectTimeout and GiveUp: the caller closes, then calls lost().
  Step run(TimePoint now);

  std::optional<TimePoint> deadline() const;
  State state() const { return state_; }
  // The remote of the current attempt or connection.
  std::size_t remote() const { return remote_; }

 private:
  Milliseconds next_wait(bool of_use);

  ReconnectOptions options_;
  std::size_t remotes_;
  Chance chance_;
  State state_ = State::Stopped;
  TimePoint entered_{};     // when `state_` began, or was last confirmed by activity
  TimePoint attempt_at_{};  // Backoff: when it ends
  std::size_t remote_ = 0;
  std::size_t next_remote_ = 0;
  std::size_t free_tries_ = 0;  // attempts left of this round through the remotes
  Milliseconds backoff_{0};
  std::optional<TimePoint> settled_since_;
};

}  // namespace ovsdb
