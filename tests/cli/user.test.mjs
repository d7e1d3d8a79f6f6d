// `brainbytes user ...` and `brainbytes setup`, beside a running server and without one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(() => server.stop());

test("user create makes an account and prints its id", async () => {
    const made = await server.command(
        "user",
        "create",
        "Ana@Example.org",
        "--role",
        "teacher",
        "--name",
        "Ana Cruz",
    );
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^[0-9a-f-]{36}\n$/);
    const { request } = await server.as("ana@example.org");
    const { user } = (await request("/api/session")).json;
    assert.equal(user.id, made.stdout.trim());
    assert.equal(user.role, "teacher");
    assert.equal(user.name, "Ana Cruz");
    assert.equal(user.email, "ana@example.org");
});

test("user create refuses an address twice", async () => {
    await server.command("user", "create", "twice@example.org");
    const again = await server.command("user", "create", "TWICE@example.org");
    assert.equal(again.code, 1);
    assert.equal(again.stdout, "");
    assert.match(again.stderr, /exists already/);
});

test("wrong usage exits 2 and says what is wrong", async () => {
    const cases = [
        [["user"], /subcommand/i],
        [["user", "create"], /email/],
        [["user", "create", "not an address"], /not an e-mail address/],
        [["user", "create", "x@example.org", "--role", "king"], /king/],
        [["user", "session"], /email/],
    ];
    for (const [args, why] of cases) {
        const done = await server.command(...args);
        assert.equal(done.code, 2, args.join(" "));
        assert.equal(done.stdout, "");
        assert.match(done.stderr, why);
    }
});

test("user list shows everyone", async () => {
    await server.command(
        "user",
        "create",
        "listed@example.org",
        "--role",
        "administrator",
        "--language",
        "fil",
    );
    const plain = await server.command("user", "list");
    assert.equal(plain.code, 0);
    assert.match(plain.stdout, /^listed@example\.org\tadministrator\tactive\tlisted\t\d{4}-/m);
    const { users } = JSON.parse((await server.command("user", "list", "--json")).stdout);
    const listed = users.find((u) => u.email === "listed@example.org");
    const keys = ["id", "email", "name", "role", "state", "language", "createdAt", "lastSeenAt"];
    assert.deepEqual(Object.keys(listed), keys);
    assert.equal(listed.language, "fil");
});

test("user role, suspend and unsuspend change a person and end their sessions", async () => {
    const email = "moved@example.org";
    const standing = async () => {
        const { users } = JSON.parse((await server.command("user", "list", "--json")).stdout);
        const { role, state } = users.find((u) => u.email === email);
        return `${role} ${state}`;
    };
    const moved = await server.as(email);
    const changed = await server.command("user", "role", email, "teacher");
    assert.equal(changed.code, 0, changed.stderr);
    assert.match(changed.stderr, /is teacher, active/);
    assert.equal(await standing(), "teacher active");
    assert.equal((await moved.request("/api/sessions")).status, 401);
    assert.equal((await server.command("user", "suspend", email)).code, 0);
    assert.equal(await standing(), "teacher suspended");
    const refused = await server.command("user", "session", email, "--json");
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /suspended/);
    assert.equal((await server.command("user", "unsuspend", email)).code, 0);
    assert.equal(await standing(), "teacher active");
    assert.equal((await server.command("user", "suspend", "who@example.org")).code, 1);
    assert.equal((await server.command("user", "role", email, "king")).code, 2);
});

test("the last administrator keeps the role on the command line too", async () => {
    const { users } = JSON.parse((await server.command("user", "list", "--json")).stdout);
    const [last, ...others] = users.filter((u) => u.role === "administrator").map((u) => u.email);
    for (const other of others) await server.command("user", "role", other, "student");
    for (const args of [
        ["role", last, "teacher"],
        ["suspend", last],
    ]) {
        const refused = await server.command("user", ...args);
        assert.equal(refused.code, 1);
        assert.match(refused.stderr, /last administrator/);
    }
});

test("user session prints a cookie that works", async () => {
    await server.command("user", "create", "tool@example.org");
    const made = await server.command("user", "session", "tool@example.org", "--json");
    const { cookie, expiresAt } = JSON.parse(made.stdout);
    assert.match(cookie, /^brainbytes_session=[\w-]{43}$/);
    const days = (new Date(expiresAt) - Date.now()) / 86_400_000;
    assert.ok(days > 29.9 && days < 30.1, expiresAt);
    const list = await server.request("/api/sessions", { cookie });
    assert.equal(list.json.sessions[0].device, "Command line");
    const plain = await server.command("user", "session", "tool@example.org");
    assert.match(plain.stdout, /^brainbytes_session=[\w-]{43}\n$/);
    assert.match(plain.stderr, /Good until/);
});

test("user session knows no stranger", async () => {
    for (const email of ["stranger@example.org", "nonsense"]) {
        const made = await server.command("user", "session", email, "--json");
        assert.equal(made.code, 1);
        assert.equal(made.stdout, "");
        assert.match(made.stderr, /no account/);
    }
});

test("everything works without a running server", async () => {
    const folder = server.dataFolder;
    await server.stop({ keep: true });
    const made = await server.command("user", "create", "offline@example.org");
    assert.equal(made.code, 0, made.stderr);
    const { cookie } = JSON.parse(
        (await server.command("user", "session", "offline@example.org", "--json")).stdout,
    );
    assert.deepEqual(server.databasePids(), [], `the private cluster of ${folder} is left as it was found`);
    await server.start();
    assert.equal((await server.request("/api/sessions", { cookie })).status, 200);
});
