#include "netlinkd/app/database.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "netlinkd/base/overloaded.hpp"
#include "netlinkd/hwvtep/schema.hpp"
#include "ovsdb-client/transaction/reply.hpp"

namespace kvtep::app {
namespace {

ovsdb::ClientOptions client_options(std::vector<ovsdb::Remote> remotes, const std::string& lock) {
  ovsdb::ClientOptions options{
      .remotes = std::move(remotes), .database = std::string(hwvtep::kDatabase), .lock = lock};
  // A server that was restarted is back within a moment; the back-off still doubles up to its usual limit.
  options.session.reconnect.min_backoff = std::chrono::milliseconds(100);
  return options;
}

agent::Committed judge(std::uint64_t token, const ovsdb::Transaction& transaction, const std::string& text) {
  const auto reply = ovsdb::decode_reply(transaction, text);
  if (!reply)
    return {.token = token, .outcome = agent::CommitOutcome::Refused, .message = reply.error().message};
  if (reply->succeeded()) return {.token = token};
  // Somebody inserted the same locator, or deleted the Logical_Switch that a row was to refer to: what is
  // there now decides.
  const bool was_race = reply->error->fault == ovsdb::TransactionFault::ConstraintViolation ||
                        reply->error->fault == ovsdb::TransactionFault::ReferentialIntegrityViolation;
  return {.token = token,
          .outcome = was_race ? agent::CommitOutcome::Conflict : agent::CommitOutcome::Refused,
          .message = reply->error->message()};
}

}  // namespace

std::string lock_id(std::string_view switch_name) {
  std::string id = "kvtep_";
  for (const unsigned char c : switch_name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    id += plain ? std::string(1, static_cast<char>(c)) : fmt::format("_{:02x}", c);
  }
  return id;
}

Database::Database(asio::io_context& io, std::vector<ovsdb::Remote> remotes, std::string lock,
                   std::shared_ptr<spdlog::logger> log)
    : lock_(std::move(lock)),
      log_(std::move(log)),
      client_(io, client_options(std::move(remotes), lock_), *this,
              [this](const ovsdb::ClientEvent& event) { on_event(event); }) {}

void Database::start(Output output) {
  output_ = std::move(output);
  client_.start();
}

void Database::submit(std::uint64_t token, ovsdb::Transaction transaction) {
  transaction.assert_lock(lock_);
  const auto params = transaction.params(hwvtep::kDatabase);
  log_->debug("transaction {}: {}", token, params);
  sent_.emplace(token, std::move(transaction));
  client_.transact(token, params);
}

ovsdb::Result<ovsdb::Json> Database::monitor_requests(const ovsdb::Json& schema) {
  return replica_.monitor_requests(schema);
}

ovsdb::Result<void> Database::apply(ovsdb::UpdateKind kind, bool initial, std::string_view table_updates) {
  auto delta = replica_.apply(kind, initial, table_updates);
  if (!delta) return std::unexpected(delta.error());
  delta_ = std::move(*delta);
  return {};
}

void Database::on_event(const ovsdb::ClientEvent& event) {
  std::visit(
      Overloaded{[&](const ovsdb::Connected& e) {
                   last_trouble_.clear();
                   log_->info("connected to the database at {}, schema version {}", e.remote,
                              e.schema_version);
                 },
                 [&](const ovsdb::Updated& e) {
                   output_(agent::DatabaseChanged{.delta = std::exchange(delta_, {}), .initial = e.initial});
                 },
                 [&](const ovsdb::LockChanged& e) { output_(agent::LockChanged{.held = e.held}); },
                 [&](const ovsdb::TransactionDone& e) { on_done(e); },
                 [&](const ovsdb::Disconnected& e) {
                   const bool is_news = std::exchange(last_trouble_, e.error.message) != e.error.message;
                   log_->log(is_news ? spdlog::level::warn : spdlog::level::debug,
                             "the connection to the database: {}; next attempt in {} ms", e.error.message,
                             e.next_attempt.count());
                   output_(agent::DatabaseLost{.reason = e.error.message});
                 },
                 [&](const ovsdb::Ignored& e) {
                   log_->debug("the database server sent what is ignored: {}", e.what);
                 }},
      event);
}

void Database::on_done(const ovsdb::TransactionDone& done) {
  const auto sent = sent_.find(done.token);
  if (sent == sent_.end()) return;
  agent::Committed committed{.token = done.token};
  switch (done.outcome) {
    case ovsdb::TransactionOutcome::Replied: committed = judge(done.token, sent->second, done.text); break;
    case ovsdb::TransactionOutcome::Refused:
      committed.outcome = agent::CommitOutcome::Refused;
      committed.message = done.text;
      break;
    case ovsdb::TransactionOutcome::Unknown:
    case ovsdb::TransactionOutcome::NotSent: committed.outcome = agent::CommitOutcome::Unknown; break;
  }
  sent_.erase(sent);
  output_(std::move(committed));
}

}  // namespace kvtep::app
