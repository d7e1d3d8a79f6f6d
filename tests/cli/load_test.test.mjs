// load-test.yml: its addresses answer as it expects, its load has an end, and (BB_LONG=1, as artillery's start alone takes
// long and its packages are many) artillery passes on a good server and fails on none and on a bad one.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";

import { load } from "js-yaml";

import * as steps from "../../bench/load.mjs";
import { startDatabase } from "../support/database.mjs";
import { startModel } from "../support/model.mjs";
import { freePort, program, root, startServer, temporaryFolder } from "../support/server.mjs";

const script = load(readFileSync(path.join(root, "load-test.yml"), "utf8"));
const long = process.env.BB_LONG ? false : "BB_LONG=1 runs artillery";

/** A value of load-test.yml with its variables filled in. */
function filled(value, vars) {
    if (Array.isArray(value)) return value.map((one) => filled(one, vars));
    if (value && typeof value === "object")
        return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filled(one, vars)]));
    return typeof value === "string" ? value.replace(/\{\{ (\S+) \}\}/g, (_, name) => vars[name]) : value;
}

/** Walks every scenario once, as artillery does, and gives the names of the requests that were made. */
async function walk(server, cookie) {
    const made = [];
    for (const scenario of script.scenarios) {
        const context = { vars: { target: server.url, $uuid: crypto.randomUUID() } };
        process.env.BRAINBYTES_URL = `${server.url}/`;
        process.env.BRAINBYTES_COOKIE = cookie;
        steps[scenario.beforeScenario](context, undefined, () => {});
        for (const step of scenario.flow) {
            const [[method, wanted]] = Object.entries(step);
            if (wanted.ifTrue && !steps[wanted.ifTrue](context.vars)) continue;
            const { url, headers, json, expect, name, afterResponse } = filled(wanted, context.vars);
            const answer = await server.request(url, { method: method.toUpperCase(), headers, json });
            assert.equal(answer.status, expect[0].statusCode, `${name}: ${answer.text}`);
            if (afterResponse)
                steps[afterResponse](undefined, { body: answer.text }, context, undefined, (fault) =>
                    assert.equal(fault, undefined),
                );
            made.push(name);
        }
    }
    return made;
}

test("every request of the load test is answered as it expects, signed in and signed out", async (t) => {
    const model = await startModel();
    const server = await startServer({ env: model.env });
    const { BRAINBYTES_URL, BRAINBYTES_COOKIE } = process.env;
    t.after(async () => {
        Object.assign(process.env, {
            BRAINBYTES_URL: BRAINBYTES_URL ?? "",
            BRAINBYTES_COOKIE: BRAINBYTES_COOKIE ?? "",
        });
        await server.stop();
        await model.close();
    });
    const common = ["health", "session", "sign-in page"];
    assert.deepEqual(await walk(server, ""), [...common, "threads of nobody"]);
    const cookie = await server.cookieFor("load@example.org");
    assert.deepEqual(await walk(server, cookie), [...common, "threads", "question"]);
});

test("an answer that broke off, failed or said nothing is no whole one", () => {
    const judged = (body) => {
        let fault;
        steps.wholeAnswer(undefined, { body }, undefined, undefined, (found) => (fault = found));
        return fault === undefined;
    };
    const said = 'data: {"type":"text-delta","id":"1","delta":"x"}\n\n';
    const end = "data: [DONE]\n\n";
    assert.ok(judged(said + end));
    assert.ok(!judged(said));
    assert.ok(!judged(end));
    assert.ok(!judged(`${said}data: {"type":"error","errorText":"no"}\n\n${end}`));
    assert.ok(!judged(""));
});

test("the load is bounded, and stays under the limits of one network", () => {
    let visitors = 0;
    for (const { duration, arrivalRate, rampTo = arrivalRate, maxVusers } of script.config.phases) {
        assert.ok(maxVusers <= 50);
        visitors += (duration * (arrivalRate + rampTo)) / 2;
    }
    assert.ok(visitors <= 240, `${visitors} visitors; a network may send 240 requests at once (docs/api.md)`);
});

/** Runs scripts/load-test with short phases and these options of artillery: {code, said}. */
function run(target, more = {}, ...options) {
    const phases = { config: { phases: [{ duration: 3, arrivalRate: 5 }] } };
    const args = [...(target ? [target] : []), "--overrides", JSON.stringify(phases), ...options];
    return new Promise((resolve) => {
        const env = { ...process.env, BRAINBYTES_BIN: program, ...more };
        delete env.BRAINBYTES_URL;
        delete env.NODE_TEST_CONTEXT;
        const child = spawn(path.join(root, "scripts/load-test"), args, { env, cwd: root });
        let said = "";
        for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (said += text));
        child.once("exit", (code) => resolve({ code, said }));
    });
}

test("artillery passes on a server that it starts itself", { skip: long }, async () => {
    const { code, said } = await run();
    assert.equal(code, 0, said);
    assert.match(said, /ok: vusers\.failed == 0/);
    assert.match(said, /http\.codes\.200: /);
    assert.doesNotMatch(said, /fail: /);
});

test("artillery passes on a server whose address it is given, signed out", { skip: long }, async () => {
    const server = await startServer();
    try {
        const { code, said } = await run(server.url, { BRAINBYTES_COOKIE: "" });
        assert.equal(code, 0, said);
    } finally {
        await server.stop();
    }
});

test("artillery fails when nobody answers", { skip: long }, async () => {
    const { code, said } = await run(`http://127.0.0.1:${await freePort()}`);
    assert.notEqual(code, 0, said);
    assert.match(said, /fail: vusers\.failed == 0/);
    assert.match(said, /fail: http\.response_time\.p95 < /);
});

test("artillery fails on a server that answers quickly, but with 500", { skip: long }, async () => {
    const server = http.createServer((_request, response) => response.writeHead(500).end("no"));
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
        const { code, said } = await run(`http://127.0.0.1:${server.address().port}`);
        assert.notEqual(code, 0, said);
        assert.match(said, /fail: vusers\.failed == 0/);
        assert.match(said, /ok: http\.response_time\.p95 < /);
        assert.match(said, /http\.codes\.500: /);
    } finally {
        server.close();
    }
});

test("artillery fails when answers break off in the middle", { skip: long }, async () => {
    const server = http.createServer((_request, response) =>
        response.writeHead(200).end('data: {"type":"text-delta","id":"1","delta":"x"}\n\n'),
    );
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
        const url = `http://127.0.0.1:${server.address().port}`;
        const { code, said } = await run(url, { BRAINBYTES_COOKIE: "a=b" }, "--scenario-name", "question");
        assert.notEqual(code, 0, said);
        assert.match(said, /errors\.an answer that is not whole: /);
        assert.match(said, /fail: vusers\.failed == 0/);
    } finally {
        server.close();
    }
});

test("brainbytes loadtest has a session there, tells how it went, and signs out", async () => {
    const database = await startDatabase(); // which its own commands must find, too
    const server = await startServer({ env: { DATABASE_URL: database.url } });
    const folder = temporaryFolder("bb-loadtest");
    try {
        const run = (...words) =>
            new Promise((resolve) =>
                execFile(
                    program,
                    ["loadtest", ...words],
                    { env: server.env, cwd: folder },
                    (fault, stdout, stderr) => resolve({ code: fault ? fault.code : 0, stdout, stderr }),
                ),
            );
        const outside = await run();
        assert.equal(outside.code, 1);
        assert.match(outside.stderr, /Run it in a clone of BrainBytes/);
        mkdirSync(path.join(folder, "scripts"));
        const standIn = (code) =>
            writeFileSync(
                path.join(folder, "scripts/load-test"),
                `#!/bin/sh\necho "$1 $BRAINBYTES_COOKIE"\nexit ${code}\n`,
                { mode: 0o755 },
            );
        standIn(0);
        const good = await run();
        assert.equal(good.code, 0, good.stderr);
        const [url, cookie] = good.stdout.trim().split(" ");
        assert.equal(new URL(url).port, new URL(server.url).port);
        assert.match(cookie, /^brainbytes_session=/);
        assert.equal((await server.request("/api/session", { cookie })).json.user, null);
        standIn(1);
        const bad = await run("--url", server.url);
        assert.equal(bad.code, 1);
        assert.match(bad.stderr, /The load test did not pass/);
    } finally {
        await server.stop();
        await database.stop();
        rmSync(folder, { recursive: true, force: true });
    }
});
