#include "netlinkd/control/server.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <filesystem>
#include <istream>
#include <utility>

namespace kvtep::control {
namespace {

using Socket = asio::local::stream_protocol::socket;

constexpr std::size_t kRequestLimit = 4096;
// For a client's request and for its reading the answer.
constexpr auto kClientTime = std::chrono::seconds(10);
// Before the next client is accepted where accepting fails: out of descriptors, it would fail again at once.
constexpr auto kPauseAfterFailure = std::chrono::milliseconds(100);

std::string answer(const std::string& request, const Server::Handlers& handlers) {
  if (request == "status") return to_json(handlers.get_status());
  if (request == "apply") return handlers.apply() ? R"({"applied":true})" : R"({"applied":false})";
  return R"({"error":"unknown request; there are: status, apply"})";
}

// One client: reads its line, answers, and ends with the connection.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, Server::Handlers handlers)
      : socket_(std::move(socket)),
        patience_(socket_.get_executor(), kClientTime),
        handlers_(std::move(handlers)),
        request_(kRequestLimit) {}

  void start() {
    patience_.async_wait([self = weak_from_this()](const asio::error_code& error) {
      const auto connection = self.lock();
      asio::error_code ignored;
      if (!error && connection) connection->socket_.close(ignored);
    });
    asio::async_read_until(socket_, request_, '\n',
                           [self = shared_from_this()](const asio::error_code& error, std::size_t) {
                             if (!error) self->reply();
                           });
  }

 private:
  void reply() {
    std::istream lines(&request_);
    std::string line;
    std::getline(lines, line);
    answer_ = answer(line, handlers_) + "\n";
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this()](const asio::error_code&, std::size_t) {});
  }

  Socket socket_;
  asio::steady_timer patience_;
  Server::Handlers handlers_;
  asio::streambuf request_;
  std::string answer_;
};

bool somebody_answers(asio::io_context& io, const std::string& path) {
  Socket probe(io);
  asio::error_code error;
  probe.connect({path}, error);
  return !error;
}

}  // namespace

Result<std::unique_ptr<Server>> Server::open(asio::io_context& io, const std::string& path,
                                             Handlers handlers) {
  const auto failed = [&](const asio::error_code& error) {
    return std::unexpected(
        Error{error, fmt::format("opening the control socket {}: {}", path, error.message())});
  };
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return failed(asio::error::name_too_long);
  std::error_code error;
  const auto directory = std::filesystem::path(path).parent_path();
  if (!directory.empty()) std::filesystem::create_directories(directory, error);
  if (error) return failed(error);
  if (somebody_answers(io, path)) return failed(asio::error::address_in_use);
  if (std::filesystem::is_socket(path, error)) unlink(path.c_str());

  std::unique_ptr<Server> server(new Server(io, std::move(handlers)));
  server->acceptor_.open({}, error);
  if (error) return failed(error);
  // Created with the narrow mode, not narrowed afterwards.
  const auto mask = umask(0177);
  server->acceptor_.bind({path}, error);
  umask(mask);
  if (error) return failed(error);
  server->path_ = path;
  server->acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed(error);
  server->accept();
  return server;
}

Server::~Server() {
  if (!path_.empty()) unlink(path_.c_str());
}

void Server::accept() {
  acceptor_.async_accept([this](const asio::error_code& error, Socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (error) return accept_later();
    std::make_shared<Connection>(std::move(socket), handlers_)->start();
    accept();
  });
}

void Server::accept_later() {
  pause_.expires_after(kPauseAfterFailure);
  pause_.async_wait([this](const asio::error_code& error) {
    if (!error) accept();
  });
}

}  // namespace kvtep::control
