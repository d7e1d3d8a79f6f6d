#include "services/fetch/fetcher.hpp"

#include <gtest/gtest.h>

#include "unit/support/fake_upstream.hpp"

namespace bb::fetch {
namespace {

using namespace std::chrono_literals;
using test::FakeUpstream;
using test::Socket;

class FetcherTest : public testing::Test {
protected:
    boost::asio::io_context loop{1};
    Executor executor = loop.get_executor();
    client::HttpClient http{executor};

    Fetched<Page> fetch(const std::string& url, const char* allowed = "127.0.0.0/8") {
        Limits limits;
        limits.bytes = 100'000;
        limits.time = 1'000ms;
        Fetcher fetcher(executor, {}, Guard(net::NetworkList::parse(allowed).value()), "BrainBytes (+test)",
                        limits);
        Fetched<Page> fetched = Unfetched();
        auto work = [&]() -> Task<void> {
            fetched = co_await fetcher.fetch(url);
        };
        test::run(loop, work());
        return fetched;
    }
};

/// Answers every request with the same text.
FakeUpstream::Script always(std::string text) {
    return [text](Socket& socket, std::string) -> Task<void> {
        std::string copy = text;
        co_await test::say(socket, std::move(copy));
    };
}

TEST_F(FetcherTest, GivesAPageWithItsType) {
    std::string seen;
    FakeUpstream site(executor, [&](Socket& socket, std::string request) -> Task<void> {
        seen = std::move(request);
        std::string text =
            test::response(200, "hello", "Content-Type: Text/HTML; charset=\"ISO-8859-1\"\r\n");
        co_await test::say(socket, std::move(text));
    });
    const auto page = fetch(site.url("/a"));
    ASSERT_TRUE(page) << page.error().words;
    EXPECT_EQ(page->body, "hello");
    EXPECT_EQ(page->type, "text/html");
    EXPECT_EQ(page->charset, "iso-8859-1");
    EXPECT_NE(seen.find("User-Agent: BrainBytes (+test)\r\n"), std::string::npos) << seen;
    EXPECT_EQ(seen.find("Cookie"), std::string::npos);
    EXPECT_EQ(seen.find("Authorization"), std::string::npos);
}

TEST_F(FetcherTest, ConnectsToNothingThatIsNotAllowed) {
    FakeUpstream site(executor, always(test::response(200, "secret")));
    const auto port = site.url("").substr(site.url("").rfind(':'));
    for (const std::string host : {"127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1"}) {
        const auto page = fetch("http://" + host + port + "/", "10.0.0.0/8");
        ASSERT_FALSE(page) << host;
        EXPECT_EQ(page.error().fault, Fault::forbidden) << host;
    }
    EXPECT_EQ(site.connections(), 0);
}

// A name may mean another address each time it is asked for: what counts is what is connected to.
TEST_F(FetcherTest, UsesNoConnectionThatIsThereAlready) {
    FakeUpstream site(executor, always(test::response(200, "of somebody else")));
    auto ours = [&]() -> Task<void> {
        co_await http.send(client::Outgoing("GET", site.url("/model")));
    };
    test::run(loop, ours());
    ASSERT_EQ(site.connections(), 1);
    const auto page = fetch(site.url("/model"), "10.0.0.0/8");
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().fault, Fault::forbidden);
    EXPECT_EQ(site.requests(), 1);
    EXPECT_TRUE(fetch(site.url("/model")));
    EXPECT_EQ(site.connections(), 2);
    test::run(loop, ours());
    EXPECT_EQ(site.connections(), 2) << "ours is kept, the other one is not";
}

TEST_F(FetcherTest, AsksNoProxy) {
    FakeUpstream proxy(executor, always(test::response(200, "by proxy")));
    FakeUpstream site(executor, always(test::response(200, "directly")));
    setenv("http_proxy", proxy.url("").c_str(), 1);
    const auto page = fetch(site.url("/"));
    const auto nowhere = fetch("http://no-such-name.invalid/");  // a proxy would know it
    unsetenv("http_proxy");
    ASSERT_TRUE(page) << page.error().words;
    EXPECT_EQ(page->body, "directly");
    ASSERT_FALSE(nowhere) << nowhere->body;
    EXPECT_EQ(nowhere.error().fault, Fault::unreachable);
    EXPECT_EQ(proxy.connections(), 0);
}

TEST_F(FetcherTest, FollowsAFewRedirects) {
    int left = 5;
    FakeUpstream site(executor, [&](Socket& socket, std::string) -> Task<void> {
        std::string text = left-- > 0 ? test::response(302, "moved", "Location: /next?a=b\r\n")
                                      : test::response(200, "there");
        co_await test::say(socket, std::move(text));
    });
    const auto page = fetch(site.url("/"));
    ASSERT_TRUE(page) << page.error().words;
    EXPECT_EQ(page->body, "there");
    EXPECT_EQ(page->url, site.url("/next?a=b"));
    EXPECT_EQ(site.requests(), 6);
    EXPECT_EQ(site.connections(), 6) << "none is used again, though the site keeps them open";
    left = 6;
    EXPECT_EQ(fetch(site.url("/")).error().fault, Fault::redirects);
    EXPECT_EQ(site.connections(), 12);
}

TEST_F(FetcherTest, ChecksEveryRedirect) {
    FakeUpstream inside(executor, always(test::response(200, "secret")));
    for (const std::string target :
         {"http://10.0.0.1/", "http://[::1]/", "http://169.254.169.254/latest/meta-data/",
          "file:///etc/passwd", "gopher://127.0.0.1/", "http://ana:secret@127.0.0.1/"}) {
        FakeUpstream site(executor, always(test::response(302, "", "Location: " + target + "\r\n")));
        const auto page = fetch(site.url("/"));
        ASSERT_FALSE(page) << target;
        EXPECT_EQ(page.error().fault, Fault::forbidden) << target;
    }
    for (const std::string& target :
         {std::string(), "/" + std::string(2000, 'a'), std::string("http://exa mple.org/"),
          std::string("http://%80example.org/"), std::string("http:///")}) {
        const auto header = target.empty() ? target : "Location: " + target + "\r\n";
        FakeUpstream site(executor, always(test::response(302, "", header)));
        const auto page = fetch(site.url("/"));
        ASSERT_FALSE(page) << target;
        EXPECT_EQ(page.error().fault, Fault::redirects) << target;
    }
    EXPECT_EQ(fetch("http://%80example.org/").error().fault, Fault::forbidden);
}

TEST_F(FetcherTest, UndoesOneKnownPackingAndNoMore) {
    const auto body = test::nothing_in_three_layers();
    const std::string one = "Content-Encoding: gzip\r\n";
    for (const std::string& headers :
         {std::string("Content-Encoding: gzip, gzip, gzip\r\n"), one + one + one,
          std::string("Transfer-Encoding: gzip, gzip, gzip\r\n"), one + "Transfer-Encoding: gzip, gzip\r\n",
          std::string("Content-Encoding: br\r\n")}) {
        FakeUpstream site(executor, always(test::response(200, body, headers)));
        const auto started = std::chrono::steady_clock::now();
        const auto page = fetch(site.url("/"));
        EXPECT_LT(std::chrono::steady_clock::now() - started, 1s) << headers;
        ASSERT_FALSE(page) << headers;
        EXPECT_EQ(page.error().fault, Fault::refused) << headers;
    }
    const auto hint = "HTTP/1.1 103 Early Hints\r\n" + one + "\r\n";
    FakeUpstream hinting(executor, always(hint + hint + test::response(200, body, one)));
    EXPECT_EQ(fetch(hinting.url("/")).error().fault, Fault::refused) << "libcurl counts those too";
    FakeUpstream packed(executor,
                        always(test::response(200, test::gzipped("hello"), "Content-Encoding: GZip\r\n")));
    EXPECT_EQ(fetch(packed.url("/")).value().body, "hello");
    FakeUpstream plain(executor, always(test::response(200, "hello", "Content-Encoding: identity\r\n")));
    EXPECT_EQ(fetch(plain.url("/")).value().body, "hello");
}

TEST_F(FetcherTest, TellsWhatASiteAnswers) {
    const std::pair<int, Fault> cases[] = {
        {404, Fault::missing}, {410, Fault::missing}, {401, Fault::refused}, {403, Fault::refused},
        {500, Fault::refused}, {204, Fault::refused}, {304, Fault::refused}};
    for (const auto& [status, fault] : cases) {
        FakeUpstream site(executor,
                          always(test::response(status, status == 204 || status == 304 ? "" : "no")));
        const auto page = fetch(site.url("/"));
        ASSERT_FALSE(page) << status;
        EXPECT_EQ(page.error().fault, fault) << status;
    }
}

TEST_F(FetcherTest, EndsWhatIsTooMuchOrTooSlow) {
    FakeUpstream huge(executor, always(test::response(200, std::string(100'001, 'x'))));
    EXPECT_EQ(fetch(huge.url("/")).error().fault, Fault::too_large);
    FakeUpstream slow(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        bool there = co_await test::say(socket, std::move(head));
        while (there) {
            std::string piece = "x";
            there = co_await test::say(socket, std::move(piece));
            co_await test::pause(20ms);
        }
    });
    const auto started = std::chrono::steady_clock::now();
    EXPECT_EQ(fetch(slow.url("/")).error().fault, Fault::too_slow);
    EXPECT_LT(std::chrono::steady_clock::now() - started, 3s);
    FakeUpstream cut(executor, [](Socket& socket, std::string) -> Task<void> {
        std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx";
        co_await test::say(socket, std::move(head));
        socket.close();
    });
    EXPECT_EQ(fetch(cut.url("/")).error().fault, Fault::unreachable);
    EXPECT_EQ(fetch("http://127.0.0.1:1/").error().fault, Fault::unreachable);
    EXPECT_EQ(fetch("http://no-such-name.invalid/").error().fault, Fault::unreachable);
}

}  // namespace
}  // namespace bb::fetch
