#include "ovsdb-client/transport/client.hpp"

#include <deque>
#include <random>
#include <utility>

#include <fmt/format.h>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>

#include "ovsdb-client/transport/stream.hpp"

namespace ovsdb {
namespace {

Chance random_chance() {
  return [engine = std::minstd_rand(std::random_device{}())]() mutable {
    return std::uniform_real_distribution<>(0.0, 1.0)(engine);
  };
}

TimePoint now() { return std::chrono::steady_clock::now(); }

std::string schema_version(const Json& schema) {
  const auto version = schema.find("version");
  return version != schema.end() && version->is_string() ? version->get<std::string>() : std::string{};
}

}  // namespace

// Lives on while handlers of its timer are queued; `closed_` keeps them silent.
class Client::Machine : public std::enable_shared_from_this<Machine> {
 public:
  Machine(asio::io_context& io, ClientOptions options, Monitored& monitored, OnEvent on_event)
      : io_(io),
        timer_(io),
        remotes_(std::move(options.remotes)),
        monitored_(monitored),
        on_event_(std::move(on_event)),
        session_({std::move(options.database), std::move(options.lock), remotes_.size()}, options.session,
                 random_chance()) {}

  void start() {
    if (!remotes_.empty()) later(session_.start(now()));
  }
  void stop() { later(session_.stop(now())); }
  void transact(std::uint64_t token, std::string_view params) {
    later(session_.transact(token, params, now()));
  }
  bool is_monitoring() const { return session_.state() == Session::State::Monitoring; }

  void close() {
    closed_ = true;
    timer_.cancel();
    close_stream();
  }

 private:
  void push(Actions actions) {
    for (auto& action : actions) queue_.push_back(std::move(action));
  }

  // For calls by the user, who must not be called back from inside of them.
  void later(Actions actions) {
    push(std::move(actions));
    asio::post(io_, [self = shared_from_this()] { self->drain(); });
  }

  void process(Actions actions) {
    push(std::move(actions));
    drain();
  }

  // Not re-entered: what an action brings about is queued behind it.
  void drain() {
    if (std::exchange(draining_, true)) return;
    const auto self = shared_from_this();  // an event may destroy the Client
    while (!closed_ && !queue_.empty()) {
      Action action = std::move(queue_.front());
      queue_.pop_front();
      std::visit([this](auto& value) { perform(value); }, action);
    }
    draining_ = false;
    if (!closed_) arm();
  }

  void arm() {
    const auto deadline = session_.deadline();
    if (!deadline) {
      timer_.cancel();
      return;
    }
    timer_.expires_at(*deadline);
    timer_.async_wait([self = shared_from_this()](const asio::error_code& error) {
      if (!error && !self->closed_) self->process(self->session_.timer(now()));
    });
  }

  void perform(const Connect& connect) {
    close_stream();
    remote_ = remotes_[connect.remote].to_string();
    stream_ = Stream::open(
        io_, remotes_[connect.remote],
        {.on_connected = [this] { process(session_.connected(now())); },
         .on_failed = [this](const std::string& words) { lose(words); },
         .on_bytes = [this](std::string_view bytes) { process(session_.received(bytes, now())); },
         .on_closed = [this](const std::string& words) { lose(words); }});
  }

  void lose(const std::string& words) { process(session_.disconnected(words, now())); }

  void perform(const Disconnect& /*action*/) { close_stream(); }

  void perform(Send& send) {
    if (stream_) stream_->send(std::move(send.bytes));
  }

  void perform(const SchemaReceived& received) {
    const auto requests = monitored_.monitor_requests(received.schema);
    if (!requests) return reject(requests.error());
    const auto version = schema_version(received.schema);
    push(session_.start_monitor(*requests, now()));
    on_event_(Connected{remote_, version});
  }

  void perform(const Update& update) {
    const auto applied = monitored_.apply(update.kind, update.initial, update.table_updates());
    if (!applied) return reject(applied.error());
    on_event_(Updated{update.initial});
  }

  // What is queued of this connection must not be applied on top of what was refused. Outcomes still count.
  void reject(const Error& error) {
    std::erase_if(queue_, [](const Action& action) {
      return std::holds_alternative<Update>(action) || std::holds_alternative<SchemaReceived>(action) ||
             std::holds_alternative<Send>(action);
    });
    push(session_.fail(error, now()));
  }

  void perform(Disconnected& disconnected) {
    disconnected.error.message = fmt::format("{}: {}", remote_, disconnected.error.message);
    on_event_(std::move(disconnected));
  }
  void perform(LockChanged& event) { on_event_(event); }
  void perform(TransactionDone& event) { on_event_(std::move(event)); }
  void perform(Ignored& event) { on_event_(std::move(event)); }

  void close_stream() {
    if (stream_) stream_->close();
    stream_.reset();
  }

  asio::io_context& io_;
  asio::steady_timer timer_;
  std::vector<Remote> remotes_;
  Monitored& monitored_;
  OnEvent on_event_;
  Session session_;
  std::shared_ptr<Stream> stream_;
  std::string remote_;
  std::deque<Action> queue_;
  bool draining_ = false;
  bool closed_ = false;
};

Client::Client(asio::io_context& io, ClientOptions options, Monitored& monitored, OnEvent on_event)
    : machine_(std::make_shared<Machine>(io, std::move(options), monitored, std::move(on_event))) {}

Client::~Client() { machine_->close(); }

void Client::start() { machine_->start(); }
void Client::stop() { machine_->stop(); }
void Client::transact(std::uint64_t token, std::string_view params) { machine_->transact(token, params); }
bool Client::is_monitoring() const { return machine_->is_monitoring(); }

}  // namespace ovsdb
