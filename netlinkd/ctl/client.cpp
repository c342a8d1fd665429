#include "netlinkd/ctl/client.hpp"

#include <fmt/format.h>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>
#include <chrono>

namespace kvtep::ctl {
namespace {

using Socket = asio::local::stream_protocol::socket;

// A daemon that is at work answers between two rounds, within a second; one that is stopped never does.
constexpr std::chrono::seconds kPatience{10};

asio::error_code connect(Socket& socket, const std::string& path) {
  asio::error_code error;
  if (path.size() >= sizeof(sockaddr_un::sun_path)) return asio::error::name_too_long;
  socket.connect({path}, error);
  return error;
}

}  // namespace

Result<std::string> ask(const std::string& path, const std::string& request) {
  asio::io_context io;
  Socket socket(io);
  const auto failed = [&](const char* what, const asio::error_code& error) {
    return std::unexpected(Error{error, fmt::format("{} {}: {}", what, path, error.message())});
  };
  if (const auto error = connect(socket, path)) return failed("connecting to", error);
  asio::error_code error;
  asio::write(socket, asio::buffer(request + "\n"), error);
  if (error) return failed("writing to", error);
  std::string answer;
  error = asio::error::timed_out;
  asio::async_read(socket, asio::dynamic_buffer(answer),
                   [&error](const asio::error_code& outcome, std::size_t) { error = outcome; });
  io.run_for(kPatience);
  if (error != asio::error::eof) return failed("reading from", error);
  if (answer.empty()) return failed("reading from", error);
  return answer;
}

bool somebody_listens(const std::string& path) {
  asio::io_context io;
  Socket socket(io);
  return !connect(socket, path);
}

}  // namespace kvtep::ctl
