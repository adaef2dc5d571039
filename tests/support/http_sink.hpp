// A small HTTP/1.1 server on the loopback interface that answers as scripted and remembers what it was sent.
// Each connection has a thread of its own and is kept alive. Also stands in for a proxy: targets are recorded
// as they came ("http://host/path", "host:443" of CONNECT).
//
//   HttpSink sink;
//   sink.script({{.status = 503, .headers = {"Retry-After: 2"}}, {.fault = Fault::reset_after}});
//   ... client posts to sink.url() ...
//   CHECK(sink.requests().at(0).body == "...");
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/io/files.hpp"

namespace scops::test {

enum class Fault {
  none,
  reset_in_request,  // the first bytes are read, then the connection is reset
  reset_after,       // the whole request is read, then the connection is reset
  stall,             // the request is read and never answered
  half,              // the head is cut in its second line
  half_body,         // Content-Length promises more than comes
  garbage,           // bytes that are no HTTP
  endless_body,      // status and headers, then a body that never ends
  endless_head,      // a status, then headers without end
  endless_continue,  // interim answers without end
  drip,              // a whole answer at ten bytes a second
  no_length,         // as of HTTP/1.0: a body that ends with the connection
  trickle,           // status and headers, then a body that stops after one byte, the connection stays open
};

struct SinkAnswer {
  int status = 202;
  std::vector<std::string> headers = {};  // "Retry-After: 2"; Content-Length comes by itself
  std::string body = "{\"status\":\"ok\"}";
  Fault fault = Fault::none;
  int times = 1;  // the body comes so often, one after the other: a large answer costs the test little
};

// The page that a captive portal shows instead of the intake.
[[nodiscard]] SinkAnswer captive_portal();

struct SinkRequest {
  std::string method;
  std::string target;                          // path and query, as sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string raw_body;
  std::string body;    // inflated where Content-Encoding is deflate
  int connection = 0;  // 1 for the first one accepted
};

class HttpSink {
 public:
  // A port of its own unless one is given.
  explicit HttpSink(const std::string& address = "127.0.0.1", int port = 0);
  ~HttpSink();
  HttpSink(const HttpSink&) = delete;
  HttpSink& operator=(const HttpSink&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const;  // "http://127.0.0.1:PORT"

  // Answers in this order, one a request; when they are used up, `otherwise` (at first 202).
  void script(std::vector<SinkAnswer> answers);
  void otherwise(SinkAnswer answer);

  [[nodiscard]] std::vector<SinkRequest> requests() const;
  // What it was sent so far.
  void forget();
  [[nodiscard]] int connections() const;
  // Waits until at least `count` requests were read; false when `patience` is over first.
  [[nodiscard]] bool wait_for(std::size_t count,
                              std::chrono::milliseconds patience = std::chrono::seconds(10)) const;

 private:
  void accept_all();
  void serve(int fd, int number);
  bool serve_one(int fd, int number, std::string& input);
  SinkAnswer next_answer();
  bool next_is(Fault fault) const;
  void remember(SinkRequest request);

  Fd listener_;
  int port_ = 0;

  mutable std::mutex mutex_;  // guards all below but the threads
  mutable std::condition_variable changed_;
  std::deque<SinkAnswer> script_;
  SinkAnswer otherwise_;
  std::vector<SinkRequest> requests_;
  std::vector<int> open_;  // sockets being served
  int accepted_ = 0;
  bool closing_ = false;

  std::vector<std::jthread> workers_;
  std::jthread acceptor_;
};

}  // namespace scops::test
