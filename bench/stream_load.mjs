#!/usr/bin/env node
// Many replies at once: opens N conversations, each on a connection of its own, and checks that every reply comes whole.
// Loopback only; ends by itself.
//
//   node bench/stream_load.mjs --url http://127.0.0.1:3000 --cookie "name=value" [--streams 2000] [--tokens 50]
//                              [--delay 100] [--ramp 4000] [--limit 60000]
//
// Prints one JSON line: {streams, complete, broken, refused, events, firstMs: {p50, p99}, lateMs: {p50, p99}, seconds}
// lateMs: how much later than `delay` a token came after the one before it.
import { randomUUID } from "node:crypto";
import { connect } from "node:net";
import { pathToFileURL } from "node:url";

const percentile = (sorted, share) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** {p50, p99, max} of numbers, rounded. */
export function spread(numbers) {
    const sorted = Float64Array.from(numbers).sort();
    const round = (x) => Math.round(x * 100) / 100;
    return {
        p50: round(percentile(sorted, 0.5)),
        p99: round(percentile(sorted, 0.99)),
        max: round(sorted.at(-1) ?? 0),
    };
}

/** One request over a raw socket; `heard(text)` gets what comes; resolves with everything when `until` was seen. */
export function exchange(url, request, { until, heard = () => {}, limit = 60_000, keep = true }) {
    const { hostname, port } = new URL(url);
    return new Promise((resolve) => {
        const socket = connect(Number(port), hostname);
        let text = "";
        let tail = "";
        const finish = (whole) => {
            clearTimeout(timer);
            socket.destroy();
            resolve({ whole, text });
        };
        const timer = setTimeout(() => finish(false), limit);
        socket.setNoDelay(true);
        socket.setEncoding("utf8");
        socket.once("connect", () => socket.write(request));
        socket.on("data", (piece) => {
            heard(piece);
            if (keep) text += piece;
            tail = (tail + piece).slice(-4096);
            if (tail.includes(until)) finish(true);
        });
        socket.once("error", () => finish(false));
        socket.once("close", () => finish(false));
    });
}

/** The bytes of a chat request in a thread of its own. */
export function chatRequest(url, cookie, words, thread = randomUUID()) {
    const message = { id: randomUUID(), role: "user", parts: [{ type: "text", text: words }] };
    const body = JSON.stringify({ id: thread, message });
    return (
        `POST /api/chat HTTP/1.1\r\nhost: ${new URL(url).host}\r\ncookie: ${cookie}\r\n` +
        `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
    );
}

class Stream {
    constructor(delay) {
        this.delay = delay;
        this.began = performance.now();
        this.events = 0;
        this.first = 0;
        this.late = [];
        this.status = "";
    }

    heard(piece) {
        if (!this.status) this.status = piece.slice(9, 12);
        const count = piece.split('"type":"text-delta"').length - 1;
        if (count === 0) return;
        const time = performance.now();
        if (this.first === 0) this.first = time - this.began;
        else this.late.push(Math.max(0, time - this.last - this.delay));
        this.last = time;
        this.events += count;
    }
}

async function one(options, wait) {
    await new Promise((resolve) => setTimeout(resolve, wait));
    const stream = new Stream(options.delay);
    const words = `Count for me [[tokens=${options.tokens} delay=${options.delay}]]`;
    const request = chatRequest(options.url, options.cookie, words);
    const { whole, text } = await exchange(options.url, request, {
        until: "data: [DONE]",
        heard: (piece) => stream.heard(piece),
        limit: options.limit,
    });
    // A whole reply holds its last word and says that it is complete.
    stream.complete =
        whole && text.includes(`tok${options.tokens - 1}`) && text.includes('"state":"complete"');
    return stream;
}

/** Runs the load and sums it up. */
export async function load({
    streams = 2000,
    tokens = 50,
    delay = 100,
    ramp = 4000,
    limit = 60_000,
    ...rest
}) {
    const began = performance.now();
    const options = { tokens, delay, limit, ...rest };
    const all = await Promise.all(
        Array.from({ length: streams }, (_, i) => one(options, (i * ramp) / streams)),
    );
    return {
        streams,
        complete: all.filter((s) => s.complete).length,
        refused: all.filter((s) => s.status && s.status !== "200").length,
        broken: all.filter((s) => !s.complete && (s.status === "200" || !s.status)).length,
        events: all.reduce((sum, s) => sum + s.events, 0),
        firstMs: spread(all.filter((s) => s.first).map((s) => s.first)),
        lateMs: spread(all.flatMap((s) => s.late)),
        seconds: Math.round((performance.now() - began) / 100) / 10,
    };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
    const given = {};
    for (let i = 2; i < process.argv.length; i += 2) {
        const value = process.argv[i + 1];
        given[process.argv[i].slice(2)] = /^\d+$/.test(value) ? Number(value) : value;
    }
    console.log(JSON.stringify(await load(given)));
}
