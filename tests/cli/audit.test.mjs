// `brainbytes audit ...`: what is written down, how it is looked up, and that tampering shows.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { program, startServer } from "../support/server.mjs";

let database, server;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function list(...args) {
    const { code, stdout, stderr } = await server.command("audit", "list", "--json", ...args);
    assert.equal(code, 0, stderr);
    return stdout
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
}

const actions = async (...args) => (await list(...args)).map((entry) => entry.action);

/** What only the owner of the tables can do: with the triggers off. */
const tamper = (sql) =>
    database.query(
        `ALTER TABLE audit_entries DISABLE TRIGGER ALL; ${sql}; ALTER TABLE audit_entries ENABLE ALWAYS TRIGGER audit_entries_stay`,
    );

test("the configuration at start is written down once, and again when it is another", async () => {
    assert.deepEqual(await actions("--action", "configuration"), ["configuration.changed"]);
    await server.stop({ keep: true });
    await server.start();
    assert.equal((await actions("--action", "configuration")).length, 1);
    server.options.env.BRAINBYTES_DRAIN_SECONDS = "3";
    await server.stop({ keep: true });
    await server.start();
    const [first, second] = await list("--action", "configuration");
    assert.match(second.details.digest, /^[0-9a-f]{64}$/);
    assert.notEqual(first.details.digest, second.details.digest);
    assert.equal(first.subject.id, second.subject.id);
});

test("a life of an account is written down, with who, where and which request", async () => {
    const email = "ana@example.org";
    const id = (await server.command("user", "create", email)).stdout.trim();
    await server.request("/api/auth/email", { method: "POST", json: { email } });
    const { code } = await newestMail(server, email);
    const wrong = { email, code: code === "000000" ? "111111" : "000000" };
    await server.request("/api/auth/code", { method: "POST", json: wrong });
    const entered = await server.request("/api/auth/code", { method: "POST", json: { email, code } });
    const cookie = entered.headers.getSetCookie()[0].split(";")[0];
    const left = await server.request("/api/auth/sign-out", { method: "POST", cookie });
    await server.command("user", "session", email);
    await server.command("user", "role", email, "teacher");
    await server.command("user", "suspend", email);
    await server.command("user", "suspend", email);
    await server.command("user", "unsuspend", email);

    const entries = (await list()).filter((e) => e.subject.id === id || e.actor.id === id);
    assert.deepEqual(
        entries.map((e) => `${e.actor.kind} ${e.action}`),
        [
            "operator person.created",
            "anonymous sign_in.failed",
            "person sign_in.succeeded",
            "person sign_out.succeeded",
            "operator session.created",
            "operator person.role_changed",
            "operator person.suspended",
            "operator person.unsuspended",
        ],
    );
    const out = entries.find((e) => e.action === "sign_out.succeeded");
    assert.equal(out.requestId, left.headers.get("x-request-id"));
    assert.equal(out.network, "127.0.0.x");
    assert.equal(out.actor.email, email);
    assert.equal(entries[0].subject.email, email);
    const kept = entries.map((e) => ({ ...e, actor: null, subject: e.subject.id }));
    const all = JSON.stringify(kept); // addresses come from the accounts, not from the entries
    for (const secret of [email, code, cookie.split("=")[1]]) assert.ok(!all.includes(secret));

    const own = await actions("--actor", email);
    assert.deepEqual(own, ["sign_in.succeeded", "sign_out.succeeded"]);
    assert.deepEqual(await actions("--actor", id), own);
    assert.deepEqual(await actions("--actor", "anonymous", "--action", "sign_in"), ["sign_in.failed"]);
    assert.equal((await list("--limit", "2")).length, 2);
    assert.equal((await list("--since", "2099-01-01")).length, 0);
    assert.ok((await list("--since", "1h")).length >= 8);
    const plain = await server.command("audit", "list", "--actor", email);
    assert.match(
        plain.stdout,
        /^\d+ {2}\d{4}-\S+Z {2}sign_in\.succeeded {2}ana@example\.org {2}person ana@example\.org /m,
    );
});

test("ending sessions is written down", async () => {
    const ben = await server.as("ben@example.org");
    await server.cookieFor("ben@example.org");
    await ben.request("/api/sessions", { method: "DELETE" });
    await ben.request("/api/sessions", { method: "DELETE" });
    const revoked = await list("--actor", "ben@example.org", "--action", "session.revoked");
    assert.deepEqual(
        revoked.map((e) => e.details),
        [{ others: 1 }],
        "nothing ended the second time",
    );
});

test("who guesses without end cannot fill the table", async () => {
    const before = (await list("--action", "sign_in.failed", "--limit", "1000")).length;
    const guess = (n) =>
        server.request("/api/auth/code", {
            method: "POST",
            json: { email: `nobody${n}@example.org`, code: "123456" },
        });
    for (let n = 0; n < 30; n += 1) assert.equal((await guess(n)).status, 401);
    const failed = await list("--action", "sign_in.failed", "--limit", "1000");
    assert.ok(failed.length - before <= 5, `${failed.length - before} entries`);
    assert.equal(failed.at(-1).details.more, true);
});

test("--follow shows what is added, until it is interrupted", async () => {
    const child = spawn(program, ["audit", "list", "-f", "--json", "--action", "person.created"], {
        env: server.env,
        cwd: "/",
        stdio: ["ignore", "pipe", "inherit"],
    });
    let seen = "";
    child.stdout.on("data", (data) => (seen += data));
    const exited = new Promise((resolve) => child.once("exit", resolve));
    const until = async (check) => {
        const deadline = Date.now() + 10_000;
        while (!check()) {
            assert.ok(Date.now() < deadline, seen);
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    };
    await until(() => seen.includes("person.created"));
    const id = (await server.command("user", "create", "later@example.org")).stdout.trim();
    await until(() => seen.includes(id));
    child.kill("SIGINT");
    assert.equal(await exited, 130);
    assert.equal(seen.split(id).length, 2, "once");
});

test("wrong usage exits 2, an unknown person 1", async () => {
    for (const args of [["audit"], ["audit", "list", "--since", "soon"], ["audit", "list", "--limit", "0"]])
        assert.equal((await server.command(...args)).code, 2, args.join(" "));
    const unknown = await server.command("audit", "list", "--actor", "who@example.org");
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /no account/);
});

test("verify finds a whole chain, and names the first entry that is altered, missing or cut off", async () => {
    const verify = () => server.command("audit", "verify", "--json");
    const whole = await verify();
    assert.equal(whole.code, 0, whole.stderr);
    const { entries, head, broken } = JSON.parse(whole.stdout);
    assert.ok(entries > 10 && /^[0-9a-f]{64}$/.test(head) && broken === null);
    assert.match(
        (await server.command("audit", "verify")).stdout,
        new RegExp(`^${entries} entries.*${head}`),
    );
    await assert.rejects(database.query("DELETE FROM audit_entries"), /only ever added to/);
    await assert.rejects(database.query("UPDATE audit_entries SET network = ''"), /only ever added to/);
    await assert.rejects(database.query("TRUNCATE audit_entries"), /only ever added to/);

    const cases = [
        [`DELETE FROM audit_entries WHERE seq > ${entries - 2}`, entries - 1, /cut off/],
        ["DELETE FROM audit_entries WHERE seq = 5", 5, /Entry 5 is missing/],
        ["UPDATE audit_entries SET network = network || 'x' WHERE seq = 3", 3, /Entry 3/],
    ];
    // One after the other: the first broken entry moves forward each time.
    await tamper("CREATE TABLE kept AS SELECT * FROM audit_entries");
    for (const [sql, seq, words] of cases) {
        await tamper(sql);
        const found = await verify();
        assert.equal(found.code, 1);
        assert.equal(JSON.parse(found.stdout).broken.seq, seq, sql);
        assert.match(found.stderr, words);
    }
    await tamper("DELETE FROM audit_entries; INSERT INTO audit_entries SELECT * FROM kept; DROP TABLE kept");
    assert.equal((await verify()).code, 0);
});

test("a note is an entry, and changes no schema", async () => {
    const newest = async () =>
        JSON.parse((await server.command("db", "status", "--json")).stdout).migrations.at(-1);
    await server.stop({ keep: true });
    assert.equal((await server.command("db", "rollback", "--yes")).code, 0);
    const noted = await server.command(
        "audit",
        "note",
        "The machine was moved.",
        "--about",
        "0.1.0-000000000001",
    );
    assert.equal(noted.code, 0, noted.stderr);
    assert.equal((await newest()).appliedAt, null);
    assert.equal((await server.command("db", "migrate")).code, 0);
    await server.start();
    const { stdout } = await server.command("audit", "list", "--action", "operator.noted", "--json");
    assert.equal(JSON.parse(stdout).details.note, "The machine was moved.");
    assert.equal((await server.command("audit", "verify")).code, 0);
});
