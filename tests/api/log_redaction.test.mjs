// Ten thousand requests that carry secrets and people's texts in every place that takes some: nothing of it may be in
// the log, however much of that is written.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { newId, say } from "../support/chat.mjs";
import { startServer } from "../support/server.mjs";

const requests = 10_000;
const at_once = 24;
const prefix = "zqmark"; // in every text and secret that is made up here
let server, model, ana, material, thread;
const secrets = new Set();

const mark = () => `${prefix}${randomBytes(6).toString("hex")}`;

/** A model that gives back what it was told, in all the ways that go wrong. */
function startEcho() {
    let turn = 0;
    const echo = http.createServer((request, response) => {
        let text = "";
        request.on("data", (chunk) => (text += chunk));
        request.on("end", () => {
            secrets.add(request.headers.authorization);
            const said = JSON.stringify({ error: { message: text, code: mark() } });
            turn += 1;
            if (turn % 5 === 0) response.writeHead(400, { "content-type": "application/json" }).end(said);
            else if (turn % 5 === 1) response.writeHead(500, { "x-why": mark() }).end(text);
            else if (turn % 5 === 2) response.writeHead(200, { "content-type": "text/plain" }).end(text);
            else if (turn % 5 === 3) {
                response.writeHead(200, { "content-type": "text/event-stream" });
                response.write(
                    `data: {"choices":[{"delta":{"content":"${mark()}"}}]}\n\ndata: ${mark()}\n\n`,
                );
                response.socket.destroy();
            } else {
                response.writeHead(200, { "content-type": "text/event-stream" });
                const delta = `{"choices":[{"delta":{"content":"${mark()}"}}]}`;
                const end = '{"choices":[{"delta":{},"finish_reason":"stop"}]}';
                response.end(`data: ${delta}\n\ndata: ${end}\n\ndata: [DONE]\n\n`);
            }
        });
    });
    return new Promise((resolve) => echo.listen(0, "127.0.0.1", () => resolve(echo)));
}

before(async () => {
    model = await startEcho();
    server = await startServer({
        env: {
            BRAINBYTES_LOG_LEVEL: "debug",
            BRAINBYTES_SECRET: mark(),
            OPENAI_BASE_URL: `http://127.0.0.1:${model.address().port}/v1`,
            OPENAI_API_KEY: mark(),
            METRICS_TOKEN: mark(),
        },
    });
    ana = await server.as("ana@example.org");
    secrets.add(ana.cookie.split("=")[1]);
    const made = await ana.request("/api/materials", { method: "POST", json: { title: mark() } });
    assert.equal(made.status, 201, made.text);
    material = made.json.id;
    thread = newId();
});
after(async () => {
    await server?.stop();
    model?.close();
});

const json = (method, target, body, more = {}) => [
    target,
    { method, json: body, cookie: ana.cookie, ...more },
];
const form = (name, text) => {
    const data = new FormData();
    data.append("file", new Blob([text]), name);
    return data;
};

/** One of each kind, in turn. */
const kinds = [
    () => json("POST", "/api/auth/email", { email: `${mark()}@example.org`, language: "en" }),
    () => json("POST", "/api/auth/email", { email: mark(), name: mark() }),
    () => json("POST", "/api/auth/code", { email: `${mark()}@example.org`, code: "918273" }),
    () => json("POST", "/api/auth/link", { token: mark() }, { cookie: undefined }),
    () => json("POST", "/api/auth/recovery", { email: `${mark()}@example.org`, code: mark().slice(0, 16) }),
    () => json("POST", "/api/auth/passkey", { id: mark(), response: { clientDataJSON: mark() } }),
    () => [`/api/auth/github/callback?code=${mark()}&state=${mark()}&error=${mark()}`, {}],
    () => ["/api/me", { cookie: `brainbytes_session=${mark()}; other=${mark()}` }],
    () => ["/api/threads", { headers: { authorization: `Bearer bb_${mark()}` } }],
    () => ["/api/threads", { headers: { authorization: `Basic ${mark()}`, referer: `http://x/${mark()}` } }],
    () => json("POST", "/api/materials", { title: mark(), description: mark(), extra: mark() }),
    () => json("PATCH", `/api/materials/${material}`, { title: mark() }),
    () => json("POST", `/api/materials/${material}/entries`, { title: mark(), text: mark() }),
    () => json("POST", `/api/materials/${material}/entries`, { title: mark(), content: `# ${mark()}` }),
    () => [
        `/api/materials/${material}/files`,
        { method: "POST", body: form(`${mark()}.md`, `# ${mark()}`), cookie: ana.cookie },
    ],
    () => [
        `/api/materials/${material}/files`,
        { method: "POST", body: form(`${mark()}.exe`, mark()), cookie: ana.cookie },
    ],
    () => [`/api/search?q=${mark()}+${mark()}`, { cookie: ana.cookie }],
    () => [`/api/search?q=%ff${mark()}&in=${mark()}`, { cookie: ana.cookie }],
    () => json("POST", "/api/threads", { title: mark() }),
    () => json("PATCH", `/api/threads/${mark()}`, { title: mark() }),
    () => json("POST", "/api/subjects", { name: mark() }),
    () => [`/${mark()}/${mark()}?${mark()}=${mark()}&%zz`, {}],
    () => [`/api/${mark()}?token=${mark()}`, { method: "DELETE", cookie: ana.cookie }],
    () => ["/api/threads", { method: "POST", body: `{"title":"${mark()}`, cookie: ana.cookie }],
    () => [
        "/api/threads",
        {
            method: "POST",
            body: `{"a":"${mark()}",}`,
            headers: { "content-type": "application/json" },
            cookie: ana.cookie,
        },
    ],
    () => [
        "/api/session",
        { headers: { "user-agent": mark(), "x-forwarded-for": mark(), traceparent: `00-${mark()}` } },
    ],
    () => json("POST", "/api/materials", { title: mark() }, { headers: { "idempotency-key": mark() } }),
    () =>
        json("POST", "/api/threads", { title: mark() }, { headers: { origin: `http://${mark()}.example` } }),
    () => json("POST", "/api/keys", { name: mark(), scopes: [mark()] }),
    () => json("PATCH", "/api/me", { name: mark() }),
    () => json("PATCH", "/api/me", { name: mark(), email: `${mark()}@example.org` }),
    () => [
        "/api/metrics",
        { headers: { authorization: `Bearer ${mark()}`, "x-forwarded-for": "203.0.113.7" } },
    ],
    () => [`/api/mail/unsubscribe?token=${mark()}`, { method: "POST" }],
];
const costly = [
    () => json("POST", "/api/chat", { id: newId(), message: say(`${mark()} ${mark()}?`) }),
    () => json("POST", "/api/chat", { id: thread, message: say(mark()) }),
    () => json("POST", "/api/completion", { prompt: mark(), text: mark(), action: "continue" }),
];

async function everything() {
    let next = 0;
    const counts = new Map();
    const worker = async () => {
        for (let i = next++; i < requests; i = next++) {
            // The database goes too, and comes back: failures have reasons.
            if (i === requests / 2) for (const pid of server.databasePids()) process.kill(pid, "SIGKILL");
            const kind = i % 50 === 0 ? costly[(i / 50) % costly.length] : kinds[i % kinds.length];
            const [target, options] = kind();
            const { status } = await server.request(target, { timeout: 60_000, ...options });
            counts.set(status, (counts.get(status) ?? 0) + 1);
        }
    };
    await Promise.all(Array.from({ length: at_once }, worker));
    return counts;
}

/** All that the server has kept of its log, once it stands still. */
async function wholeLog() {
    const folder = path.join(server.dataFolder, "logs");
    const read = () =>
        readdirSync(folder)
            .map((name) => readFileSync(path.join(folder, name), "utf8"))
            .join("");
    for (let text = read(); ;) {
        await pause(500);
        const later = read();
        if (later.length === text.length) return text;
        text = later;
    }
}

test("no secret and nobody's text is in the log", { timeout: 600_000 }, async () => {
    const key = await ana.request("/api/keys", { method: "POST", json: { name: mark(), scopes: ["read"] } });
    assert.equal(key.status, 201, key.text);
    const token = /bb_[\w-]+/.exec(key.text)[0];
    secrets.add(token);
    await server.request("/api/threads", { headers: { authorization: `Bearer ${token}` } });
    await server.request("/api/auth/email", {
        method: "POST",
        json: { email: "ana@example.org", language: "en" },
    });

    const counts = await everything();
    for (const status of [200, 201, 202, 400, 401, 404, 415, 422])
        assert.ok(counts.get(status) > 0, `${status}: ${JSON.stringify([...counts])}`);
    for (const name of readdirSync(path.join(server.dataFolder, "outbox")).slice(0, 200)) {
        const mail = readFileSync(path.join(server.dataFolder, "outbox", name), "utf8");
        const link = /link#([\w-]{20,})/.exec(mail.replace(/=\r\n/g, ""));
        if (link) secrets.add(link[1]);
    }
    const codes = readdirSync(path.join(server.dataFolder, "outbox")).flatMap((name) => {
        const mail = readFileSync(path.join(server.dataFolder, "outbox", name), "utf8");
        return /^Subject: (\d{6,8}) /m.exec(mail)?.[1] ?? [];
    });
    const log = await wholeLog();
    const lines = log.trim().split("\n");
    assert.ok(lines.filter((line) => line.includes('"event":"request"')).length >= requests);
    assert.ok(log.includes('"event":"model call failed"'));
    const leaks = lines.filter(
        (line) => line.toLowerCase().includes(prefix) || line.includes("@example.org"),
    );
    assert.deepEqual([...new Set(leaks)].slice(0, 10), []);
    assert.ok(secrets.size > 3);
    for (const secret of secrets) assert.ok(!log.includes(secret), "a secret that was in use is in the log");
    assert.ok(codes.length > 10);
    // Ids are random and hold any six digits sooner or later.
    const withoutIds = log.replace(/"(id|request|traceId|user|key)":"[^"]*"/g, "");
    const numbers = new Set(withoutIds.match(/(?<![\w.-])\d{6,8}(?![\w.-])/g));
    assert.deepEqual(
        codes.filter((code) => numbers.has(code)),
        [],
    );
});
