// Health, readiness and metrics: what they say, to whom, and when the database is away.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startDatabase } from "../support/database.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

const token = "a-token-for-scrapes";
let server, model;

before(async () => {
    model = await startModel();
    server = await startServer({
        env: { ...model.env, METRICS_TOKEN: token, BRAINBYTES_TRUSTED_PROXIES: "127.0.0.2" },
    });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const forwarded = { "x-forwarded-for": "203.0.113.9" };
const bearer = (value) => ({ authorization: `Bearer ${value}` });

/** Asks until `good` is content; the last answer. */
async function until(ask, good, limit = 30_000) {
    const deadline = Date.now() + limit;
    for (;;) {
        const answer = await ask();
        if (good(answer) || Date.now() > deadline) return answer;
        await pause(50);
    }
}

test("health has the shape of the deployment plan", async () => {
    const { status, json, headers } = await server.request("/api/health", { headers: forwarded });
    assert.equal(status, 200);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.deepEqual(Object.keys(json), ["status", "timestamp", "version", "services"]);
    assert.equal(json.status, "healthy");
    assert.ok(Math.abs(Date.parse(json.timestamp) - Date.now()) < 60_000);
    assert.match(json.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual(json.services, { database: "connected", openai: "available", auth: "operational" });
});

test("health+json is the draft's form", async () => {
    const headers = { accept: "application/health+json" };
    const answer = await server.request("/api/health", { headers });
    assert.equal(answer.status, 200);
    assert.match(answer.headers.get("content-type"), /^application\/health\+json/);
    assert.equal(answer.json.status, "pass");
    const [database] = answer.json.checks["postgres:responseTime"];
    assert.equal(database.status, "pass");
    assert.equal(database.observedUnit, "ms");
    assert.ok(database.observedValue > 0 && database.observedValue < 1000);
    assert.match(answer.json.releaseId, /^\w+/);
    const outside = await server.request("/api/health", { headers: { ...headers, ...forwarded } });
    assert.deepEqual(Object.keys(outside.json).sort(), ["serviceId", "status", "version"]);
});

test("details are for this machine, administrators and the token, never through a proxy alone", async () => {
    const health = async (options) => (await server.request("/api/health", options)).json.details;
    const known = await until(
        () => server.request("/api/health"),
        ({ json }) => json.details.schema > 0,
    );
    assert.ok(known.json.details.schema > 0);
    assert.equal(await health({ headers: forwarded }), undefined);
    assert.equal(await health({ headers: { via: "1.1 proxy" } }), undefined);
    assert.equal(await health({ headers: { ...forwarded, ...bearer("wrong") } }), undefined);
    assert.ok(await health({ headers: { ...forwarded, ...bearer(token) } }));
    const { cookie } = await server.admin();
    assert.ok(await health({ headers: forwarded, cookie }));
    const student = await server.student();
    assert.equal(await health({ headers: forwarded, cookie: student.cookie }), undefined);
});

test("metrics want this machine or the token", async () => {
    const ask = (headers) => server.request("/api/metrics", { headers });
    assert.equal((await ask({})).status, 200);
    assert.equal((await ask(forwarded)).status, 401);
    assert.equal((await ask({ ...forwarded, ...bearer("wrong") })).status, 401);
    assert.equal((await ask(bearer("wrong"))).status, 401, "a wrong token is told, also on this machine");
    const scraped = await ask({ ...forwarded, ...bearer(token) });
    assert.equal(scraped.status, 200);
    assert.match(scraped.headers.get("content-type"), /^text\/plain; version=0\.0\.4/);
    const open = await ask({ accept: "application/openmetrics-text" });
    assert.match(open.headers.get("content-type"), /^application\/openmetrics-text; version=1\.0\.0/);
    assert.ok(open.text.endsWith("# EOF\n"));
});

test("metrics count by route template and show what is in use", async () => {
    const ana = await server.as("ana@example.org");
    const made = await ana.request("/api/threads", { method: "POST", json: {} });
    await ana.request(`/api/threads/${made.json.id}`);
    const { text } = await until(
        () => server.request("/api/metrics"),
        ({ text }) => /brainbytes_db_connections\{[^}]*use="pipeline"\} 2/.test(text),
    );
    assert.match(text, /brainbytes_http_requests_total\{[^}]*route="\/api\/threads\/\{id\}"[^}]*\} 1\n/);
    assert.ok(!text.includes(made.json.id), "never an id in a label");
    for (const family of [
        "brainbytes_http_request_duration_seconds_bucket",
        "brainbytes_time_to_first_token_seconds_count",
        "brainbytes_active_streams",
        "brainbytes_db_connections",
        "brainbytes_db_statements_in_flight",
        "brainbytes_db_transactions_waiting",
        "brainbytes_pool_waiting",
        "process_resident_memory_bytes",
        "brainbytes_build_info",
    ])
        assert.match(text, new RegExp(`^${family}\\b`, "m"), family);
});

test("without a model the service is healthy and says that none is configured", async (t) => {
    const plain = await startServer();
    t.after(() => plain.stop());
    const { json } = await plain.request("/api/health");
    assert.equal(json.status, "healthy");
    assert.equal(json.services.openai, "not configured");
});

test("a dead database is told at once; the process lives, and recovers by itself", async (t) => {
    const own = await startServer();
    t.after(() => own.stop());
    for (const pid of own.databasePids()) process.kill(pid, "SIGKILL");
    const away = await until(
        () => own.request("/readyz"),
        ({ status }) => status === 503,
    );
    assert.equal(away.status, 503);
    assert.equal((await own.request("/livez")).status, 200);
    const back = await until(
        () => own.request("/readyz"),
        ({ status }) => status === 200,
    );
    assert.equal(back.json.status, "ready");
    // Each loop has connections of its own and is back when they are.
    const healthy = await until(
        () => own.request("/api/health"),
        ({ json }) => json.status === "healthy",
    );
    assert.equal(healthy.json.status, "healthy");
});

test("a schema that others have moved on makes the server unready", async (t) => {
    const database = await startDatabase();
    const own = await startServer({ env: { DATABASE_URL: database.url } });
    t.after(async () => {
        await own.stop();
        await database.stop();
    });
    await database.query(
        "INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, 'later', 'x')",
    );
    const moved = await until(
        () => own.request("/readyz"),
        ({ status }) => status === 503,
    );
    assert.equal(moved.json.status, "schema does not fit");
    const health = await own.request("/api/health");
    assert.equal(health.status, 503);
    assert.equal(health.json.status, "unhealthy");
    // It has only added something, and says so: the release before goes on.
    await database.query("UPDATE schema_migrations SET phase = 'expand' WHERE number = 9999");
    const added = await until(
        () => own.request("/readyz"),
        ({ status }) => status === 200,
    );
    assert.equal(added.status, 200);
    await database.query("UPDATE schema_migrations SET phase = 'contract' WHERE number = 9999");
    await until(
        () => own.request("/readyz"),
        ({ status }) => status === 503,
    );
    await database.query("DELETE FROM schema_migrations WHERE number = 9999");
    const fits = await until(
        () => own.request("/readyz"),
        ({ status }) => status === 200,
    );
    assert.equal(fits.status, 200);
});

/** A request whose head is sent in part: `finish()` sends the rest and gives all of the answer. */
async function beginRequest(server, target) {
    const socket = net.connect(server.port, "127.0.0.1");
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\n`);
    return {
        finish: async () => {
            socket.write("\r\n");
            let text = "";
            for await (const piece of socket) text += piece; // a draining server closes after it
            return text;
        },
    };
}

test("a draining server says so until it ends", async (t) => {
    const own = await startServer({ env: model.env });
    t.after(() => own.stop());
    const ana = await own.as("ana@example.org");
    const thread = crypto.randomUUID();
    const message = {
        id: "q",
        role: "user",
        parts: [{ type: "text", text: "Wait [[tokens=120 delay=50]]" }],
    };
    const reply = ana.request("/api/chat", { method: "POST", json: { id: thread, message } });
    await until(
        () => own.request("/api/metrics"),
        ({ text }) => /brainbytes_active_streams 1/.test(text),
    );
    const asked = await beginRequest(own, "/readyz");
    const stopped = own.stop({ keep: true });
    // The listening sockets close with the first step of the drain; what was begun before is answered.
    const closed = await until(
        () => own.request("/readyz").catch((fault) => ({ fault })),
        ({ fault }) => fault,
    );
    assert.ok(closed.fault, "a draining server takes no new connections");
    const draining = await asked.finish();
    assert.match(draining, /^HTTP\/1\.1 503 /);
    assert.match(draining, /\r\n\r\n\{"status":"draining"\}$/);
    assert.match((await reply).text, /\[DONE\]/, "the reply under way is finished");
    await stopped;
});
