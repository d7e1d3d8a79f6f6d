#!/usr/bin/python3
"""A real mail server for tests: prints what it did as JSON lines.

mail_sink.py PORT [--greylist N] [--refuse ADDRESS]... [--tls CERTIFICATE KEY [--implicit]] [--sign-in USER:PASSWORD]

--greylist N       the first N letters to each address are put off with 451
--refuse A         letters to A are refused for good with 550
--tls C K          offers STARTTLS with these PEM files; --implicit: speaks TLS from the start
--sign-in U:P      takes letters only after this sign-in, which it also offers in plain text, as a trap
"""
import argparse
import asyncio
import collections
import json
import logging
import ssl
import warnings

from aiosmtpd.smtp import SMTP, AuthResult


def say(**event):
    print(json.dumps(event), flush=True)


def encrypted(server):
    return server.transport.get_extra_info("ssl_object") is not None


class Sink:
    def __init__(self, options):
        self.options = options
        self.seen = collections.Counter()

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        self.seen[address] += 1
        if address in self.options.refuse:
            say(event="refused", to=address)
            return "550 5.1.1 no such person"
        if self.seen[address] <= self.options.greylist:
            say(event="put off", to=address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        to = envelope.rcpt_tos[0]
        say(event="letter", to=to, data=envelope.content.decode(), tls=encrypted(server))
        return "250 2.0.0 taken"

    def sign_in(self, server, session, envelope, mechanism, data):
        given = f"{data.login.decode()}:{data.password.decode()}"
        right = given == self.options.sign_in
        say(event="sign-in", right=right, tls=encrypted(server))
        return AuthResult(success=right, handled=False)


def context_of(options):
    if not options.tls:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*options.tls)
    return context


async def main():
    warnings.simplefilter("ignore")  # the trap is meant, and clients that go away are too
    logging.getLogger("mail").setLevel(logging.CRITICAL)
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--greylist", type=int, default=0)
    parser.add_argument("--refuse", action="append", default=[])
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--sign-in")
    options = parser.parse_args()
    sink = Sink(options)
    context = context_of(options)
    how = {} if options.implicit else {"tls_context": context}
    if options.sign_in:
        how |= {"authenticator": sink.sign_in, "auth_required": True, "auth_require_tls": False}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(sink, **how), "127.0.0.1", options.port, ssl=context if options.implicit else None
    )
    say(event="ready")
    await server.serve_forever()


asyncio.run(main())
