// `brainbytes dns failover`: two hosts on two addresses of this machine, one of which goes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";
import { after, test } from "node:test";

import { makeCertificate } from "../support/certificates.mjs";
import { startCloudflare } from "../support/cloudflare.mjs";
import { freePort, program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const name = "tutor.school.example";
const first = "127.0.0.1";
const second = "127.0.0.2";
const recoveryTime = 15 * 60; // seconds, of the deployment plan

const folder = temporaryFolder("bb-dns");
after(() => rmSync(folder, { recursive: true, force: true }));

/** A host that answers as `host.status` says; 0: it closes the connection. */
async function startHost(t, address, port, tls) {
    const host = { status: 200, asked: [] };
    const answer = (request, response) => {
        host.asked.push({ host: request.headers.host, path: request.url, name: request.socket.servername });
        if (host.status === 0) request.socket.destroy();
        else response.writeHead(host.status).end();
    };
    const server = tls ? https.createServer(tls, answer) : http.createServer(answer);
    server.listen(port, address);
    await once(server, "listening");
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return host;
}

/** The command under way: `until(event)` waits for a line, `end()` for its end. */
class Watcher {
    constructor(t, cloudflare, args, env = {}) {
        this.events = [];
        this.stderr = "";
        this.token = cloudflare.token;
        const words = ["dns", "failover", name, "--primary", first, "--secondary", second];
        if (!args.includes("--every")) words.push("--every", "1");
        this.child = spawn(program, [...words, "--json", ...args], {
            cwd: folder,
            env: programEnvironment({
                BRAINBYTES_DATA: path.join(folder, "data"),
                ...cloudflare.env,
                ...env,
            }),
        });
        let rest = "";
        this.child.stdout.on("data", (piece) => {
            const lines = (rest + piece).split("\n");
            rest = lines.pop();
            this.events.push(...lines.map((line) => ({ ...JSON.parse(line), seen: Date.now() })));
        });
        this.child.stderr.on("data", (piece) => (this.stderr += piece));
        this.closed = once(this.child, "close");
        t.after(() => this.child.kill("SIGKILL"));
    }

    async until(event, words = /./, after = 0) {
        const deadline = Date.now() + 40_000;
        while (Date.now() < deadline) {
            const found = this.events.slice(after).find((e) => e.event === event && words.test(e.detail));
            if (found) return found;
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        throw new Error(`no "${event}" ${words}:\n${JSON.stringify(this.events, null, 1)}\n${this.stderr}`);
    }

    async end() {
        const [code] = await this.closed;
        assert.ok(!(JSON.stringify(this.events) + this.stderr).includes(this.token), "the token is shown");
        return { code, events: this.events.map(({ event }) => event), stderr: this.stderr };
    }
}

/** A stand-in for Cloudflare with one record, and two hosts asked by http. */
async function start(t, record = {}) {
    const cloudflare = await startCloudflare({ zones: ["school.example"] });
    t.after(() => cloudflare.close());
    const kept = cloudflare.add("school.example", { type: "A", name, content: first, ttl: 60, ...record });
    const port = await freePort();
    const primary = await startHost(t, first, port);
    const secondary = await startHost(t, second, port);
    const watcher = (args, env) => new Watcher(t, cloudflare, ["--plain", "--port", port, ...args], env);
    return { cloudflare, record: kept, primary, secondary, watcher };
}

test("two servers: the first is killed, and the record moves in time", async (t) => {
    const cloudflare = await startCloudflare({ zones: ["school.example"] });
    t.after(() => cloudflare.close());
    const record = cloudflare.add("school.example", { type: "A", name, content: first, ttl: 3600 });
    const port = await freePort();
    const one = await startServer({ port });
    t.after(() => one.stop());
    const other = await startServer({ port, ready: false, env: { BRAINBYTES_LISTEN: `${second}:${port}` } });
    t.after(() => other.stop());
    const ready = async () => (await fetch(`http://${second}:${port}/readyz`).catch(() => ({}))).ok;
    for (let i = 0; i < 600 && !(await ready()); i += 1)
        await new Promise((resolve) => setTimeout(resolve, 100));

    const [every, fails] = [2, 3];
    const args = ["--plain", "--port", port, "--fails", fails, "--every", every, "--for", "90"];
    const watcher = new Watcher(t, cloudflare, args);
    await watcher.until("lowered", /from 3600 to 60 seconds/);
    assert.equal(record.ttl, 60);
    await new Promise((resolve) => setTimeout(resolve, every * 1500));
    assert.equal(record.content, first);
    const killed = Date.now();
    await one.kill();
    const moved = await watcher.until("moved", /127\.0\.0\.1 to 127\.0\.0\.2 .*3 of 3 looks/);
    const seconds = (moved.seen - killed) / 1000;
    assert.deepEqual(cloudflare.of(name), [{ type: "A", content: second, ttl: 60, proxied: false }]);
    const whole = seconds + record.ttl;
    console.log(
        `killed to moved: ${seconds.toFixed(1)} s; with the TTL of ${record.ttl} s ${whole.toFixed(1)} s; ` +
            `the plan allows ${recoveryTime} s (looks every ${every} s; by default every 10 s)`,
    );
    assert.ok(seconds < fails * every + 5, `${seconds} s`);
    assert.ok(whole < recoveryTime);
    watcher.child.kill("SIGTERM");
});

test("by https to the address itself, with the record's name and a certificate for it", async (t) => {
    const cloudflare = await startCloudflare({ zones: ["school.example"] });
    t.after(() => cloudflare.close());
    const record = cloudflare.add("school.example", { type: "A", name, content: first, ttl: 60 });
    const tls = ({ certificate, key }) => ({ cert: readFileSync(certificate), key: readFileSync(key) });
    const good = makeCertificate(folder, "good", `DNS:${name}`);
    const other = makeCertificate(folder, "other", "DNS:other.example");
    const port = await freePort();
    const primary = await startHost(t, first, port, tls(good));
    const secondary = await startHost(t, second, port, tls(other));
    const watch = (file) =>
        new Watcher(t, cloudflare, ["--port", port, "--once", "--fails", "1"], { SSL_CERT_FILE: file });
    assert.equal((await watch(good.certificate).end()).code, 0);
    assert.deepEqual(primary.asked[0], { host: `${name}:${port}`, path: "/readyz", name });
    assert.equal(secondary.asked.length, 0, "a certificate for another name is no answer");
    primary.status = 503;
    const refused = watch(good.certificate);
    assert.equal((await refused.end()).code, 1);
    assert.match(refused.events.at(-1).detail, /secondary does not answer well either/);
    assert.equal(record.content, first);
});

test("a short fault, a secondary that is down, and then both as they should be", async (t) => {
    const { record, primary, secondary, watcher } = await start(t);
    const watching = watcher(["--probe", "/api/health", "--for", "60"]);
    primary.status = 503;
    await watching.until("looked", /1 of 3 .*status 503/);
    primary.status = 200;
    await watching.until("looked", /answers well again/);
    secondary.status = 500;
    primary.status = 0;
    await watching.until("looked", /secondary does not answer well either \(status 500\): nothing is moved/);
    assert.equal(record.content, first);
    secondary.status = 204;
    await watching.until("moved");
    assert.equal(record.content, second);
    assert.ok(primary.asked.every((asked) => asked.path === "/api/health"));

    primary.status = 200;
    await watching.until("looked", /go back by hand, or with --back/);
    assert.equal(record.content, second);
    record.content = first; // by hand
    primary.status = 503;
    const seen = watching.events.length;
    await watching.until("moved", /./, seen);
    assert.equal(record.content, second);
    record.content = "192.0.2.1"; // by hand, to somewhere else
    const { code, stderr } = await watching.end();
    assert.equal(code, 1);
    assert.match(stderr, /points to 192\.0\.2\.1, which is neither .* left alone/);
});

test("--back goes back, and not for ever", async (t) => {
    const { record, primary, watcher } = await start(t);
    const watching = watcher(["--fails", "1", "--back", "--for", "60"]);
    let seen = 0;
    const turn = async (status, event, words) => {
        primary.status = status;
        await watching.until(event, words, seen);
        seen = watching.events.length;
    };
    await turn(503, "moved", /127\.0\.0\.2 \(secondary\)/);
    await turn(200, "moved", /well at 1 looks in a row/);
    await turn(503, "moved", /127\.0\.0\.2/);
    await turn(200, "moved", /well at 2 looks in a row/);
    await turn(503, "moved", /127\.0\.0\.2/);
    await turn(200, "looked", /went back 2 times within 60 minutes: it stays/);
    assert.equal(record.content, second);
});

test("--once, --dry-run and --for", async (t) => {
    const { cloudflare, record, primary, secondary, watcher } = await start(t, { ttl: 1 });
    const end = (...args) => watcher(args).end();
    const dry = await end("--dry-run", "--for", "2");
    assert.deepEqual([dry.code, dry.events], [0, ["looked", "would lower", "ended"]]);
    primary.status = 500;
    const wouldMove = await end("--dry-run", "--once");
    assert.deepEqual([wouldMove.code, wouldMove.events.at(-1)], [0, "would move"]);
    assert.equal(cloudflare.writes, 0);
    secondary.status = 500;
    const neither = await end("--once");
    assert.equal(neither.code, 1);
    assert.match(neither.stderr, /points to the primary, which does not answer well/);
    secondary.status = 200;
    const moved = await end("--once");
    assert.deepEqual([moved.code, moved.events.at(-1), record.content], [0, "moved", second]);
    assert.deepEqual((await end("--once")).events.at(-1), "ended");
    secondary.status = 500;
    const both = await end("--once");
    assert.equal(both.code, 1);
    assert.match(both.stderr, /points to the secondary, which does not answer well/);
});

test("Cloudflare away for a while does not end the watch, and a refused move is tried again", async (t) => {
    const { cloudflare, record, primary, watcher } = await start(t);
    const watching = watcher(["--fails", "2", "--for", "60"]);
    await watching.until("looked");
    const body = { success: false, errors: [{ code: 10_000, message: "Authentication error" }] };
    cloudflare.fail({ method: "PATCH", status: 403, body });
    primary.status = 503;
    await watching.until("failed", /Zone\.DNS edit/);
    cloudflare.fail({ method: "GET", status: 502, times: 6 });
    await watching.until("moved");
    assert.equal(record.content, second);
    const faults = watching.events.filter(({ event }) => event === "failed").map(({ detail }) => detail);
    assert.match(faults[1], /a fault of its own/);
    assert.ok(faults.length <= 3, "each fault is told once");
});

test("a data folder that cannot be written does not keep the record where it is", async (t) => {
    const { record, primary, watcher } = await start(t);
    const file = path.join(folder, "a-file");
    writeFileSync(file, "");
    primary.status = 0;
    const watching = watcher(["--fails", "1", "--once"], { BRAINBYTES_DATA: path.join(file, "data") });
    const { code, events } = await watching.end();
    assert.deepEqual([code, events.slice(-2), record.content], [0, ["failed", "moved"], second]);
});

test("a proxied record has no TTL to lower", async (t) => {
    const { cloudflare, watcher } = await start(t, { proxied: true });
    const watching = watcher(["--once"]);
    assert.equal((await watching.end()).code, 0);
    assert.match(watching.events[1].detail, /proxied: visitors keep Cloudflare's addresses/);
    assert.equal(cloudflare.writes, 0);
});

test("what it does not begin with", async (t) => {
    const { cloudflare, record, watcher } = await start(t, { content: "192.0.2.1" });
    assert.match((await watcher(["--once"]).end()).stderr, /neither the primary nor the secondary/);
    cloudflare.add("school.example", { type: "A", name, content: first });
    assert.match((await watcher(["--once"]).end()).stderr, /exactly one record of type A/);
    assert.equal(record.content, "192.0.2.1");
    assert.equal(cloudflare.writes, 0);
    for (const wrong of [
        ["--probe", "readyz"],
        ["--ttl", "30"],
        ["--fails", "0"],
        ["--every", "0"],
    ])
        assert.equal((await watcher(wrong).end()).code, 2, wrong.join(" "));
});
