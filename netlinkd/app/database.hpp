// The database as the agent sees it: the replica of hardware_vtep, kept by the OVSDB client.
//
//   ovsdb-server ─▶ Client ─▶ Replica ─▶ DatabaseChanged ─▶ agent
//   agent ─▶ submit ─▶ Client ─▶ ovsdb-server ─▶ Committed ─▶ agent
#pragma once

#include <spdlog/logger.h>

#include <absl/container/flat_hash_map.h>

#include <asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "netlinkd/agent/ports.hpp"
#include "netlinkd/hwvtep/database.hpp"
#include "ovsdb-client/transport/client.hpp"

namespace kvtep::app {

class Database final : public agent::DatabasePort, private ovsdb::Monitored {
 public:
  using Output = std::function<void(agent::DatabaseEvent)>;

  // `lock` is the OVSDB lock's id; transactions assert it (RFC 7047 section 5.2.9).
  Database(asio::io_context& io, std::vector<ovsdb::Remote> remotes, std::string lock,
           std::shared_ptr<spdlog::logger> log);

  const hwvtep::Database& replica() const { return replica_; }
  void start(Output output);

  void submit(std::uint64_t token, ovsdb::Transaction transaction) override;

 private:
  ovsdb::Result<ovsdb::Json> monitor_requests(const ovsdb::Json& schema) override;
  ovsdb::Result<void> apply(ovsdb::UpdateKind kind, bool initial, std::string_view table_updates) override;

  void on_event(const ovsdb::ClientEvent& event);
  void on_done(const ovsdb::TransactionDone& done);

  std::string lock_;
  std::shared_ptr<spdlog::logger> log_;
  std::string last_trouble_;  // said already: an attempt that fails like the one before is not worth a line
  hwvtep::Database replica_;
  hwvtep::Database::Delta delta_;  // of the update whose Updated event is about to come
  absl::flat_hash_map<std::uint64_t, ovsdb::Transaction> sent_;
  Output output_;
  ovsdb::Client client_;
};

// "kvtep_" and the switch's name, with what an OVSDB <id> cannot hold written as "_" and two hexadecimal
// digits.
std::string lock_id(std::string_view switch_name);

}  // namespace kvtep::app
