// One request as curl sees it: its options, what its callbacks gather, what became of it. For http_client.cpp
// alone, which runs transfers; used on the thread that runs them.
#pragma once

#include <curl/curl.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "core/io/http_client.hpp"

namespace scops {

// A request under way. A new handle for each: curl 7.88 keeps a stale pointer in one that is used again,
// which a folded header makes it follow (curl issue 11101). The connection is the multi handle's and stays.
class HttpTransfer {
 public:
  // Adds itself to `multi`, which outlives it. `whole_bundle`: trust the system's file of authorities instead
  // of its folder. `index` is the caller's.
  HttpTransfer(CURLM* multi, const HttpRequest& request, const HttpTls& tls, const std::string& user_agent,
               bool whole_bundle, std::size_t index);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  [[nodiscard]] CURL* easy() const { return easy_.get(); }
  [[nodiscard]] std::size_t index() const { return index_; }
  // False: it could not begin, take() says why.
  [[nodiscard]] bool under_way() const { return added_; }
  [[nodiscard]] bool met_unknown_authority(std::optional<CURLcode> end) const;
  // What became of it; once. No `end`: it was stopped.
  Result<HttpResponse> take(std::optional<CURLcode> end);

  // What the callbacks gather.
  struct Answer {
    CURL* easy = nullptr;
    std::size_t body_max = 0;
    std::size_t head_bytes = 0;
    bool head_complete = false;  // of the final answer, not of an interim one
    std::string body;
  };
  struct FreeEasy {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  };
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };
  using List = std::unique_ptr<curl_slist, FreeList>;

 private:
  CURLM* multi_;
  std::unique_ptr<CURL, FreeEasy> easy_;
  List headers_;
  List route_;
  Answer answer_;
  std::size_t index_;
  CURLcode refused_ = CURLE_OK;
  bool added_ = false;
};

}  // namespace scops
