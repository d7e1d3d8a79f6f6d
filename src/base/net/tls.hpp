#pragma once
#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "base/core/time.hpp"

namespace bb::net {

/// Certificate chain and private key of a TLS server (1.2 and 1.3), in PEM files. Safe from any thread.
class TlsIdentity {
public:
    /// Throws std::runtime_error with a sentence that names the file and its fault.
    TlsIdentity(std::string certificate_file, std::string key_file);

    std::shared_ptr<boost::asio::ssl::context> context() const;
    /// Reads the files again when either has changed since. True when there is a new identity; throws
    /// std::runtime_error, once for a change, when the new files do not fit: the old ones stay in use.
    bool refresh();
    /// When the certificate in use is good no longer.
    Time expires_at() const;

private:
    using Stamp = std::pair<std::string, std::string>;
    Stamp stamp() const;

    const std::string certificate_file_, key_file_;
    mutable std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> context_;
    Stamp read_;
};

}  // namespace bb::net
