#include "operations/watch/doctor/certificate.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <stdexcept>

#include "base/client/address.hpp"

namespace bb::watch {
namespace {

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* thing) const {
        free(thing);
    }
};
using Cert = std::unique_ptr<X509, Freed<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Stream = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;

constexpr int look_every_ms = 20;
constexpr int most_names = 5;

void free_chain(STACK_OF(X509) * chain) {
    sk_X509_pop_free(chain, X509_free);
}
using Chain = std::unique_ptr<STACK_OF(X509), Freed<free_chain>>;

int days_left(X509* certificate) {
    int days = 0, seconds = 0;
    if (ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate)) != 1)
        throw std::runtime_error("the end of the certificate cannot be read");
    return seconds < 0 ? days - 1 : days;
}

bool fits(X509* certificate, const std::string& host) {
    in6_addr address;
    const bool numeric = ::inet_pton(AF_INET, host.c_str(), &address) == 1 ||
                         ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
    if (numeric) return X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
    return X509_check_host(certificate, host.c_str(), host.size(), 0, nullptr) == 1;
}

void free_names(GENERAL_NAMES* names) {
    GENERAL_NAMES_free(names);
}

std::string names_of(X509* certificate) {
    const std::unique_ptr<GENERAL_NAMES, Freed<free_names>> all(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    std::string text;
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()) && i < most_names; ++i) {
        const auto* one = sk_GENERAL_NAME_value(all.get(), i);
        if (one->type != GEN_DNS) continue;
        const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(one->d.dNSName));
        text += (text.empty() ? "" : ", ") +
                std::string(bytes, static_cast<std::size_t>(ASN1_STRING_length(one->d.dNSName)));
    }
    return text.empty() ? "no name" : text;
}

Context new_context(const TlsHost& host) {
    Context context(SSL_CTX_new(TLS_client_method()));
    if (!context) throw std::runtime_error("no TLS: out of memory");
    SSL_CTX_set_default_verify_paths(context.get());
    if (!host.ca_file.empty()) SSL_CTX_load_verify_locations(context.get(), host.ca_file.c_str(), nullptr);
    ERR_clear_error();
    return context;
}

Chain read_chain(const std::filesystem::path& file) {
    const Stream in(BIO_new_file(file.c_str(), "r"));
    if (!in)
        throw std::runtime_error(
            fmt::format("{} cannot be read by this account, or is not there", file.string()));
    Chain chain(sk_X509_new_null());
    while (Cert one{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)})
        sk_X509_push(chain.get(), one.release());
    ERR_clear_error();
    if (sk_X509_num(chain.get()) == 0)
        throw std::runtime_error(fmt::format("{} holds no certificate", file.string()));
    return chain;
}

/// Why the authorities of this machine do not vouch for it; empty: they do.
std::string distrust_of(X509* leaf, STACK_OF(X509) * chain, const TlsHost& host) {
    const auto context = new_context(host);
    const std::unique_ptr<X509_STORE_CTX, Freed<X509_STORE_CTX_free>> check(X509_STORE_CTX_new());
    X509_STORE_CTX_init(check.get(), SSL_CTX_get_cert_store(context.get()), leaf, chain);
    // The end is told in days.
    X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(check.get()), X509_V_FLAG_NO_CHECK_TIME);
    if (X509_verify_cert(check.get()) == 1) return {};
    return X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
}

Certificate told(X509* leaf, STACK_OF(X509) * chain, const TlsHost& host) {
    Certificate certificate;
    certificate.days = days_left(leaf);
    for (int i = 0; chain && i < sk_X509_num(chain); ++i)
        certificate.days = std::min(certificate.days, days_left(sk_X509_value(chain, i)));
    certificate.names_host = fits(leaf, host.host);
    certificate.names = names_of(leaf);
    certificate.distrust = distrust_of(leaf, chain, host);
    return certificate;
}

void connect(BIO* bio, const std::string& address, std::chrono::milliseconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    BIO_set_nbio(bio, 1);
    while (BIO_do_connect(bio) != 1) {
        char why[256] = "no answer";
        if (const auto code = ERR_get_error()) ERR_error_string_n(code, why, sizeof why);
        int fd = -1;
        BIO_get_fd(bio, &fd);
        if (!BIO_should_retry(bio) || std::chrono::steady_clock::now() > until)
            throw std::runtime_error(fmt::format("no TLS connection to {}: {}", address, why));
        pollfd socket{fd, static_cast<short>(BIO_should_read(bio) ? POLLIN : POLLOUT), 0};
        ::poll(&socket, 1, look_every_ms);
    }
}

}  // namespace

TlsHost tls_host_of(const std::string& url, const std::string& ca_file) {
    auto rest = url.substr(url.find("://") + 3);
    rest = rest.substr(0, rest.find('/'));
    const auto colon = rest.rfind(':');
    const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
    return {client::host_of(url), has_port ? rest.substr(colon + 1) : std::string("443"), ca_file};
}

Certificate certificate_in(const std::filesystem::path& file, const TlsHost& host) {
    const auto chain = read_chain(file);
    return told(sk_X509_value(chain.get(), 0), chain.get(), host);
}

bool belongs_to(const std::filesystem::path& key, const std::filesystem::path& certificate) {
    const auto chain = read_chain(certificate);
    const Stream in(BIO_new_file(key.c_str(), "r"));
    if (!in)
        throw std::runtime_error(
            fmt::format("{} cannot be read by this account, or is not there", key.string()));
    const auto no_password = [](char*, int, int, void*) {
        return 0;
    };
    const PrivateKey opened(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
    const bool fit = opened && X509_check_private_key(sk_X509_value(chain.get(), 0), opened.get()) == 1;
    ERR_clear_error();
    return fit;
}

Certificate certificate_served(const TlsHost& host, std::chrono::milliseconds limit) {
    const auto context = new_context(host);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    const Stream bio(BIO_new_ssl_connect(context.get()));
    SSL* ssl = nullptr;
    BIO_get_ssl(bio.get(), &ssl);
    if (!ssl) throw std::runtime_error("no TLS: out of memory");
    SSL_set_tlsext_host_name(ssl, host.host.c_str());
    const bool numeric = host.host.find(':') != std::string::npos;
    const auto address = (numeric ? "[" + host.host + "]" : host.host) + ":" + host.port;
    BIO_set_conn_hostname(bio.get(), address.c_str());
    connect(bio.get(), address, limit);
    const Cert leaf(SSL_get1_peer_certificate(ssl));
    if (!leaf) throw std::runtime_error(address + " shows no certificate");
    return told(leaf.get(), SSL_get_peer_cert_chain(ssl), host);
}

void judge(Findings& findings, const std::string& name, const Certificate& certificate, const TlsHost& host,
           const std::string& renew) {
    const auto left = certificate.days < 0
                          ? fmt::format("ended {} days ago", -certificate.days)
                          : fmt::format("{} days left, for {}", certificate.days, certificate.names);
    if (!certificate.names_host)
        return findings.fail(name, fmt::format("it is for {}, and not for {}", certificate.names, host.host),
                             fmt::format("Get one for {}. {}", host.host, renew));
    if (certificate.days < too_few_days) return findings.fail(name, left, renew);
    if (certificate.days < few_days) return findings.warn(name, left, renew);
    if (!certificate.distrust.empty())
        return findings.warn(
            name, fmt::format("{}; browsers may warn of it: {}", left, certificate.distrust),
            "Put the certificates of the authorities in between behind it in the same file, or take one of "
            "an "
            "authority that browsers know; for one of your own, name its file in SSL_CERT_FILE.");
    findings.ok(name, left + ", trusted");
}

}  // namespace bb::watch
