// Releases brought into service under load: nobody notices, whatever becomes of the new one.
import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { oneConnection } from "../support/connection.mjs";
import {
    about,
    deployKept,
    deployedKept,
    keepRelease,
    keepServed,
    statusOf,
} from "../support/kept_release.mjs";
import { Visitors } from "../support/visitors.mjs";
import { answer, startModel } from "../support/model.mjs";
import { program, startServer } from "../support/server.mjs";

let model, server, visitors;

const keep = (...lines) => keepWith({}, ...lines);
const keepWith = (words, ...lines) => keepRelease(server, words, ...lines);

const deploy = (name, bake) => deployKept(server, name, bake);
const status = () => statusOf(server);
const deployed = (name) => deployedKept(server, name);
async function refused(name, step, why) {
    const before = (await status()).kept;
    const done = await deploy(name);
    assert.equal(done.code, 1, done.stderr);
    const { kept, failedStep, reason } = JSON.parse(done.stdout);
    assert.deepEqual([kept, failedStep], [false, step], reason);
    assert.match(reason, why);
    const now = await status();
    assert.deepEqual([now.kept, now.serving.release, now.trial], [before, before, false]);
}
/** A reply that streams while `work` is done comes whole. */
async function unbroken(work) {
    const reply = visitors.stream("[[tokens=150 delay=20]]");
    await reply.begun;
    await work();
    assert.equal((await reply.done).trim(), answer({ tokens: 150 }).trim());
}
const isNoFault = () => assert.deepEqual(visitors.faults, []);

before(async () => {
    model = await startModel();
    const env = { ...model.env, BRAINBYTES_START_SECONDS: "15" };
    server = await startServer({ verb: "supervise", env });
    visitors = new Visitors(server, await server.cookieFor("ana@example.org"));
    visitors.start(6);
});
after(async () => {
    await visitors?.stop();
    await server?.stop();
    await model?.close();
});

test("three releases after each other: no request fails, no reply breaks off", async () => {
    assert.equal((await status()).kept, "program");
    for (let i = 0; i < 3; i += 1) {
        const name = keep();
        await unbroken(() => deployed(name));
        const now = await status();
        assert.deepEqual([now.kept, now.serving.release], [name, name]);
    }
    // Once nobody is on the way to an older server, the new release's supervisor goes on in the same process.
    visitors.hangUp();
    const { kept, process: supervisor } = await status();
    for (const deadline = Date.now() + 90_000; (await status()).supervisor !== kept; await pause(100))
        assert.ok(Date.now() < deadline, JSON.stringify(await status()));
    const after = await status();
    assert.deepEqual([after.process, after.process], [supervisor, server.pid]);
    assert.equal(after.serving.release, kept);
    isNoFault();
    const steps = (await server.command("deploy", "history", "--json")).stdout.trim().split("\n");
    const last = steps.slice(-6).map((line) => JSON.parse(line));
    assert.deepEqual(
        last.map(({ step, result }) => `${step} ${result}`),
        ["migrate", "start", "smoke test", "switch", "bake", "keep"].map((step) => `${step} done`),
    );
    assert.ok(last.every(({ who, seconds, at }) => /@/.test(who) && seconds >= 0 && at));
});

test("a question on a connection from before the release is answered whole", async () => {
    const { request, close } = oneConnection(server.url, { cookie: visitors.cookie });
    assert.equal((await request("GET", "/livez")).status, 200);
    await deployed(keep());
    const message = {
        id: randomUUID(),
        role: "user",
        parts: [{ type: "text", text: "[[tokens=40 delay=5]]" }],
    };
    const reply = await request("POST", "/api/chat", JSON.stringify({ id: randomUUID(), message }));
    close();
    assert.deepEqual([reply.status, reply.reused], [200, true], reply.text);
    assert.match(reply.text, /"delta":"word39 "/);
    assert.match(reply.text, /"state":"complete"/);
    isNoFault();
});

test("one that crashes at its start, is never ready, or fails the smoke test never serves", async () => {
    await refused(keep('[ "$1" = serve ] && exit 3'), "start", /ended before it was ready \(exit code 3\)/);
    await refused(keep('[ "$1" = serve ] && exec sleep 60'), "start", /not ready after 15 seconds/);
    await refused(keep('[ "$1" = user ] && exit 1'), "smoke test", /brainbytes/);
    await refused(keep('[ "$1" = db ] && exit 1'), "migrate", /brainbytes/);
    isNoFault();
});

test("one that crashes while it is watched is replaced by the one before", async () => {
    const before = (await status()).kept;
    const watched = deploy(keep(), 30);
    await untilTrial();
    process.kill((await status()).serving.process, "SIGKILL");
    const done = await watched;
    assert.equal(done.code, 1, done.stdout);
    const { failedStep, reason } = JSON.parse(done.stdout);
    assert.equal(failedStep, "bake");
    assert.match(reason, /has ended \(signal 9\)/);
    visitors.forgive(); // what the crashed process had in its hands
    await until(before);
    assert.equal((await status()).kept, before);
});

test("a P0 that begins while one is watched leads back at once; one that was there before does not", async () => {
    const open = async (title) => {
        const made = await server.command("incident", "open", title, "--severity", "P0", "--json");
        assert.equal(made.code, 0, made.stderr);
        assert.match(made.stderr, /immediate rollback/);
        return String(JSON.parse(made.stdout).number);
    };
    const resolve = (number) => server.command("incident", "resolve", number, "it was a test");
    const known = await open("It was bad before");
    const before = (await status()).kept;
    const watched = deploy(keep(), 90);
    await untilTrial();
    await pause(12_000); // two rounds in which the old one is counted, and does not count
    assert.equal((await status()).trial, true);
    const fresh = await open("Nobody gets an answer");
    const done = await watched;
    assert.equal(done.code, 1, done.stdout);
    const { failedStep, reason } = JSON.parse(done.stdout);
    assert.deepEqual(
        [failedStep, reason],
        ["bake", "an incident of severity P0 began: the matrix says to go back at once"],
    );
    const now = await status();
    assert.deepEqual([now.kept, now.serving.release], [before, before]);
    for (const number of [known, fresh]) assert.equal((await resolve(number)).code, 0);
    isNoFault();
});

test("a deploy that is killed at any step leaves the release before in service", async () => {
    for (const step of ["migrate", "start", "smoke test", "switch"]) {
        const name = keep();
        const before = (await status()).kept;
        const child = spawn(program, ["deploy", name, "--no-backup", "--bake", "30"], {
            env: server.env,
            stdio: ["ignore", "ignore", "pipe"],
        });
        const ended = new Promise((resolve) => child.once("exit", resolve));
        let said = "";
        for await (const chunk of child.stderr) {
            said += chunk;
            if (said.includes(`${step}: `)) break;
        }
        assert.match(said, new RegExp(`^${step}: `, "m"));
        child.kill("SIGKILL");
        await ended;
        await until(before);
        await deployed(keep()); // and nothing is in the way of the next
    }
    isNoFault();
});

/** Waits until this release serves, by another process than `ended`, and no change is under way. */
async function until(release, ended) {
    for (const deadline = Date.now() + 30_000; ; await pause(50)) {
        const now = await status();
        const { serving, trial, leased } = now;
        if (serving?.release === release && serving.process !== ended && !trial && !leased) return;
        assert.ok(Date.now() < deadline, JSON.stringify(now));
    }
}

/** Waits until a new release serves that is not kept yet. */
async function untilTrial() {
    for (const deadline = Date.now() + 30_000; !(await status()).trial; await pause(20))
        assert.ok(Date.now() < deadline, "nothing was switched to");
}

test("back to the release before, by code alone", async () => {
    const before = (await status()).kept;
    const name = keep();
    await deployed(name);
    const dry = await server.command("rollback", "--dry-run");
    assert.match(dry.stdout, new RegExp(`^${before} in place of ${name}:`));
    await unbroken(async () => {
        const back = await server.command("rollback", "--json");
        assert.equal(back.code, 0, back.stderr);
        assert.match(back.stderr, /Code only/);
        console.log(`rollback: ${JSON.parse(back.stdout).seconds.toFixed(2)} s`);
    });
    assert.equal((await status()).serving.release, before);
    isNoFault();
});

test("only a release that was in service is gone back to", async () => {
    const bad = keep('[ "$1" = serve ] && exit 3');
    assert.equal((await deploy(bad)).code, 1);
    for (const name of [keep(), bad])
        for (const words of [[], ["--dry-run"]]) {
            const back = await server.command("rollback", "--to", name, ...words);
            assert.equal(back.code, 1, name);
            assert.match(back.stderr, new RegExp(`${name} was never kept in service here.*deploy ${name}"`));
        }
});

test("only what a trusted key vouches for comes into service, and what served is gone back to without", async () => {
    const { kept } = await status();
    const known = keep();
    await deployed(known);
    const trusted = path.join(server.dataFolder, "trust");
    const [key] = readdirSync(trusted);
    const waiting = keep();
    assert.equal((await server.command("release", "trust", key.replace(".pub", ""), "--remove")).code, 0);
    assert.match((await deploy(waiting)).stderr, /No key of releases is trusted here yet/);
    const other = execFileSync(program, ["release", "keygen", path.join(server.dataFolder, "run/other")]);
    const file = path.join(server.dataFolder, "run/other/release.pub");
    assert.equal((await server.command("release", "trust", file)).code, 0);
    for (const words of [[], ["--dry-run"]]) {
        const refusal = await server.command("deploy", waiting, "--no-backup", ...words);
        assert.equal(refusal.code, 1);
        assert.match(refusal.stderr, /is signed with the key [0-9A-F]{16}, which is not trusted here/);
    }
    // What served here may be gone back to: a fault of today is worse than a key of yesterday.
    const back = await server.command("rollback", "--to", kept);
    assert.equal(back.code, 0, back.stderr);
    assert.equal((await server.command("release", "trust", String(other).trim(), "--remove")).code, 0);
    keep(); // trusts the key again
    await deployed(waiting);
    rmSync(path.join(server.dataFolder, "releases", known, "archive.minisig"));
    assert.match((await deploy(known)).stderr, /is kept here without its signature: deploy its archive/);
});

const query = (sql) =>
    execFileSync("psql", ["-h", `${server.dataFolder}/run`, "-U", "brainbytes", "-XAtc", sql, "brainbytes"], {
        encoding: "utf8",
    });

test("back to one that a migration has taken something from is refused, with the way to it", async () => {
    const kept = keepServed(server, {});
    const [newer, next] = [about.schemaMax + 1, about.schemaMax + 2];
    const insert = (number, phase) =>
        query(`INSERT INTO schema_migrations VALUES (${number}, 'made_up', 'x', now(), '${phase}')`);
    insert(newer, "expand");
    try {
        assert.equal((await server.command("rollback", "--to", kept, "--dry-run")).code, 0);
        insert(next, "contract");
        const back = await server.command("rollback", "--to", kept);
        assert.equal(back.code, 1, back.stderr);
        assert.match(back.stderr, new RegExp(`migration ${next} has taken something away that it needs`));
        assert.match(back.stderr, new RegExp(`brainbytes db rollback --to ${about.schemaMax}"`));
        assert.doesNotMatch(back.stderr, /Code only/);
    } finally {
        query(`DELETE FROM schema_migrations WHERE number > ${about.schemaMax}`);
    }
});

test("a server that is killed is followed by another", async () => {
    const { serving } = await status();
    process.kill(serving.process, "SIGKILL");
    await until(serving.release, serving.process);
    assert.equal((await server.request("/readyz")).status, 200);
    visitors.forgive();
});

test("a supervisor that is killed is followed by one that serves the release that was kept", async () => {
    const { kept } = await status();
    await server.kill();
    await server.start();
    assert.equal((await status()).kept, kept);
    await until(kept);
    visitors.forgive();
    await deployed(keep());
    isNoFault();
});

test("the audit log says which release came into service, and what was waived", async () => {
    const name = keep();
    const words = ["--json", "--no-backup", "--bake", "0", "--waive", "performance=only a text has changed"];
    assert.equal((await server.command("deploy", name, ...words)).code, 0);
    const { stdout } = await server.command("audit", "list", "--action", "operator.noted", "--json");
    const { subject, details } = JSON.parse(stdout.trim().split("\n").at(-1));
    assert.deepEqual([subject.kind, subject.id], ["release", name]);
    assert.match(details.note, /^deployed by \S+@\S+; waived: performance=only a text has changed$/);
    assert.equal((await server.command("audit", "verify")).code, 0);
    assert.equal((await server.command("audit", "note", "x".repeat(2001))).code, 1);
});

test("a lock leaves a trace of who, why and until when, and of who ended whose", async () => {
    const taken = await server.command("deploy", "lock", "--reason", "exams", "--owner", "the office");
    assert.equal(taken.code, 0, taken.stderr);
    const ended = await server.command("deploy", "unlock");
    assert.match(ended.stdout, /the lock of the office has ended/);
    const { stdout } = await server.command("deploy", "history", "--json", "--lines", "2");
    const [lock, unlock] = stdout.trim().split("\n").map(JSON.parse);
    assert.deepEqual([lock.step, unlock.step, lock.deployment], ["lock", "unlock", unlock.deployment]);
    const words = [
        /the office keeps releases as they are until \d{4}-.*: exams$/,
        /\S+@\S+ has ended the lock of the office until \d{4}-.*: exams$/,
    ];
    const audit = await server.command("audit", "list", "--action", "operator.noted", "--json");
    const noted = audit.stdout.trim().split("\n").slice(-2).map(JSON.parse);
    [lock, unlock].forEach(({ detail }, i) => {
        assert.match(detail, words[i]);
        assert.match(noted[i].details.note, words[i]);
    });
});

test("what is set in the shell of who deploys does not reach the release's commands", async () => {
    const elsewhere = { ...server.env, DATABASE_URL: "postgresql://127.0.0.1:1/nowhere" };
    const done = await new Promise((resolve) => {
        const words = ["deploy", keep(), "--no-backup", "--bake", "0", "--json"];
        execFile(program, words, { env: elsewhere }, (fault, stdout, stderr) =>
            resolve({ code: fault ? fault.code : 0, stdout, stderr }),
        );
    });
    assert.equal(done.code, 0, done.stdout + done.stderr);
});

test("one change at a time, and what cannot be found is said", async () => {
    const missing = await deploy("0.0.0-none");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /No release 0\.0\.0-none is kept here/);
    const nothing = await server.command("deploy");
    assert.equal(nothing.code, 2);
    const first = deploy(keep(), 10);
    const second = keep();
    await untilTrial();
    const other = await deploy(second);
    assert.equal(other.code, 1);
    assert.match(other.stderr, /Another change of the release is under way/);
    assert.equal((await first).code, 0);
});
