#pragma once
// For the files of this folder alone: nobody else sees libcurl.
#include <curl/curl.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/client/address.hpp"

namespace bb::client {

struct EasyCleanup {
    void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using EasyHandle = std::unique_ptr<CURL, EasyCleanup>;

struct ListCleanup {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, ListCleanup>;

/// A new handle that raises no signals and believes the certificates of the system's authorities, or of those
/// in `ca_file` (PEM). Throws std::bad_alloc.
EasyHandle make_easy(const std::string& ca_file = {});

/// Sets an option. Throws std::runtime_error when libcurl does not take it: a bug, or no memory.
template <class Value>
void set(CURL* easy, CURLoption option, Value value);

/// Appends a line to a list. Throws std::bad_alloc.
void append(HeaderList& list, const std::string& line);

[[noreturn]] void option_failed(CURLcode code);

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK) option_failed(code);
}

}  // namespace bb::client
