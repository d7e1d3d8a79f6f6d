#include "base/client/mailer.hpp"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "unit/support/fake_upstream.hpp"

namespace bb::client {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using test::Socket;

/// A mail server with one mailbox on the test's own loop.
struct MailServer {
    explicit MailServer(Executor executor, std::string rcpt_answer = "250 fine\r\n")
        : acceptor(executor, tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0)),
          rcpt_answer(std::move(rcpt_answer)) {
        boost::asio::co_spawn(executor, serve(), boost::asio::detached);
    }

    std::string url() const { return "smtp://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()); }

    Task<std::string> line(Socket& socket) {
        for (;;) {
            if (const auto end = pending.find("\r\n"); end != std::string::npos) {
                std::string first = pending.substr(0, end);
                pending.erase(0, end + 2);
                co_return first;
            }
            char piece[512];
            auto [error, bytes] = co_await socket.async_read_some(boost::asio::buffer(piece), use_task_tuple);
            if (error) co_return "QUIT";
            pending.append(piece, bytes);
        }
    }

    Task<void> letter_from(Socket& socket) {
        std::string go = "354 go on\r\n";
        co_await test::say(socket, std::move(go));
        for (;;) {
            const std::string next = co_await line(socket);
            if (next == "." || next == "QUIT") break;
            letter += next + "\n";
        }
    }

    Task<void> serve() {
        auto [error, socket] = co_await acceptor.async_accept(use_task_tuple);
        if (error) co_return;
        std::string answer = "220 here\r\n";
        for (;;) {
            co_await test::say(socket, std::move(answer));
            const std::string command = co_await line(socket);
            answer = "250 fine\r\n";
            commands += command + "\n";
            if (command == "DATA") co_await letter_from(socket);
            if (command.starts_with("RCPT")) answer = rcpt_answer;
            if (command == "QUIT") co_return;
        }
    }

    boost::asio::basic_socket_acceptor<tcp, Executor> acceptor;
    std::string rcpt_answer;
    std::string pending;
    std::string commands;
    std::string letter;
};

class MailerTest : public testing::Test {
protected:
    boost::asio::io_context loop{1};
    Mailer mailer;

    MailOutcome send(MailEnvelope envelope) {
        MailOutcome outcome;
        auto work = [&]() -> Task<void> {
            outcome = co_await mailer.send_mail(std::move(envelope));
        };
        test::run(loop, work());
        return outcome;
    }
};

TEST_F(MailerTest, HandsALetterOver) {
    MailServer server(loop.get_executor());
    const auto outcome = send(MailEnvelope(server.url(), "tutor@example.org", "ana@example.org",
                                           "Subject: Code\n\nLine one\r\n.hidden dot\n"));
    EXPECT_TRUE(outcome.accepted) << outcome.detail;
    EXPECT_NE(server.commands.find("MAIL FROM:<tutor@example.org>"), std::string::npos) << server.commands;
    EXPECT_NE(server.commands.find("RCPT TO:<ana@example.org>"), std::string::npos);
    EXPECT_EQ(server.letter, "Subject: Code\n\nLine one\n..hidden dot\n");
}

TEST_F(MailerTest, ARefusedRecipientIsPermanentAndABusyServerIsNot) {
    MailServer refusing(loop.get_executor(), "550 no such person\r\n");
    auto outcome = send(MailEnvelope(refusing.url(), "tutor@example.org", "ana@example.org", "x\n"));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_TRUE(outcome.permanent);
    EXPECT_EQ(outcome.detail.find("ana@"), std::string::npos) << outcome.detail;

    MailServer busy(loop.get_executor(), "451 later\r\n");
    outcome = send(MailEnvelope(busy.url(), "tutor@example.org", "ana@example.org", "x\n"));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_FALSE(outcome.permanent);
}

TEST_F(MailerTest, TriesAgainUntilThereIsNoPauseLeftOrNoTime) {
    MailEnvelope envelope("smtp://127.0.0.1:1", "tutor@example.org", "ana@example.org", "x\n");
    envelope.pauses = {100ms, 100ms};
    auto began = std::chrono::steady_clock::now();
    EXPECT_FALSE(send(envelope).accepted);
    EXPECT_GE(std::chrono::steady_clock::now() - began, 200ms);
    EXPECT_EQ(mailer.under_way(), 0);
    envelope.pauses = {1h, 1h};
    mailer.hurry();
    began = std::chrono::steady_clock::now();
    EXPECT_FALSE(send(envelope).accepted);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
}

TEST_F(MailerTest, NobodyThereIsAnOutcome) {
    const auto outcome =
        send(MailEnvelope("smtp://127.0.0.1:1", "tutor@example.org", "ana@example.org", "x\n"));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_FALSE(outcome.permanent);
    EXPECT_FALSE(outcome.detail.empty());
}

TEST_F(MailerTest, AnAddressCannotCarryACommand) {
    for (const char* to : {"ana@example.org>\r\nRCPT TO:<ben@example.org", "ana", "", "a b@example.org"}) {
        const auto outcome = send(MailEnvelope("smtp://127.0.0.1:1", "tutor@example.org", to, "x\n"));
        EXPECT_TRUE(outcome.permanent) << to;
    }
}

TEST(MustEncrypt, SparesThisMachineWithoutAPasswordAlone) {
    for (const char* plain : {"smtp://localhost", "smtp://127.0.0.1:1025", "smtp://[::1]:25"})
        EXPECT_FALSE(must_encrypt(plain)) << plain;
    for (const char* url :
         {"smtp://mail.example", "smtp://10.0.0.1", "smtp://[2001:db8::1]", "smtp://127.example",
          "smtp://localhost.example", "smtp://me:word@localhost", "smtp://me@127.0.0.1", "smtp://", ""})
        EXPECT_TRUE(must_encrypt(url)) << url;
}

TEST_F(MailerTest, ASilentServerMeetsTheDeadline) {
    boost::asio::basic_socket_acceptor<tcp, Executor> mute(
        loop.get_executor(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    MailEnvelope envelope("smtp://127.0.0.1:" + std::to_string(mute.local_endpoint().port()),
                          "tutor@example.org", "ana@example.org", "x\n");
    envelope.deadline = 200ms;
    const auto outcome = send(std::move(envelope));
    EXPECT_FALSE(outcome.accepted);
    EXPECT_FALSE(outcome.permanent);
}

}  // namespace
}  // namespace bb::client
