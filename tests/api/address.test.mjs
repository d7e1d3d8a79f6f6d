// Changing one's address: proved by a code at the new one, told to the old one.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertProblem } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let database, server, second;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    second = await startServer({ env: { DATABASE_URL: database.url } });
});
after(async () => {
    await second?.stop();
    await server?.stop();
    await database?.stop();
});

const post = (who, target, json) => who.request(target, { method: "POST", json });
const ask = (who, email) => post(who, "/api/me/address", { email });
const confirm = (who, code) => post(who, "/api/me/address/confirm", { code });
const addressOf = async (who) => (await who.request("/api/session")).json.user?.email;

/** Notices may leave from either server's outbox. */
async function notice(email, subject) {
    const deadline = Date.now() + 10_000;
    for (;;) {
        const found = [...mails(server, email), ...mails(second, email)].filter((m) =>
            subject.test(m.subject),
        );
        if (found.length > 0) return found.at(-1);
        assert.ok(Date.now() < deadline, `no notice to ${email}`);
        await new Promise((resolve) => setTimeout(resolve, 30));
    }
}

test("a code at the new address changes it, ends other sessions, and the old one hears of both", async () => {
    const ana = await server.as("ana@example.org");
    const elsewhere = await server.as("ana@example.org");
    const onSecond = () => second.request("/api/sessions", { cookie: elsewhere.cookie });
    assert.equal((await onSecond()).status, 200);
    const asked = await ask(ana, "Ana.New@Example.org");
    assert.equal(asked.status, 202, asked.text);
    assert.deepEqual(asked.json, { delivery: "outbox" });
    const { code } = await newestMail(server, "ana.new@example.org");
    assert.match((await notice("ana@example.org", /about to change/)).text, /nothing has changed yet/);
    assert.equal(await addressOf(ana), "ana@example.org");

    const wrong = code === "000000" ? "111111" : "000000";
    assertProblem(await confirm(ana, wrong), 422, "invalid-input", ["#/code"]);
    assert.equal((await confirm(ana, code)).status, 204);
    assert.equal(await addressOf(ana), "ana.new@example.org");
    assert.equal((await elsewhere.request("/api/sessions")).status, 401);
    const deadline = Date.now() + 3_000;
    while ((await onSecond()).status !== 401) assert.ok(Date.now() < deadline, "still signed in there");
    assertProblem(await confirm(ana, code), 422, "invalid-input", ["#/code"]);
    assert.match((await notice("ana@example.org", /was changed/)).text, /tell your administrator at once/);

    const admin = await server.admin();
    for (const action of ["address.change_asked", "address.changed"]) {
        const { entries } = (await admin.request(`/api/admin/audit?action=${action}`)).json;
        assert.equal(entries.length, 1, action);
        assert.ok(!JSON.stringify(entries[0].details).includes("@"));
    }
});

test("an address that is taken is told only to who reads its mail", async () => {
    const ben = await server.as("ben@example.org");
    await server.as("taken@example.org");
    const [free, taken] = [await ask(ben, "free@example.org"), await ask(ben, "taken@example.org")];
    assert.deepEqual([taken.status, taken.text], [free.status, free.text]);
    const { code } = await newestMail(server, "taken@example.org");
    assertProblem(await confirm(ben, "123456" === code ? "654321" : "123456"), 422, "invalid-input");
    assertProblem(await confirm(ben, code), 409, "conflict");
    assert.equal(await addressOf(ben), "ben@example.org");
});

test("five tries, ten minutes, and only the newest code", async () => {
    const cy = await server.as("cy@example.org");
    await ask(cy, "cy1@example.org");
    const first = (await newestMail(server, "cy1@example.org")).code;
    await ask(cy, "cy2@example.org");
    const { code } = await newestMail(server, "cy2@example.org");
    if (first !== code) assertProblem(await confirm(cy, first), 422, "invalid-input");
    const wrong = code === "000000" ? "111111" : "000000";
    for (let i = 0; i < 5; i += 1) assertProblem(await confirm(cy, wrong), 422, "invalid-input");
    assertProblem(await confirm(cy, code), 422, "invalid-input");
    await database.query("UPDATE address_changes SET attempts = 0, expires_at = now()");
    assertProblem(await confirm(cy, code), 422, "invalid-input");
    assert.equal(await addressOf(cy), "cy@example.org");
});

test("it wants a session, a fresh proof, and an address", async () => {
    const dan = await server.as("dan@example.org");
    for (const target of ["/api/me/address", "/api/me/address/confirm"])
        assert.equal((await post(server, target, {})).status, 401);
    for (const email of ["", "x", 7, "a@b\nc"])
        assertProblem(await ask(dan, email), 422, "invalid-input", ["#/email"]);
    assertProblem(await ask(dan, "dan@example.org"), 422, "invalid-input", ["#/email"]);
    assertProblem(await post(dan, "/api/me/address/confirm", {}), 422, "invalid-input", ["#/code"]);
    await database.query("UPDATE sessions SET proved_at = now() - interval '16 minutes'");
    assertProblem(await ask(dan, "dan2@example.org"), 403, "reauthentication-required");
    assert.equal(mails(server, "dan2@example.org").length, 0);
});

test("mails to one address are few, whoever asks", async () => {
    const env = { DATABASE_URL: database.url, BRAINBYTES_RATE_LIMITS: "mail-address=2+1/h" };
    const tight = await startServer({ env });
    try {
        const people = [await server.as("eva@example.org"), await server.as("fe@example.org")];
        const statuses = [];
        for (const { cookie } of [...people, people[0]]) {
            const json = { email: "flooded@example.org" };
            const answer = await tight.request("/api/me/address", { method: "POST", cookie, json });
            statuses.push(answer.status);
        }
        assert.deepEqual(statuses, [202, 202, 429]);
    } finally {
        await tight.stop();
    }
});
