#include "netlinkd/ctl/client.hpp"

#include <fmt/format.h>

#include <asio/io_context.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

namespace kvtep::ctl {

Result<std::string> ask(const std::string& path, const std::string& request) {
  asio::io_context io;
  asio::local::stream_protocol::socket socket(io);
  asio::error_code error;
  const auto failed = [&](const char* what) {
    return std::unexpected(Error{error, fmt::format("{} {}: {}", what, path, error.message())});
  };
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    error = asio::error::name_too_long;
    return failed("connecting to");
  }
  socket.connect({path}, error);
  if (error) return failed("connecting to");
  asio::write(socket, asio::buffer(request + "\n"), error);
  if (error) return failed("writing to");
  std::string answer;
  asio::read(socket, asio::dynamic_buffer(answer), error);
  if (error != asio::error::eof) return failed("reading from");
  return answer;
}

}  // namespace kvtep::ctl
