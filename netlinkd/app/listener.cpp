#include "netlinkd/app/listener.hpp"

#include <algorithm>
#include <asio/post.hpp>
#include <chrono>
#include <system_error>
#include <utility>

namespace kvtep::app {
namespace {

constexpr auto kRetry = std::chrono::seconds(10);
// One port: some 1300 frames a second. All of them: four times that.
constexpr auto kRest = std::chrono::milliseconds(50);
constexpr unsigned kRestTogether = 4;

// The device has gone: the agent will say so.
bool is_gone(const Error& error) {
  return error.code == std::errc::no_such_device || error.code == std::errc::no_such_device_or_address;
}

}  // namespace

Listener::Listener(asio::io_context& io, Outputs outputs)
    : io_(io), outputs_(std::move(outputs)), retry_(io) {}

Listener::~Listener() {
  for (const auto& [port, ear] : ears_) ear->readable.release();  // the descriptor is the socket's
}

void Listener::listen(std::vector<IfIndex> ports) {
  wanted_ = std::move(ports);
  for (auto ear = ears_.begin(); ear != ears_.end();) {
    if (std::ranges::find(wanted_, ear->first) != wanted_.end()) {
      ++ear;
      continue;
    }
    auto closed = std::move(ear->second);
    ear = ears_.erase(ear);
    closed->is_closed = true;
    closed->readable.release();
    closed->rest.cancel();
    // The socket alone: asio's objects stay on the loop.
    outputs_.bury(std::make_shared<rtnl::ClaimSocket>(std::move(closed->socket)));
  }
  open_missing();
}

void Listener::open_missing() {
  std::map<IfIndex, Error> deaf;
  bool is_any_missing = false;
  for (const auto port : wanted_) {
    if (ears_.contains(port)) continue;
    auto socket = rtnl::ClaimSocket::open(port);
    if (!socket) {
      is_any_missing = true;
      if (!is_gone(socket.error())) deaf.emplace(port, socket.error());
      continue;
    }
    const auto ear = std::make_shared<Ear>(io_, std::move(*socket));
    ears_.emplace(port, ear);
    await(ear);
  }
  if (deaf != deaf_) {
    deaf_ = deaf;
    std::vector<agent::Deaf> list;
    for (const auto& [port, error] : deaf_) list.push_back({.port = port, .error = error});
    // Not from within the call of listen(): the agent is at work.
    asio::post(io_, [this, alive = std::weak_ptr(alive_), list = std::move(list)] {
      if (!alive.expired()) outputs_.deaf(list);
    });
  }
  if (!is_any_missing) return;
  retry_.expires_after(kRetry);
  retry_.async_wait([this, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
    if (!error && !alive.expired()) open_missing();
  });
}

void Listener::await(const std::shared_ptr<Ear>& ear) {
  ear->readable.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this, ear, alive = std::weak_ptr(alive_)](const asio::error_code& error) {
                             if (error || alive.expired() || ear->is_closed) return;
                             take(ear);
                           });
}

void Listener::take(const std::shared_ptr<Ear>& ear) {
  auto drained = ear->socket.drain();
  if (!drained.sightings.empty()) outputs_.sightings(std::move(drained.sightings));
  if (ear->is_closed) return;
  if (!drained.more) return await(ear);
  ++resting_;
  ear->rest.expires_after(kRest * std::max(1U, resting_ / kRestTogether));
  ear->rest.async_wait([this, ear, alive = std::weak_ptr(alive_)](const asio::error_code&) {
    if (alive.expired()) return;
    --resting_;
    if (!ear->is_closed) await(ear);
  });
}

}  // namespace kvtep::app
