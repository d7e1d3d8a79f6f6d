#include "base/db/transport.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/db/error.hpp"

namespace bb::db {
namespace {

const std::string authorities = "sslrootcert=/etc/ssl/certs/ca-certificates.crt";

TEST(Transport, ADatabaseElsewhereIsVerified) {
    EXPECT_EQ(with_verified_tls("postgresql://u:p@db.example/brain"),
              "postgresql://u:p@db.example/brain?sslmode=verify-full&" + authorities);
    EXPECT_EQ(with_verified_tls("postgresql://db.example/brain?application_name=x"),
              "postgresql://db.example/brain?application_name=x&sslmode=verify-full&" + authorities);
    EXPECT_EQ(with_verified_tls("host=10.0.0.5 dbname=b"),
              "host=10.0.0.5 dbname=b sslmode=verify-full " + authorities);
    EXPECT_EQ(with_verified_tls("postgresql://localhost,db.example/b?sslrootcert=/ca.pem"),
              "postgresql://localhost,db.example/b?sslrootcert=/ca.pem&sslmode=verify-full");
}

TEST(Transport, AnExplicitWishAndThisMachineStay) {
    for (const std::string same : {"postgresql://db.example/b?sslmode=require", "postgresql://localhost/b",
                                   "postgresql://127.0.0.1:5433/b", "postgresql://[::1]/b",
                                   "host=/run/postgresql dbname=b", "postgresql:///b?host=/tmp/x"})
        EXPECT_EQ(with_verified_tls(same), same);
}

TEST(Transport, AWeakWishIsWarnedOf) {
    EXPECT_NE(transport_warning("postgresql://db.example/b?sslmode=require").find("sslmode=require"),
              std::string::npos);
    EXPECT_EQ(transport_warning(with_verified_tls("postgresql://db.example/b")), "");
    EXPECT_EQ(transport_warning("postgresql://localhost/b?sslmode=disable"), "");
}

TEST(Transport, TheEnvironmentCountsWhereTheConnectionSaysNothing) {
    setenv("PGHOST", "db.example", 1);
    EXPECT_EQ(with_verified_tls("dbname=b"), "dbname=b sslmode=verify-full " + authorities);
    setenv("PGSSLMODE", "require", 1);
    EXPECT_EQ(with_verified_tls("dbname=b"), "dbname=b");
    EXPECT_NE(transport_warning("dbname=b"), "");
    unsetenv("PGHOST");
    unsetenv("PGSSLMODE");
    EXPECT_EQ(with_verified_tls("dbname=b"), "dbname=b");
}

TEST(Transport, ASilentNetworkEndsAConnectionElsewhere) {
    const std::string idle = "keepalives_idle=10", interval = "keepalives_interval=5",
                      count = "keepalives_count=3", taken = "tcp_user_timeout=30000";
    EXPECT_EQ(with_bounded_silence("postgresql://u:p@db.example/brain"),
              "postgresql://u:p@db.example/brain?" + taken + "&" + idle + "&" + interval + "&" + count);
    EXPECT_EQ(with_bounded_silence("host=10.0.0.5 dbname=b"),
              "host=10.0.0.5 dbname=b " + taken + " " + idle + " " + interval + " " + count);
    EXPECT_EQ(with_bounded_silence("postgresql://db.example/b?keepalives_idle=60&tcp_user_timeout=0"),
              "postgresql://db.example/b?keepalives_idle=60&tcp_user_timeout=0&" + interval + "&" + count);
    for (const std::string same : {"postgresql://localhost/b", "host=/run/postgresql dbname=b"})
        EXPECT_EQ(with_bounded_silence(same), same);
    const auto both = with_bounded_silence(with_verified_tls("postgresql://db.example/b"));
    EXPECT_EQ(transport_warning(both), "") << "libpq reads it";
}

TEST(Transport, WhatLibpqCannotReadIsSaid) {
    EXPECT_THROW(with_verified_tls("postgresql://db.example/b?nonsense=1"), Unavailable);
    EXPECT_THROW(with_bounded_silence("postgresql://db.example/b?nonsense=1"), Unavailable);
}

}  // namespace
}  // namespace bb::db
