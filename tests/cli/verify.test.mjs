// `brainbytes verify` on a host: everything is looked at, and what is wrong is named.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import path from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";

import { makeCertificate } from "../support/certificates.mjs";
import { startMailSink } from "../support/mail_sink.mjs";
import { startModel } from "../support/model.mjs";
import { freePort, program, startServer, temporaryFolder } from "../support/server.mjs";

const folder = temporaryFolder("bb-verify");
let model, server;
const look = async (...words) => {
    const { code, stdout, stderr } = await server.command("verify", "--json", ...words);
    const report = JSON.parse(stdout);
    const of = (result) => report.probes.filter((one) => one.result === result).map(({ name }) => name);
    return { code, stderr, report, passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
};

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
});
after(async () => {
    await server?.stop();
    await model?.close();
    rmSync(folder, { recursive: true, force: true });
});

test("a new installation lacks a backup and somebody who hears of alarms, and nothing else", async () => {
    const { code, failed, stderr } = await look();
    assert.equal(code, 3);
    assert.deepEqual(failed, ["alarms armed", "backup"]);
    assert.match(stderr, /backup: none was made/);
    assert.equal((await server.command("backup", "create")).code, 0);
});

test("a whole one passes, with an answer to each probe; the report is kept", async () => {
    await server.command("user", "create", "office@example.org", "--role", "administrator");
    const { code, report, passed, skipped, stderr } = await look("--mail-as", "office@example.org");
    assert.equal(code, 0, stderr);
    assert.ok(report.probes.every(({ answer, seconds }) => answer && seconds >= 0));
    const expected = [
        "DNS",
        "health",
        "version",
        "headers",
        "metrics",
        "sign-in: e-mail code",
        "sign-in: passkey",
    ];
    expected.push(
        "materials",
        "upload",
        "chat",
        "completion",
        "deletion",
        "e-mail",
        "alarms armed",
        "backup",
        "migrations",
    );
    for (const name of expected)
        assert.ok(passed.includes(name), `${name}: ${JSON.stringify(report.probes)}`);
    const shown = existsSync("/usr/bin/chromium") ? [] : ["phone layout", "theme"];
    assert.deepEqual(skipped.sort(), ["TLS", "sign-in: GitHub", ...shown].sort());
    assert.match(
        report.probes.find(({ name }) => name === "headers").answer,
        /^130 of 100\+ \(A\+\) by Mozilla's scheme: 7 headers of a page and of an answer; HSTS and cookies are not scored/,
    );
    const reports = path.join(server.dataFolder, "verifications");
    const newest = readdirSync(reports).sort().at(-1);
    assert.deepEqual(JSON.parse(readFileSync(path.join(reports, newest), "utf8")), report);
    const ana = await server.as("smoke-test@brainbytes.invalid");
    const left = async (target) => (await ana.request(target)).json;
    assert.deepEqual((await left("/api/materials")).materials, []);
    assert.deepEqual((await left("/api/threads")).threads, []);
    assert.equal((await left("/api/sessions")).sessions.length, 1); // this one
    const office = await server.as("office@example.org");
    assert.equal((await office.request("/api/sessions")).json.sessions.length, 1);
});

test("a model that fails is told, and leaves no chat behind", async () => {
    const broken = await startServer({ env: { OPENAI_BASE_URL: `http://127.0.0.1:${await freePort()}/v1` } });
    try {
        const { code, stdout } = await broken.command("verify", "--json");
        assert.equal(code, 1);
        const { probes } = JSON.parse(stdout);
        for (const asked of ["chat", "completion"]) {
            const { result, answer } = probes.find(({ name }) => name === asked);
            assert.equal(result, "failed", `${asked}: ${answer}`);
            assert.match(answer, /The answer is an error: \w+/);
        }
        const ana = await broken.as("smoke-test@brainbytes.invalid");
        assert.deepEqual((await ana.request("/api/threads")).json.threads, []);
        assert.deepEqual((await ana.request("/api/materials")).json.materials, []);
    } finally {
        await broken.stop();
    }
});

test("without a model the tutor quotes, and a summary is what can be made", async () => {
    const alone = await startServer();
    try {
        const { stdout } = await alone.command("verify", "--json");
        const { probes } = JSON.parse(stdout);
        const of = (asked) => probes.find(({ name }) => name === asked);
        assert.equal(of("chat").result, "passed", of("chat").answer);
        assert.equal(of("completion").result, "passed", of("completion").answer);
        assert.match(of("completion").answer, /no model is configured/);
    } finally {
        await alone.stop();
    }
});

test("a backup that is too old is told with its age and what is allowed", async () => {
    const psql = (sql) =>
        execFileSync("psql", [
            "-h",
            `${server.dataFolder}/run`,
            "-U",
            "brainbytes",
            "-Xqc",
            sql,
            "brainbytes",
        ]);
    psql("UPDATE backup_runs SET started_at = started_at - interval '40 days'");
    try {
        const { code, failed, stderr } = await look();
        assert.deepEqual([code, failed], [3, ["backup"]]);
        assert.match(stderr, /backup: the last one is 960 hours old, and 48 are allowed/);
    } finally {
        psql("UPDATE backup_runs SET started_at = started_at + interval '40 days'");
    }
    assert.equal((await look()).code, 0);
});

test("a certificate that nobody vouches for, or a name that is none, is not the release's fault", async () => {
    const { certificate, key } = makeCertificate(folder, "localhost", "DNS:localhost");
    const files = { cert: readFileSync(certificate), key: readFileSync(key) };
    const peer = https.createServer(files, (request, response) => response.end());
    await new Promise((resolve) => peer.listen(0, "127.0.0.1", resolve));
    try {
        for (const [url, fault] of [
            [`https://localhost:${peer.address().port}`, "TLS"],
            ["https://nobody.invalid", "DNS"],
        ]) {
            const { code, failed, skipped } = await look("--url", url);
            assert.equal(code, 3, `${url} ${failed}`);
            assert.deepEqual(failed, [fault]);
            assert.ok(skipped.includes("health") && skipped.includes("version"), skipped.join());
        }
    } finally {
        peer.close();
    }
});

test("headers that are missing cost points, and each is named", async () => {
    const peer = http.createServer((request, response) => {
        response.setHeader("x-content-type-options", "nosniff");
        response.setHeader("referrer-policy", "unsafe-url");
        response.end("<html></html>");
    });
    await new Promise((resolve) => peer.listen(0, "127.0.0.1", resolve));
    try {
        const { code, report } = await look("--url", `http://127.0.0.1:${peer.address().port}`);
        assert.equal(code, 1);
        const { result, answer } = report.probes.find(({ name }) => name === "headers");
        assert.equal(result, "failed");
        assert.match(
            answer,
            /^50 of 100\+ \(C\) by Mozilla's scheme; what costs points: csp-not-implemented -25, /,
        );
        assert.match(
            answer,
            /referrer-policy-unsafe -5, x-frame-options-not-implemented -20; missing or weak: .*; wanted: 90$/,
        );
    } finally {
        peer.close();
    }
});

test("a mail server is asked whether it would take a letter, and gets none", async () => {
    const { certificate, key } = makeCertificate(folder, "mail", "DNS:localhost");
    const options = ["--tls", certificate, key, "--sign-in", "school:secret", "--refuse", "away@example.org"];
    const sink = await startMailSink(options);
    const url = (password) => `smtp://school:${password}@localhost:${sink.port}`;
    const env = { ...model.env, SMTP_URL: url("secret"), SSL_CERT_FILE: certificate };
    const mailing = await startServer({ env });
    const probes = async (more, ...words) => {
        const on = { ...mailing.env, ...more };
        // What fails around the release is no matter here.
        const { stdout } = await promisify(execFile)(program, ["verify", "--json", ...words], {
            env: on,
            cwd: path.dirname(mailing.dataFolder),
        }).catch((ended) => ended);
        const all = JSON.parse(stdout).probes;
        return Object.fromEntries(all.map(({ name, result, answer }) => [name, `${result}: ${answer}`]));
    };
    try {
        const name = "sign-in: mail server";
        const good = await probes({}, "--mail-as", "ana@example.org");
        assert.equal(
            good[name],
            "passed: localhost would take a letter from brainbytes@localhost to ana@example.org; none was sent",
        );
        assert.match(good["sign-in: e-mail code"], /^passed: a code that nobody was sent is refused/);
        const away = await probes({}, "--mail-as", "away@example.org");
        assert.match(away[name], /^failed: .* refuses RCPT TO: 550 5\.1\.1 no such person/);
        const wrong = await probes({ SMTP_URL: url("wrong") });
        assert.match(wrong[name], /^failed: .*it refused the user name or password/);
        assert.deepEqual(
            sink.events.filter(({ event }) => event === "letter"),
            [],
        );
    } finally {
        await mailing.stop();
        await sink.close();
    }
});

test("who takes a connection and never answers is given up", async () => {
    const mute = net.createServer(() => {});
    await new Promise((resolve) => mute.listen(0, "127.0.0.1", resolve));
    try {
        const { failed } = await look("--url", `https://localhost:${mute.address().port}`);
        assert.ok(failed.includes("TLS"));
    } finally {
        mute.close();
    }
});

test("its public address is looked at, and metrics on its own", async () => {
    const env = { ...model.env, BRAINBYTES_URL: "https://tutor.invalid" };
    const named = await startServer({ env });
    try {
        const { stdout } = await named.command("verify", "--json");
        const of = (name) => JSON.parse(stdout).probes.find((one) => one.name === name).result;
        assert.deepEqual([of("DNS"), of("health"), of("metrics")], ["failed", "skipped", "passed"]);
    } finally {
        await named.stop();
    }
});

test("where nobody answers, each probe says so", async () => {
    const { code, failed } = await look("--url", `http://127.0.0.1:${await freePort()}`);
    assert.equal(code, 1);
    for (const name of [
        "health",
        "version",
        "headers",
        "metrics",
        "sign-in: session",
        "materials",
        "completion",
    ])
        assert.ok(failed.includes(name), name);
});
