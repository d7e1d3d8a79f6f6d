#!/usr/bin/python3
"""A real mail server for tests: prints what it did as JSON lines.

mail_sink.py PORT [--greylist N] [--refuse ADDRESS]...

--greylist N   the first N letters to each address are put off with 451
--refuse A     letters to A are refused for good with 550
"""
import argparse
import asyncio
import collections
import json

from aiosmtpd.smtp import SMTP


def say(**event):
    print(json.dumps(event), flush=True)


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
        say(event="letter", to=envelope.rcpt_tos[0], data=envelope.content.decode())
        return "250 2.0.0 taken"


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--greylist", type=int, default=0)
    parser.add_argument("--refuse", action="append", default=[])
    options = parser.parse_args()
    sink = Sink(options)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(sink), "127.0.0.1", options.port)
    say(event="ready")
    await server.serve_forever()


asyncio.run(main())
