// Two servers on one database: what one begins or ends, the other knows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let database, first, second;
before(async () => {
    database = await startDatabase();
    const env = { DATABASE_URL: database.url };
    first = await startServer({ env });
    second = await startServer({ env });
});
after(async () => {
    await second?.stop();
    await first?.stop();
    await database?.stop();
});

/** Asks for some seconds, far less than the minute a session is remembered: the ms it took. */
async function until(wanted, ask) {
    const began = Date.now();
    for (;;) {
        const got = await ask();
        const took = Date.now() - began;
        if (got === wanted) return took;
        assert.ok(took < 5_000, `${got} instead of ${wanted} after ${took} ms`);
    }
}

/** Asks, and again while the server has no connection yet to a database that was restarted just now. */
async function asked(server, ...request) {
    const deadline = Date.now() + 5_000;
    for (;;) {
        const answer = await server.request(...request);
        if (answer.status !== 503 || Date.now() > deadline) return answer;
    }
}

const status = async (server, cookie) => (await asked(server, "/api/sessions", { cookie })).status;

async function remembered(server, email) {
    const cookie = await first.cookieFor(email);
    for (let i = 0; i < 8; i += 1) assert.equal(await status(server, cookie), 200);
    return cookie;
}

test("a session ended on one node ends on the other at once", async () => {
    const took = [];
    for (let i = 0; i < 3; i += 1) {
        const cookie = await remembered(second, "ana@example.org");
        await first.request("/api/auth/sign-out", { method: "POST", cookie });
        took.push(await until(401, () => status(second, cookie)));
    }
    const median = took.sort((a, b) => a - b)[1];
    assert.ok(median < 1_000, `within ${took} ms`);
});

test("a session ended while a node could not hear of it ends there too", async () => {
    const cookie = await remembered(second, "ben@example.org");
    await database.restart();
    await until(
        204,
        async () => (await first.request("/api/auth/sign-out", { method: "POST", cookie })).status,
    );
    await until(401, () => status(second, cookie));
});

test("a token that a proof replaced on one node is void on the other", async () => {
    const email = "dan@example.org";
    const old = await remembered(second, email);
    const mailed = await asked(first, "/api/auth/email", { method: "POST", json: { email } });
    assert.equal(mailed.status, 202, mailed.text);
    const { code } = await newestMail(first, email);
    const proof = { method: "POST", cookie: old, json: { code } };
    const proved = await asked(first, "/api/auth/reauthenticate", proof);
    assert.equal(proved.status, 204, proved.text);
    const cookie = proved.headers.getSetCookie()[0].split(";")[0];
    await until(401, () => status(second, old));
    assert.equal(await status(second, cookie), 200);
});

test("a token that was replaced a moment ago is not given to the browser again", async () => {
    const cookie = await remembered(second, "eva@example.org");
    await database.query("UPDATE sessions SET token_hash = sha256(token_hash)"); // nobody is told yet
    const answer = await asked(second, "/api/session", { cookie });
    assert.equal(answer.json.user?.email, "eva@example.org");
    assert.deepEqual(answer.headers.getSetCookie(), []);
});

test("a code asked for on one node is good on the other", async () => {
    const email = "cora@example.org";
    const mailed = await asked(first, "/api/auth/email", { method: "POST", json: { email } });
    assert.equal(mailed.status, 202, mailed.text);
    const { code } = await newestMail(first, email);
    const answer = await asked(second, "/api/auth/code", { method: "POST", json: { email, code } });
    assert.equal(answer.status, 204, answer.text);
});
