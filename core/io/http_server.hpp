// A small HTTP server for the agent's own pages, over libmicrohttpd: one thread, a few connections, GET and
// HEAD only, no bodies read. Requests beyond the limits are refused, slow ones cut.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/model/result.hpp"

namespace scops {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Called in the server's thread; must not block for long. Exceptions become a 500.
using HttpHandler = std::function<HttpAnswer(std::string_view path)>;

class HttpServer {
 public:
  // Listens on a numeric `address` (IPv4 or IPv6), `port` 0 for any free one. ErrorKind::retry when the port
  // is taken, refused when the address is none.
  static Result<std::unique_ptr<HttpServer>> listen(const std::string& address, std::uint16_t port,
                                                    HttpHandler handler);

  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer();  // stops the thread; requests in flight are finished or cut

  [[nodiscard]] std::uint16_t port() const;

 private:
  struct State;
  explicit HttpServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace scops
