#include "base/net/tls.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <ctime>
#include <stdexcept>

namespace bb::net {
namespace {

namespace ssl = boost::asio::ssl;

// TLS 1.2: forward secrecy and authenticated encryption only (Mozilla's "intermediate" list, without DHE).
constexpr const char* ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/// Changes whenever the file is written or replaced.
std::string mark_of(const std::string& file) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) return {};
    return fmt::format("{}:{}:{}.{}", found.st_ino, found.st_size, found.st_mtim.tv_sec,
                       found.st_mtim.tv_nsec);
}

void check(const boost::system::error_code& failed, const std::string& file, std::string_view what) {
    if (failed) throw std::runtime_error(fmt::format("{} is no {}: {}.", file, what, failed.message()));
}

int choose_http(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                unsigned length, void*) {
    static constexpr unsigned char ours[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    const int met = SSL_select_next_proto(&chosen, size, ours, sizeof ours, offered, length);
    *out = chosen;
    return met == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

std::shared_ptr<ssl::context> read_identity(const std::string& certificate, const std::string& key) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    boost::system::error_code failed;
    context->use_certificate_chain_file(certificate, failed);
    check(failed, certificate, "certificate chain in PEM form");
    context->use_private_key_file(key, ssl::context::pem, failed);
    check(failed, key, "private key in PEM form that belongs to the certificate");
    SSL_CTX* native = context->native_handle();
    if (SSL_CTX_check_private_key(native) != 1)
        throw std::runtime_error(
            fmt::format("The key in {} does not belong to the certificate in {}.", key, certificate));
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(native, ciphers);
    SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);  // an idle stream holds no buffer
    SSL_CTX_set_alpn_select_cb(native, choose_http, nullptr);
    return context;
}

}  // namespace

TlsIdentity::TlsIdentity(std::string certificate_file, std::string key_file)
    : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)), read_(stamp()) {
    context_ = read_identity(certificate_file_, key_file_);
}

std::shared_ptr<ssl::context> TlsIdentity::context() const {
    const std::lock_guard lock(mutex_);
    return context_;
}

bool TlsIdentity::refresh() {
    auto now = stamp();
    {
        const std::lock_guard lock(mutex_);
        if (now == read_) return false;
        read_ = std::move(now);
    }
    auto fresh = read_identity(certificate_file_, key_file_);
    const std::lock_guard lock(mutex_);
    context_ = std::move(fresh);
    return true;
}

Time TlsIdentity::expires_at() const {
    std::tm until{};
    ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context()->native_handle())), &until);
    return Time(std::chrono::seconds(timegm(&until)));
}

TlsIdentity::Stamp TlsIdentity::stamp() const {
    return {mark_of(certificate_file_), mark_of(key_file_)};
}

}  // namespace bb::net
