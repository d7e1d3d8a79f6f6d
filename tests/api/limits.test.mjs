// How often one may ask: the limits as they stand when nobody changes them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

const defaults = { BRAINBYTES_RATE_LIMITS: undefined };
let server;

// The proxy is us: each test comes from networks of its own.
before(async () => {
    server = await startServer({
        env: { ...defaults, BRAINBYTES_TRUSTED_PROXIES: "127.0.0.1", METRICS_TOKEN: "seen" },
    });
});
after(() => server?.stop());

const from = (address, target, options = {}) =>
    server.request(target, { ...options, headers: { "x-forwarded-for": address } });
const post = (address, target, json) => from(address, target, { method: "POST", json });

/** `count` requests, eight at once: {answers, allowed, refused, seconds}. */
async function many(count, request) {
    const began = Date.now();
    const answers = [];
    let left = count;
    const client = async () => {
        while (left > 0) {
            left -= 1;
            answers.push(await request());
        }
    };
    await Promise.all(Array.from({ length: 8 }, client));
    const refused = answers.filter((answer) => answer.status === 429);
    return {
        answers,
        refused,
        allowed: answers.length - refused.length,
        seconds: (Date.now() - began) / 1000,
    };
}

function assertRefusal(answer, policy) {
    assert.equal(answer.status, 429);
    assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
    assert.equal(answer.json.type, "https://iana.org/assignments/http-problem-types#quota-exceeded");
    assert.deepEqual(answer.json["violated-policies"], [policy]);
    assert.ok(answer.json.requestId);
    assert.ok(Number(answer.headers.get("retry-after")) >= 1);
    assert.equal(answer.headers.get("cache-control"), "no-store");
}

test("a person has 120 requests of a kind at once, and 5 more each second, on all loops together", async () => {
    const ana = await server.as("ana@example.org");
    const ben = await server.as("ben@example.org");
    const run = await many(300, () => ana.request("/api/sessions"));
    assert.ok(run.allowed >= 120, `${run.allowed} allowed`);
    assert.ok(run.allowed <= 121 + 5 * run.seconds, `${run.allowed} allowed in ${run.seconds} s`);
    for (const refused of run.refused) assertRefusal(refused, "reading");
    const [last] = run.refused.slice(-1);
    assert.equal(last.headers.get("ratelimit-policy"), '"reading";q=120;w=24');
    assert.match(last.headers.get("ratelimit"), /^"reading";r=0;t=2[34]$/);

    // Another kind, another person.
    const change = await ana.request("/api/me", { method: "PATCH", json: { name: "Ana" } });
    assert.equal(change.status, 200);
    assert.match(change.headers.get("ratelimit"), /^"writing";r=119;t=1$/);
    assert.equal((await ben.request("/api/sessions")).status, 200);
    const chat = await ben.request("/api/chat", { method: "POST", json: {} });
    assert.match(chat.headers.get("ratelimit-policy"), /^"tutor";/);

    const wait = Number(last.headers.get("retry-after"));
    await new Promise((resolve) => setTimeout(resolve, wait * 1000));
    assert.equal((await ana.request("/api/sessions")).status, 200);
});

test("who is not signed in is limited by network, a /64 of IPv6 being one", async () => {
    let host = 0;
    const run = await many(400, () => from(`2001:db8:0:1::${(host += 1).toString(16)}`, "/api/session"));
    assert.ok(run.allowed >= 240 && run.allowed <= 241 + 10 * run.seconds, `${run.allowed} allowed`);
    for (const refused of run.refused) assertRefusal(refused, "network");
    assert.equal((await from("2001:db8:0:2::1", "/api/session")).status, 200);
    assert.equal((await from("203.0.113.9", "/api/session")).status, 200);
    // Somebody signed in there is not kept out by the others.
    const { cookie } = await server.as("inside@example.org");
    assert.equal((await from("2001:db8:0:1::1", "/api/session", { cookie })).status, 200);

    // What is not of the API, and what watches over us, is not limited.
    for (const target of ["/livez", "/readyz", "/api/health", "/", "/sign-in"]) {
        const answer = await from("2001:db8:0:1::1", target);
        assert.equal(answer.status, 200, target);
        assert.equal(answer.headers.get("ratelimit"), null, target);
    }
    const asset = /\/assets\/[^"]+\.js/.exec((await from("2001:db8:0:1::1", "/")).text)[0];
    assert.equal((await from("2001:db8:0:1::1", asset)).status, 200);

    const metrics = (await server.request("/api/metrics", { headers: { authorization: "Bearer seen" } }))
        .text;
    const counted = /brainbytes_rate_limited_total\{limit="network"\} (\d+)/.exec(metrics);
    assert.ok(Number(counted[1]) >= run.refused.length, metrics);
});

test("a signed-out request for what needs a session counts, too", async () => {
    const answer = await from("198.51.100.77", "/api/threads");
    assert.equal(answer.status, 401);
    assert.match(answer.headers.get("ratelimit"), /^"network";r=239;/);
});

test("a class of 40 behind one address signs in within a minute", async () => {
    const began = Date.now();
    const pupil = async (number) => {
        const email = `pupil${number}@class.example.org`;
        const network = "192.0.2.40";
        assert.equal((await from(network, "/api/session")).status, 200);
        assert.equal((await post(network, "/api/auth/email", { email })).status, 202);
        const { code } = await newestMail(server, email);
        const wrong = code === "000000" ? "000001" : "000000";
        assert.equal((await post(network, "/api/auth/code", { email, code: wrong })).status, 401);
        assert.equal((await post(network, "/api/auth/code", { email, code })).status, 204);
    };
    await Promise.all(Array.from({ length: 40 }, (_, number) => pupil(number)));
    assert.ok(Date.now() - began < 60_000);
});

test("an address gets five mails, then one each three minutes; known or not makes no difference", async () => {
    await server.as("known@example.org");
    const seen = {};
    for (const [email, network] of [
        ["known@example.org", "198.51.100.1"],
        ["unknown@example.org", "198.51.100.2"],
    ]) {
        const answers = [];
        for (let i = 0; i < 7; i += 1) answers.push(await post(network, "/api/auth/email", { email }));
        assert.deepEqual(
            answers.map((answer) => answer.status),
            [202, 202, 202, 202, 202, 429, 429],
        );
        assertRefusal(answers[5], "mail-address");
        const wait = Number(answers[5].headers.get("retry-after"));
        assert.ok(wait > 170 && wait <= 180, String(wait));
        seen[email] = answers.map(({ json }) => ({ ...json, requestId: undefined }));
        await newestMail(server, email, 5);
        assert.equal(mails(server, email).length, 5);
    }
    assert.deepEqual(seen["known@example.org"], seen["unknown@example.org"]);
    // The same address from elsewhere is the same address; its owner, once in, starts afresh.
    const email = "known@example.org";
    assert.equal((await post("198.51.100.3", "/api/auth/email", { email })).status, 429);
    const { code } = await newestMail(server, email, 5);
    assert.equal((await post("198.51.100.3", "/api/auth/code", { email, code })).status, 204);
    assert.equal((await post("198.51.100.3", "/api/auth/email", { email })).status, 202);
});

test("a network sends 60 mails at once, whatever the addresses", async () => {
    let number = 0;
    const ask = () => {
        number += 1;
        return post("198.51.100.60", "/api/auth/email", { email: `n${number}@flood.example.org` });
    };
    const run = await many(80, ask);
    assert.ok(run.allowed >= 60 && run.allowed <= 61 + run.seconds / 3, `${run.allowed} allowed`);
    for (const refused of run.refused) assertRefusal(refused, "mail-network");
});

test("codes, links and setup are tried so often, by address and by network", async () => {
    const email = "guess@example.org";
    const guess = () => post("198.51.100.70", "/api/auth/code", { email, code: "123456" });
    const guesses = await many(30, guess);
    assert.ok(guesses.allowed >= 20 && guesses.allowed <= 22, `${guesses.allowed} allowed`);
    for (const refused of guesses.refused) assertRefusal(refused, "try-address");

    const body = { link: { token: "x" }, setup: { token: "x", email, name: "X" } };
    let turn = 0;
    const open = () => {
        const what = (turn += 1) % 2 ? "link" : "setup";
        return post("198.51.100.71", `/api/auth/${what}`, body[what]);
    };
    const opened = await many(200, open);
    assert.ok(opened.allowed >= 160 && opened.allowed <= 161 + opened.seconds, `${opened.allowed}`);
    for (const refused of opened.refused) assertRefusal(refused, "try-network");
});

test("two nodes count sign-ins together, and believe no forwarded address of a stranger", async () => {
    const database = await startDatabase();
    const env = { ...defaults, DATABASE_URL: database.url };
    const nodes = [];
    try {
        for (let i = 0; i < 2; i += 1) nodes.push(await startServer({ env }));
        const email = "both@example.org";
        const statuses = [];
        for (let i = 0; i < 6; i += 1) {
            const headers = { "x-forwarded-for": `203.0.113.${i}` };
            const options = { method: "POST", json: { email }, headers };
            statuses.push((await nodes[i % 2].request("/api/auth/email", options)).status);
        }
        assert.deepEqual(statuses, [202, 202, 202, 202, 202, 429]);

        let host = 0;
        const run = await many(400, () => {
            host += 1;
            return nodes[0].request("/api/session", { headers: { "x-forwarded-for": `10.0.${host}.1` } });
        });
        assert.ok(run.allowed <= 241 + 10 * run.seconds, `${run.allowed} allowed in ${run.seconds} s`);
    } finally {
        for (const node of nodes) await node.stop();
        await database.stop();
    }
});

test("the option changes one limit and leaves the others", async () => {
    const other = await startServer({ env: { BRAINBYTES_RATE_LIMITS: "person=3+1/m" } });
    try {
        const ana = await other.as("ana@example.org");
        const statuses = [];
        for (let i = 0; i < 4; i += 1) statuses.push((await ana.request("/api/sessions")).status);
        assert.deepEqual(statuses, [200, 200, 200, 429]);
        const anonymous = await other.request("/api/session");
        assert.equal(anonymous.headers.get("ratelimit-policy"), '"network";q=240;w=24');
    } finally {
        await other.stop();
    }
});
