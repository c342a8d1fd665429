// One attempt to reach a Remote and, if it succeeds, the byte stream to it. Used by the Client alone.
//
// All on the io_context's thread. After close() no handler is called any more. A Stream ends by exactly one
// of on_failed, on_closed and close(). Writes are queued; reads come in pieces of up to 256 KiB.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <asio/generic/stream_protocol.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "ovsdb-client/transport/remote.hpp"

namespace ovsdb {

struct StreamHandlers {
  std::function<void()> on_connected;
  std::function<void(std::string words)> on_failed;  // no connection
  std::function<void(std::string_view bytes)> on_bytes;
  std::function<void(std::string words)> on_closed;  // the connection ended
};

class Stream : public std::enable_shared_from_this<Stream> {
 public:
  // Nothing is reported before this has returned.
  static std::shared_ptr<Stream> open(asio::io_context& io, const Remote& remote, StreamHandlers handlers);

  void send(std::string bytes);
  void close();

 private:
  using Endpoint = asio::generic::stream_protocol::endpoint;

  Stream(asio::io_context& io, StreamHandlers handlers);

  void resolve(const TcpRemote& remote);
  void connect();
  void limit_attempt();
  void read();
  void write();
  void fail(const std::string& words);
  void end(const std::string& words);

  asio::generic::stream_protocol::socket socket_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer attempt_;  // runs while an endpoint is tried and others are left
  StreamHandlers handlers_;
  std::vector<Endpoint> endpoints_;  // still to be tried, the next one last
  std::string words_;                // why the last endpoint failed
  std::vector<char> buffer_;
  std::deque<std::string> outgoing_;
  bool is_tcp_ = false;
  bool closed_ = false;
};

}  // namespace ovsdb
