// The log in files: what servers write there, and what `logs tail` and `logs filter` find in it.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import {
    appendFileSync,
    chmodSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    rmSync,
    statSync,
    writeFileSync,
} from "node:fs";
import http from "node:http";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId, personOf } from "../support/chat.mjs";
import { startDatabase } from "../support/database.mjs";
import { Fleet, data as dataOfHost, noFleet } from "../support/fleet.mjs";
import { startModel } from "../support/model.mjs";
import { program, programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const folder = temporaryFolder("bb-logs");
const logs = path.join(folder, "logs");
const begun = Date.UTC(2026, 10, 22, 20, 10);
after(() => rmSync(folder, { recursive: true, force: true }));

/** A line of the log, so many seconds after the beginning. */
const line = (second, fields = {}) =>
    `${JSON.stringify({
        time: new Date(begun + second * 1000).toISOString().replace("Z", "000Z"),
        level: "info",
        event: "request",
        ...fields,
    })}\n`;

function brainbytes(args, env = {}) {
    return new Promise((resolve) =>
        execFile(
            program,
            args,
            {
                cwd: folder,
                env: programEnvironment({ BRAINBYTES_DATA: folder, ...env }),
                maxBuffer: 64 << 20,
            },
            (fault, stdout, stderr) => resolve({ code: fault ? fault.code : 0, stdout, stderr }),
        ),
    );
}

async function found(...words) {
    const { code, stdout, stderr } = await brainbytes(["logs", ...words, "--json"]);
    assert.equal(code, 0, stderr);
    return stdout.trim() ? stdout.trim().split("\n").map(JSON.parse) : [];
}

before(() => {
    mkdirSync(logs, { mode: 0o700 });
    const one = [
        line(1, { id: "aaa", route: "/api/threads/{id}", status: 200 }),
        line(3, { level: "warn", event: "model call failed", request: "aaa", detail: "it was away" }),
        "this is no line\n",
        line(5, { id: "bbb", route: "/api/search", status: 200 }),
    ];
    writeFileSync(path.join(logs, "20261122T201000Z-00000001.jsonl"), one.join(""));
    const two = [
        line(2, { id: "ccc", route: "/api/threads", status: 404 }),
        line(4, { level: "error", event: "request failed", id: "ccc", reason: "odd\u001b[31m" }),
        `${line(6).slice(0, 40)}`,
    ];
    writeFileSync(path.join(logs, "20261122T201001Z-00000002.jsonl"), two.join(""));
});

test("filters find what they name, over all files, in the order of time", async () => {
    const seconds = async (...words) =>
        (await found("filter", ...words)).map(({ time }) => (Date.parse(time) - begun) / 1000);
    assert.deepEqual(await seconds(), [1, 2, 3, 4, 5]);
    assert.deepEqual(await seconds("--request", "aaa"), [1, 3]);
    assert.deepEqual(await seconds("--level", "warn"), [3, 4]);
    assert.deepEqual(await seconds("--route", "/api/threads"), [1, 2]);
    assert.deepEqual(await seconds("--event", "call failed"), [3]);
    assert.deepEqual(await seconds("--grep", '"status":(404|500)'), [2]);
    assert.deepEqual(await seconds("--since", "2026-11-22T20:10:03Z"), [3, 4, 5]);
    assert.deepEqual(await seconds("--until", "2026-11-22T20:10:03Z"), [1, 2, 3]);
    assert.deepEqual(await seconds("--since", "2027-01-01"), []);
    assert.deepEqual(await seconds("--limit", "2"), [1, 2]);
    const newest = await found("tail", "-n", "2");
    assert.deepEqual([newest.length, newest[1].id], [2, "bbb"]);
});

test("a person reads one line each, and hears of what was passed over", async () => {
    const { stdout, stderr } = await brainbytes(["logs", "filter", "--level", "error"]);
    assert.equal(stdout, "2026-11-22 20:10:04.000 ERROR request failed  id=ccc  reason=odd [31m\n");
    assert.match(stderr, /2 lines were passed over/);
});

test("wrong words are told", async () => {
    for (const [words, wrong] of [
        [["filter", "--since", "yesterday"], /--since takes 30m, 24h/],
        [["filter", "--until", "5x"], /--until takes 30m, 24h/],
        [["filter", "--grep", "("], /--grep: .*\(/],
        [["filter", "--level", "loud"], /level/],
        [["tail", "-n", "0"], /range/i],
    ]) {
        const { code, stderr } = await brainbytes(["logs", ...words]);
        assert.notEqual(code, 0, words.join(" "));
        assert.match(stderr, wrong);
    }
    const nowhere = await brainbytes(["logs", "tail"], { BRAINBYTES_DATA: path.join(folder, "nothing") });
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /There is no log in/);
});

test("what is added is followed, also in new files", async () => {
    const words = ["logs", "tail", "-f", "-n", "1", "--json"];
    const child = spawn(program, words, { env: programEnvironment({ BRAINBYTES_DATA: folder }) });
    let seen = "";
    child.stdout.on("data", (chunk) => (seen += chunk));
    const until = async (wanted) => {
        for (const deadline = Date.now() + 20_000; !seen.includes(wanted); await pause(50))
            assert.ok(Date.now() < deadline, `${wanted}: ${seen}`);
    };
    try {
        await until("bbb");
        appendFileSync(path.join(logs, "20261122T201000Z-00000001.jsonl"), line(7, { id: "later" }));
        await until("later");
        writeFileSync(path.join(logs, "20261122T201005Z-00000003.jsonl"), line(8, { id: "newer" }));
        await until("newer");
        assert.ok(!seen.includes("aaa"));
    } finally {
        child.kill();
        rmSync(path.join(logs, "20261122T201005Z-00000003.jsonl"), { force: true });
    }
});

test("the journal is read in the same way", async () => {
    const bin = path.join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(
        path.join(bin, "journalctl"),
        `#!/bin/sh\necho "$@" >${folder}/asked\ncat ${logs}/20261122T201000Z-00000001.jsonl\n`,
    );
    chmodSync(path.join(bin, "journalctl"), 0o755);
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const words = ["logs", "filter", "--journal", "--request", "aaa", "--json"];
    const { code, stdout, stderr } = await brainbytes(words, env);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim().split("\n").length, 2);
    assert.match(stderr, /1 line was passed over/);
    assert.match(readFileSync(path.join(folder, "asked"), "utf8"), /--output=cat .*--unit=brainbytes/);
    await brainbytes(["logs", "tail", "--journal=tutor@x", "--since", "1h"], env);
    assert.match(readFileSync(path.join(folder, "asked"), "utf8"), /--unit=tutor@x --since=@\d+/);
});

test("hosts of a stage are read over ssh, each named", { skip: noFleet() ?? false }, async () => {
    const fleet = new Fleet(2);
    try {
        await fleet.start();
        for (const [index, host] of fleet.hosts.entries()) {
            const there = path.join(host.folder, dataOfHost.slice(1), "logs");
            mkdirSync(there, { recursive: true });
            const text = line(1 + index, { id: host.name }) + line(3 + index, { id: host.name });
            writeFileSync(path.join(there, "20261122T201000Z-00000001.jsonl"), `${text}broken\n`);
        }
        const hosts = fleet.hosts.map(({ address }) => address);
        writeFileSync(
            fleet.at("brainbytes.toml"),
            `[stages.staging]\nhosts = ${JSON.stringify(hosts)}\nssh_config = "ssh_config"\ndata = "${dataOfHost}"\n` +
                `program = "${program}"\n`,
        );
        const { code, stdout, stderr } = await fleet.command(
            ...["logs", "filter", "--since", "2026-11-22", "--json", "--stage", "staging"],
        );
        assert.equal(code, 0, stderr);
        const lines = stdout.trim().split("\n").map(JSON.parse);
        assert.deepEqual(
            lines.map(({ host, id }) => [host, id]),
            [0, 1, 0, 1].map((index) => [hosts[index], fleet.hosts[index].name]),
        );
        for (const host of hosts) assert.match(stderr, new RegExp(`${host}: brainbytes: 1 line was passed`));
        const read = await fleet.command("logs", "tail", "-n", "1", "--stage", "staging");
        assert.match(read.stdout, new RegExp(`^${hosts[0]}  2026-11-22 20:10:03`));
    } finally {
        fleet.stop();
    }
});

/** A collector of traces that keeps what it is sent. */
async function startCollector() {
    const spans = [];
    const sink = http.createServer((request, response) => {
        let text = "";
        request.on("data", (chunk) => (text += chunk));
        request.on("end", () => {
            if (request.url === "/v1/traces") spans.push(...JSON.parse(text).resourceSpans);
            response.writeHead(200, { "content-type": "application/json" }).end("{}");
        });
    });
    await new Promise((resolve) => sink.listen(0, "127.0.0.1", resolve));
    return { spans, url: `http://127.0.0.1:${sink.address().port}`, close: () => sink.close() };
}

test("servers write side by side, and a request is found in all it began", async (t) => {
    const [database, model, collector] = await Promise.all([startDatabase(), startModel(), startCollector()]);
    const dataFolder = path.join(folder, "shared");
    const env = {
        DATABASE_URL: database.url,
        OPENAI_BASE_URL: model.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    };
    const server = await startServer({ verb: "supervise", dataFolder, env });
    t.after(async () => {
        await server.stop();
        collector.close();
        await model.close();
        await database.stop();
    });
    const own = path.join(dataFolder, "logs");
    const until = async (look) => {
        for (const deadline = Date.now() + 20_000; ; await pause(100)) {
            const seen = await look();
            if (seen) return seen;
            assert.ok(Date.now() < deadline, server.tail());
        }
    };
    // The supervisor and its server.
    await until(() => readdirSync(own).length >= 2);
    assert.equal(statSync(own).mode & 0o777, 0o700);
    for (const name of readdirSync(own)) assert.equal(statSync(path.join(own, name)).mode & 0o777, 0o600);

    const ana = await personOf(server, "ana@example.org");
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
    const asked = await server.request("/api/session", { headers });
    const id = asked.headers.get("x-request-id");
    assert.equal(asked.headers.get("traceresponse"), null);
    const filter = async (...words) => {
        const { stdout } = await server.command("logs", "filter", "--json", ...words);
        return stdout.trim() ? stdout.trim().split("\n").map(JSON.parse) : undefined;
    };
    const [access] = await until(() => filter("--request", id));
    assert.equal(access.traceId, traceId);
    const bad = await server.request("/api/session", { headers: { traceparent: "00-xyz" } });
    const [fresh] = await until(() => filter("--request", bad.headers.get("x-request-id")));
    assert.match(fresh.traceId, /^[0-9a-f]{32}$/);

    await ask(ana, newId(), "[[fail=400]] why?");
    const [failed] = await until(() => filter("--event", "model call failed"));
    const whole = await until(async () => {
        const lines = await filter("--request", failed.request);
        return lines?.some(({ route }) => route === "/api/chat") && lines;
    });
    assert.ok(whole.every((one) => !one.traceId || one.traceId === failed.traceId));

    const spans = await until(() => {
        const all = collector.spans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
        return all.some(({ name }) => name.startsWith("chat ")) &&
            all.some(({ name }) => name === "POST /api/chat")
            ? all
            : null;
    });
    const [{ resource }] = collector.spans;
    assert.deepEqual(resource.attributes[0], { key: "service.name", value: { stringValue: "brainbytes" } });
    for (const span of spans) {
        assert.match(span.traceId, /^[0-9a-f]{32}$/);
        assert.match(span.spanId, /^[0-9a-f]{16}$/);
        for (const time of [span.startTimeUnixNano, span.endTimeUnixNano]) assert.match(time, /^\d{19}$/);
    }
    const call = spans.find(({ name }) => name.startsWith("chat "));
    const parent = spans.find(({ spanId }) => spanId === call.parentSpanId);
    assert.deepEqual([parent?.name, parent?.traceId], ["POST /api/chat", call.traceId]);
    assert.equal(call.status.code, 2);
    const seen = spans.find((span) => span.traceId === traceId);
    assert.equal(seen.parentSpanId, "00f067aa0ba902b7");
    const keys = Object.fromEntries(seen.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    assert.deepEqual(keys, {
        "http.request.method": "GET",
        "http.route": "/api/session",
        "url.scheme": "http",
        "http.response.status_code": "200",
    });
});

test("a disk without room and a dead collector do not hurt the server", async (t) => {
    const dataFolder = path.join(folder, "full");
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
    const server = await startServer({ dataFolder, env });
    await server.stop({ keep: true });
    const small = path.join(dataFolder, "logs");
    const options = "size=1m,mode=0777";
    const mounted = await new Promise((resolve) =>
        execFile("mount", ["-t", "tmpfs", "-o", options, "none", small], (fault) => resolve(!fault)),
    );
    if (!mounted) return t.skip("no file system can be mounted");
    try {
        await server.start();
        for (let i = 0; i < 50; i += 1) assert.equal((await server.request("/api/session")).status, 200);
        assert.deepEqual(readdirSync(small), []);
        assert.match(server.log, /"event":"request"/);
        for (const deadline = Date.now() + 20_000; ; await pause(200)) {
            const { text } = await server.request("/api/metrics");
            if (/^brainbytes_spans_dropped_total [1-9]/m.test(text)) break;
            assert.ok(Date.now() < deadline, "no span was dropped");
        }
        await server.stop();
    } finally {
        await new Promise((resolve) => execFile("umount", ["-l", small], resolve));
    }
});

test("BRAINBYTES_LOG_DAYS=0 keeps no files", async () => {
    const server = await startServer({ env: { BRAINBYTES_LOG_DAYS: 0 } });
    assert.ok(!readdirSync(server.dataFolder).includes("logs"));
    await server.stop();
});
