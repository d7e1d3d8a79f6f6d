// What signing in with GitHub leaves in tables and in the log, and what linking an account wants.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { startGithub, Visitor } from "../support/github.mjs";
import { freePort, startServer } from "../support/server.mjs";

let server, github, database;
before(async () => {
    database = await startDatabase();
    const port = await freePort();
    github = await startGithub({ callback: `http://127.0.0.1:${port}/api/auth/github/callback` });
    server = await startServer({
        port,
        env: { ...github.env, DATABASE_URL: database.url, BRAINBYTES_URL: `http://127.0.0.1:${port}` },
    });
});
after(async () => {
    await server?.stop();
    await github?.close();
    await database?.stop();
});

/** Every row of every table as text, behind the name of its table. Bytes stand there in hexadecimal digits. */
async function everyTable() {
    const list = await database.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
    const names = list.trim().split("\n");
    assert.ok(names.includes("github_sign_ins") && names.length > 20);
    const rows = names.map((name) => `SELECT '${name} ' || one::text FROM "${name}" AS one`);
    return database.query(rows.join(" UNION ALL "));
}

/** How a secret could stand in a row: as it is, or as bytes, or as the bytes that it spells. */
const forms = (secret) => [
    secret,
    Buffer.from(secret).toString("hex"),
    Buffer.from(secret, "base64url").toString("hex"),
];

test("tokens, codes and secrets are in no table and in no log", async () => {
    await server.as("maria@example.org"); // so that a claim waits for its code, and is settled
    const browser = new Visitor(server);
    const back = await browser.leave();
    const query = new URL(back, server.url).searchParams;
    const away = await everyTable();
    assert.equal(await browser.comeBack(back), "/sign-in/github");
    const claimed = await everyTable();
    const { body } = github.calls.find((call) => call.path === "/login/oauth/access_token");
    const { authorization } = github.calls.find((call) => call.path.endsWith("/user")).headers;
    const verifier = new URLSearchParams(body).get("code_verifier");
    assert.match(verifier, /^[\w-]{43}$/);
    github.person = { ...github.person, id: 2002, login: "newcomer" };
    github.person.emails = [{ email: "new@example.org", primary: true, verified: true }];
    assert.equal(await new Visitor(server).goThrough(), "/chat");
    const all = `${away}\n${claimed}\n${await everyTable()}`;

    // What is there is found, so that what is not found is not there.
    for (const [table, known] of [
        ["github_sign_ins", ""],
        ["identity_claims", "maria"],
        ["identities", "newcomer"],
        ["users", "new@example.org"],
    ])
        assert.match(all, new RegExp(`^${table} .*${known}`, "m"));
    assert.notDeepEqual(browser.cookies, {});
    const secrets = {
        state: query.get("state"),
        code: query.get("code"),
        verifier,
        token: /^Bearer (gho_\w+)$/.exec(authorization)[1],
        "secret of the app": github.env.GITHUB_CLIENT_SECRET,
        ...browser.cookies,
    };
    for (const [name, secret] of Object.entries(secrets)) {
        assert.ok(secret.length > 10, name);
        assert.ok(!server.log.includes(secret), `${name} is in the log`);
        for (const form of forms(secret)) assert.ok(!all.includes(form), `${name} is in a table`);
    }
});

test("linking and unlinking want a fresh proof, and are written down", async () => {
    github.reset();
    github.person = { ...github.person, id: 3003, login: "ana" };
    const browser = await Visitor.signedIn(server, "ana@example.org");
    const ask = (method) =>
        browser.request("/api/me/identities/github", { method, ...(method === "POST" && { json: {} }) });
    const provedAgo = (time) => database.query(`UPDATE sessions SET proved_at = now() - interval '${time}'`);
    const linked = async () => (await browser.request("/api/me/identities")).json.identities.length;
    const assertRefused = ({ status, json }) =>
        assert.deepEqual([status, json.type], [403, "/problems/reauthentication-required"]);

    await provedAgo("1 hour");
    assertRefused(await ask("POST"));
    assert.equal(await linked(), 0);
    await provedAgo("1 minute");
    const { location } = (await ask("POST")).json;
    assert.equal(await browser.comeBack(await browser.ask(location)), "/settings?linked=github");
    assert.equal(await linked(), 1);

    await provedAgo("1 hour");
    assertRefused(await ask("DELETE"));
    assert.equal(await linked(), 1);
    await provedAgo("1 minute");
    assert.equal((await ask("DELETE")).status, 204);
    assert.equal(await linked(), 0);

    const { id } = await browser.user();
    const written = await database.query(
        `SELECT action FROM audit_entries WHERE actor_id::text = '${id}' AND action LIKE 'identity.%' ORDER BY seq`,
    );
    assert.deepEqual(written.trim().split("\n"), ["identity.linked", "identity.unlinked"]);
});
