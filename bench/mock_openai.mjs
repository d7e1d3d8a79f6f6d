#!/usr/bin/env node
// A stand-in for an OpenAI-compatible model: fast enough to be the floor of a measurement, and able to fail in every
// way that tests need. Loopback only.
//
//   node bench/mock_openai.mjs [--port 0] [--tokens 100] [--delay 0] [--first 0] [--port-file F]
//
// Each request may steer its own answer: [[tokens=50 delay=100 first=300]] anywhere in a message, the last one counts.
//   tokens=N   how many words            delay=N  ms between them         first=N  ms before the first
//   fail=N     answer with status N      retry=N  with Retry-After: N     failures=N  only the first N times
//   cut=N      drop the connection after N words                          huge=N   one word of N bytes
//   garbage=1  an event that is no JSON  mute=1   never answer            cite=N   the answer cites passages 1 to N
//
// POST /v1/chat/completions (streamed or not), POST /v1/embeddings, GET /v1/models,
// GET /__stats, GET /__last (the last chat request), POST /__reset
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { pathToFileURL } from "node:url";

const MODEL = "mock";
const zero = { requests: 0, plain: 0, streams: 0, done: 0, aborted: 0, peak: 0, lastAbort: 0 };

/** The words of an answer. */
export function words({ tokens = 100, cite = 0, huge = 0 } = {}) {
    const list = Array.from({ length: tokens }, (_, i) => ` tok${i}`);
    for (let n = 1; n <= cite; n += 1) list.splice(Math.min(2 * n, list.length), 0, ` [${n}]`);
    if (huge) list.splice(1, 0, "x".repeat(huge));
    return list;
}

const event = (value) => `data: ${JSON.stringify(value)}\n\n`;
const chunk = (delta, finish = null) =>
    event({
        id: "chatcmpl-mock",
        object: "chat.completion.chunk",
        created: 1,
        model: MODEL,
        choices: [{ index: 0, delta, finish_reason: finish }],
    });
const usageOf = (count) => ({ prompt_tokens: 10, completion_tokens: count, total_tokens: 10 + count });

/** The frames of a stream, rendered once for each shape: a measurement should not measure us. */
const rendered = new Map();
function framesFor(settings, withUsage) {
    const key = `${settings.tokens}/${settings.cite}/${settings.huge}/${withUsage}`;
    if (!rendered.has(key)) {
        if (rendered.size > 100) rendered.clear();
        const list = words(settings);
        const frames = list.map((content, i) =>
            chunk(i === 0 ? { role: "assistant", content } : { content }),
        );
        let last = chunk({}, "stop");
        if (withUsage) {
            const usage = usageOf(list.length);
            last += event({
                id: "chatcmpl-mock",
                object: "chat.completion.chunk",
                model: MODEL,
                choices: [],
                usage,
            });
        }
        frames.push(`${last}data: [DONE]\n\n`);
        rendered.set(
            key,
            frames.map((frame) => Buffer.from(frame)),
        );
    }
    return rendered.get(key);
}

function settingsOf(text, defaults) {
    const settings = {
        cut: -1,
        fail: 0,
        failures: 0,
        garbage: 0,
        huge: 0,
        mute: 0,
        cite: 0,
        retry: -1,
        ...defaults,
    };
    const found = [...text.matchAll(/\[\[([a-z]+=\d+(?: [a-z]+=\d+)*)\]\]/g)].at(-1);
    if (!found) return settings;
    for (const pair of found[1].split(" ")) {
        const [name, value] = pair.split("=");
        if (name in settings) settings[name] = Number(value);
    }
    settings.key = found[1];
    return settings;
}

function sendJson(response, status, value, headers = {}) {
    const body = JSON.stringify(value);
    response.writeHead(status, {
        "content-type": "application/json",
        "content-length": Buffer.byteLength(body),
        ...headers,
    });
    response.end(body);
}

/** A unit vector that depends on the text alone. */
function embedding(text, dimensions) {
    const bytes = createHash("sha256").update(text).digest();
    const raw = Array.from(
        { length: dimensions },
        (_, i) => bytes[i % 32] / 127.5 - 1 + ((i * 31) % 7) / 100,
    );
    const length = Math.hypot(...raw);
    return raw.map((x) => x / length);
}

class Mock {
    constructor(defaults) {
        this.defaults = defaults;
        this.stats = { ...zero, active: 0 };
        this.failed = new Map();
        this.last = null;
        this.server = createServer((request, response) => this.handle(request, response));
        this.server.keepAliveTimeout = 60_000;
    }

    async handle(request, response) {
        const { method, url } = request;
        if (method === "GET" && url === "/__stats") return sendJson(response, 200, this.stats);
        if (method === "GET" && url === "/__last") return sendJson(response, 200, this.last);
        if (method === "GET" && url === "/v1/models") {
            const data = [{ id: MODEL, object: "model", created: 1, owned_by: "mock" }];
            return sendJson(response, 200, { object: "list", data });
        }
        if (method !== "POST")
            return sendJson(response, 404, { error: { message: "no such path", type: "mock" } });
        const pieces = [];
        try {
            for await (const piece of request) pieces.push(piece);
        } catch {
            return undefined; // the client went away while it sent
        }
        if (url === "/__reset") {
            Object.assign(this.stats, zero);
            this.failed.clear();
            return sendJson(response, 200, {});
        }
        return this.post(url, Buffer.concat(pieces).toString("utf8"), request, response);
    }

    post(url, text, request, response) {
        this.stats.requests += 1;
        let body;
        try {
            body = JSON.parse(text);
        } catch {
            return sendJson(response, 400, { error: { message: "not JSON", type: "invalid_request_error" } });
        }
        if (url === "/v1/embeddings") return this.embed(body, response);
        if (url !== "/v1/chat/completions")
            return sendJson(response, 404, { error: { message: "no such path", type: "mock" } });
        this.last = { headers: request.headers, body };
        const settings = settingsOf(text, this.defaults);
        if (this.fails(settings)) {
            const headers = settings.retry >= 0 ? { "retry-after": settings.retry } : {};
            const error = { message: "failing as told", type: "mock_failure", param: null, code: null };
            return sendJson(response, settings.fail, { error }, headers);
        }
        if (settings.mute) return undefined;
        return body.stream ? this.stream(response, settings, body) : this.plain(response, settings);
    }

    fails({ fail, failures, key }) {
        if (!fail) return false;
        if (!failures) return true;
        const times = this.failed.get(key) ?? 0;
        this.failed.set(key, times + 1);
        return times < failures;
    }

    embed(body, response) {
        const inputs = Array.isArray(body.input) ? body.input : [body.input];
        const data = inputs.map((input, index) => {
            const vector = embedding(String(input), body.dimensions ?? 256);
            const coded = Buffer.from(new Float32Array(vector).buffer).toString("base64");
            return {
                object: "embedding",
                index,
                embedding: body.encoding_format === "base64" ? coded : vector,
            };
        });
        const usage = { prompt_tokens: inputs.length, total_tokens: inputs.length };
        sendJson(response, 200, { object: "list", data, model: MODEL, usage });
    }

    plain(response, settings) {
        this.stats.plain += 1;
        const list = words(settings);
        sendJson(response, 200, {
            id: "chatcmpl-mock",
            object: "chat.completion",
            created: 1,
            model: MODEL,
            choices: [
                { index: 0, message: { role: "assistant", content: list.join("") }, finish_reason: "stop" },
            ],
            usage: usageOf(list.length),
        });
    }

    stream(response, settings, body) {
        const { stats } = this;
        stats.streams += 1;
        stats.active += 1;
        stats.peak = Math.max(stats.peak, stats.active);
        const frames = framesFor(settings, body.stream_options?.include_usage === true);
        let next = 0;
        let timer;
        response.on("close", () => {
            clearTimeout(timer);
            stats.active -= 1;
            if (response.writableFinished) {
                stats.done += 1;
            } else {
                stats.aborted += 1;
                stats.lastAbort = Date.now();
            }
        });
        response.writeHead(200, {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
        });
        response.flushHeaders();
        const step = () => {
            do {
                if (response.destroyed) return;
                if (settings.garbage && next === 1) response.write("data: {not json\n\n");
                // What was written before must leave before the connection breaks.
                if (next === settings.cut) return void setTimeout(() => response.destroy(), 5);
                response.write(frames[next]);
                next += 1;
                if (next === frames.length) return void response.end();
            } while (settings.delay === 0);
            timer = setTimeout(step, settings.delay);
        };
        if (settings.first > 0) timer = setTimeout(step, settings.first);
        else step();
    }
}

/** Starts a mock in this process: {url, stats, last(), close()}. */
export async function startMock({ port = 0, host = "127.0.0.1", tokens = 100, delay = 0, first = 0 } = {}) {
    const mock = new Mock({ tokens, delay, first });
    await new Promise((resolve, reject) => {
        mock.server.once("error", reject);
        mock.server.listen({ port, host, backlog: 4096 }, resolve);
    });
    return {
        url: `http://${host}:${mock.server.address().port}/v1`,
        stats: mock.stats,
        last: () => mock.last,
        close: () =>
            new Promise((resolve) => {
                mock.server.close(resolve);
                mock.server.closeAllConnections();
            }),
    };
}

async function main() {
    const given = (name, standard) => {
        const at = process.argv.indexOf(`--${name}`);
        return at > 0 ? process.argv[at + 1] : standard;
    };
    const number = (name, standard) => Number(given(name, standard));
    const mock = await startMock({
        port: number("port", 0),
        tokens: number("tokens", 100),
        delay: number("delay", 0),
        first: number("first", 0),
    });
    const file = given("port-file", "");
    if (file) writeFileSync(file, new URL(mock.url).port);
    console.log(`mock model on ${mock.url}`);
    for (const name of ["SIGINT", "SIGTERM"]) process.on(name, () => process.exit(0));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
