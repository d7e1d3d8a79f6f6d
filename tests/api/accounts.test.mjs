// Signing in and out, oneself, one's sessions: through HTTP, against the real program.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { until } from "../support/checks.mjs";
import { codes, mails, newestCode, newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(() => server.stop());

const post = (target, json, options = {}) => server.request(target, { method: "POST", json, ...options });

/** The name=value of the session cookie that an answer sets. */
function cookieOf(answer) {
    const line = answer.headers.getSetCookie().find((c) => c.includes("brainbytes_session="));
    return line?.split(";")[0];
}

async function signIn(email, options) {
    const before = codes(server, email).length;
    await post("/api/auth/email", { email });
    const { code } = await newestCode(server, email, before + 1);
    const answer = await post("/api/auth/code", { email, code }, options);
    assert.equal(answer.status, 204, answer.text);
    return cookieOf(answer);
}

const session = async (cookie) => (await server.request("/api/session", { cookie })).json;
const wrong = (code) => (code === "000000" ? "000001" : "000000");

function assertProblem(answer, status, pointers) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
    assert.equal(answer.json.status, status);
    assert.ok(answer.json.requestId);
    if (pointers) assert.deepEqual(answer.json.errors.map((e) => e.pointer).sort(), [...pointers].sort());
}

test("nobody is signed in at first, and the page learns what it needs", async () => {
    const answer = await server.request("/api/session");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.json.user, null);
    assert.equal(answer.json.setupNeeded, true);
    assert.equal(answer.json.tutor.mode, "extractive");
    assert.equal(answer.json.tutor.model, null);
    assert.match(answer.json.version, /^\d+\.\d+\.\d+/);
    assert.equal(cookieOf(answer), undefined);
});

test("a mailed code signs a new person in as a student", async () => {
    const email = "new@example.org";
    const asked = await post("/api/auth/email", { email: " New@Example.ORG ", language: "fil" });
    assert.equal(asked.status, 202);
    assert.deepEqual(asked.json, { delivery: "outbox" });
    const mail = await newestMail(server, email);
    assert.equal(mail.mode, 0o600);
    assert.match(mail.subject, /ang iyong sign-in code/);
    assert.match(mail.link, /^http:\/\/localhost:\d+\/sign-in\/link#[\w-]{43}$/);

    const answer = await post("/api/auth/code", { email, code: mail.code });
    assert.equal(answer.status, 204);
    const [line] = answer.headers.getSetCookie();
    assert.match(line, /^brainbytes_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);

    const { user, setupNeeded } = await session(cookieOf(answer));
    assert.equal(setupNeeded, false);
    assert.deepEqual(Object.keys(user), ["id", "email", "name", "role", "language", "theme", "createdAt"]);
    assert.equal(user.email, email);
    assert.equal(user.name, "new");
    assert.equal(user.role, "student");
    assert.equal(user.language, "fil");
    assert.equal(user.theme, "system");
});

test("known and unknown addresses get the same answer", async () => {
    await server.command("user", "create", "known@example.org");
    const known = await post("/api/auth/email", { email: "known@example.org" });
    const unknown = await post("/api/auth/email", { email: "unknown@example.org" });
    assert.equal(known.status, unknown.status);
    assert.equal(known.text, unknown.text);
    const wrongKnown = await post("/api/auth/code", { email: "known@example.org", code: "000000" });
    const wrongNever = await post("/api/auth/code", { email: "never@example.org", code: "000000" });
    assertProblem(wrongKnown, 401);
    assertProblem(wrongNever, 401);
    assert.equal(wrongKnown.json.detail, wrongNever.json.detail);
});

test("five wrong tries void the code, whatever comes then", async () => {
    const email = "guess@example.org";
    await post("/api/auth/email", { email });
    const { code } = await newestMail(server, email);
    for (let i = 0; i < 5; i += 1)
        assertProblem(await post("/api/auth/code", { email, code: wrong(code) }), 401);
    assertProblem(await post("/api/auth/code", { email, code }), 401);
});

test("wrong tries side by side are all counted", async () => {
    const email = "race@example.org";
    await post("/api/auth/email", { email });
    const { code } = await newestMail(server, email);
    const tries = Array.from({ length: 20 }, () => post("/api/auth/code", { email, code: wrong(code) }));
    for (const answer of await Promise.all(tries)) assert.equal(answer.status, 401);
    assertProblem(await post("/api/auth/code", { email, code }), 401);
});

test("one code entered twice at once signs in once", async () => {
    const email = "twice@example.org";
    await post("/api/auth/email", { email });
    const { code } = await newestMail(server, email);
    const answers = await Promise.all([0, 1, 2].map(() => post("/api/auth/code", { email, code })));
    assert.deepEqual(answers.map((a) => a.status).sort(), [204, 401, 401]);
});

test("the log says where mail goes, never to whom or with what code", async () => {
    const email = "discreet@example.org";
    await post("/api/auth/email", { email });
    const { code, token, file } = await newestMail(server, email);
    await until("the line", () => server.log.includes(file));
    await new Promise((resolve) => setTimeout(resolve, 200)); // lines behind it too
    for (const secret of [email, token, `"${code}"`]) assert.ok(!server.log.includes(secret));
});

test("a mailed link signs in once", async () => {
    const email = "link@example.org";
    await post("/api/auth/email", { email });
    const { token, code } = await newestMail(server, email);
    const answer = await post("/api/auth/link", { token });
    assert.equal(answer.status, 204);
    assert.equal((await session(cookieOf(answer))).user.email, email);
    assertProblem(await post("/api/auth/link", { token }), 401);
    assertProblem(await post("/api/auth/code", { email, code }), 401);
    assertProblem(await post("/api/auth/link", { token: "made-up" }), 401);
});

test("signing out ends the session on every connection at once", async () => {
    const cookie = await signIn("out@example.org");
    // Many connections, so that every event loop knows the session.
    const ask = () => server.request("/api/sessions", { cookie });
    await Promise.all(Array.from({ length: 16 }, ask));
    const answer = await post("/api/auth/sign-out", undefined, { cookie });
    assert.equal(answer.status, 204);
    assert.match(answer.headers.getSetCookie()[0], /^brainbytes_session=; Path=\/; Max-Age=0;/);
    for (const later of await Promise.all(Array.from({ length: 16 }, ask))) assertProblem(later, 401);
    assert.equal((await session(cookie)).user, null);
});

test("signing out while signed out is no fault", async () => {
    assert.equal((await post("/api/auth/sign-out")).status, 204);
    const bad = await post("/api/auth/sign-out", undefined, { cookie: "brainbytes_session=nonsense" });
    assert.equal(bad.status, 204);
});

test("signing in again ends the session the browser had", async () => {
    const first = await signIn("again@example.org");
    const second = await signIn("again@example.org", { cookie: first });
    assert.notEqual(first, second);
    assert.equal((await session(first)).user, null);
    assert.equal((await session(second)).user.email, "again@example.org");
});

/** Proves by a mailed code who holds the session of `cookie`: the answer. */
async function prove(email, cookie) {
    const before = mails(server, email).length;
    await post("/api/auth/email", { email });
    const { code } = await newestMail(server, email, before + 1);
    return post("/api/auth/reauthenticate", { code }, { cookie });
}

test("a proof gives the session a new token and voids the old one at once", async () => {
    const email = "proof@example.org";
    const old = await signIn(email);
    const { sessions: before } = (await server.request("/api/sessions", { cookie: old })).json;
    const proved = await prove(email, old);
    assert.equal(proved.status, 204, proved.text);
    const [line] = proved.headers.getSetCookie();
    assert.match(line, /^brainbytes_session=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    const cookie = cookieOf(proved);
    assert.notEqual(cookie, old);
    for (let i = 0; i < 12; i += 1) {
        assert.equal((await session(old)).user, null);
        assert.equal((await server.request("/api/sessions", { cookie: old })).status, 401);
    }
    const { sessions: after } = (await server.request("/api/sessions", { cookie })).json;
    const [one, other] = [before, after].map((all) => all.map(({ id, current }) => [id, current]));
    assert.deepEqual(one, other, "the same session");
    assert.equal((await prove(email, old)).status, 401);
    const wrongCode = await post("/api/auth/reauthenticate", { code: "000000" }, { cookie });
    assertProblem(wrongCode, 422, ["#/code"]);
    assert.equal(cookieOf(wrongCode), undefined);
    assert.equal((await session(cookie)).user.email, email);
});

test("of two proofs by one token one counts", async () => {
    const email = "twice@example.org";
    const old = await signIn(email);
    for (const count of [2, 3]) {
        await post("/api/auth/email", { email });
        await newestMail(server, email, count);
    }
    const codes = mails(server, email).slice(-2);
    const enter = ({ code }) => post("/api/auth/reauthenticate", { code }, { cookie: old });
    const answers = await Promise.all(codes.map(enter));
    const good = answers.filter(({ status }) => status === 204);
    assert.equal(good.length, 1, answers.map(({ text }) => text).join());
    assert.equal((await session(cookieOf(good[0]))).user.email, email);
});

test("looking at the session keeps the browser's cookie alive", async () => {
    const cookie = await signIn("slide@example.org");
    const answer = await server.request("/api/session", { cookie });
    assert.equal(cookieOf(answer), cookie);
    assert.match(answer.headers.getSetCookie()[0], /Max-Age=2592000/);
});

test("a person changes name, language and theme, and nothing else", async () => {
    const ana = await server.as("ana@example.org");
    const change = (json) => ana.request("/api/me", { method: "PATCH", json });
    const done = await change({ name: "  Ana Cruz ", language: "fil", theme: "dark" });
    assert.equal(done.status, 200);
    assert.equal(done.json.name, "Ana Cruz");
    assert.equal((await change({ theme: "light" })).json.name, "Ana Cruz");
    const { user } = (await ana.request("/api/session")).json;
    assert.equal(user.language, "fil");
    assert.equal(user.theme, "light");

    assertProblem(await change({ role: "administrator" }), 422, ["#/role"]);
    assertProblem(await change({ name: "", language: "de", theme: 1 }), 422, [
        "#/name",
        "#/language",
        "#/theme",
    ]);
    assertProblem(await change({ name: "x".repeat(81) }), 422, ["#/name"]);
    assertProblem(await change({ name: "nul\0" }), 422, ["#/name"]);
    assertProblem(await server.request("/api/me", { method: "PATCH", json: { name: "X" } }), 401);
});

test("the sessions page shows one's own sessions and ends them", async () => {
    const email = "many@example.org";
    const headers = {
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    };
    const here = await signIn(email, { headers });
    const there = await signIn(email);
    const elsewhere = await signIn(email);
    const list = async (cookie) => (await server.request("/api/sessions", { cookie })).json.sessions;

    const sessions = await list(here);
    assert.equal(sessions.length, 3);
    const current = sessions.find((s) => s.current);
    assert.equal(sessions.filter((s) => s.current).length, 1);
    assert.deepEqual(Object.keys(current), [
        "id",
        "current",
        "device",
        "network",
        "createdAt",
        "lastSeenAt",
        "expiresAt",
    ]);
    assert.equal(current.device, "Firefox on Linux");
    assert.equal(current.network, "127.0.0.x");
    assert.match(current.expiresAt, /Z$/);

    const thereId = (await list(there)).find((s) => s.current).id;
    const end = (id, cookie) => server.request(`/api/sessions/${id}`, { method: "DELETE", cookie });
    const stranger = await server.as("stranger@example.org");
    assertProblem(await end(thereId, stranger.cookie), 404);
    assertProblem(await end("not-an-id", here), 404);
    assertProblem(await server.request(`/api/sessions/${thereId}`, { method: "DELETE" }), 401);
    assert.equal((await end(thereId, here)).status, 204);
    assertProblem(await end(thereId, here), 404);
    assert.equal((await server.request("/api/sessions", { cookie: there })).status, 401);

    assert.equal((await server.request("/api/sessions", { method: "DELETE", cookie: here })).status, 204);
    assert.equal((await server.request("/api/sessions", { cookie: elsewhere })).status, 401);
    assert.equal((await list(here)).length, 1);
    assert.equal((await list(stranger.cookie)).length, 1);

    const self = await end(current.id, here);
    assert.equal(self.status, 204);
    assert.match(self.headers.getSetCookie()[0], /Max-Age=0/);
    assert.equal((await session(here)).user, null);
});

test("the list of sessions answers 304 when nothing changed", async () => {
    const cookie = await signIn("etag@example.org");
    const first = await server.request("/api/sessions", { cookie });
    const etag = first.headers.get("etag");
    assert.match(etag, /^"/);
    const again = await server.request("/api/sessions", { cookie, headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
});

test("the operator's link makes the first administrator once", async () => {
    const made = await server.command("setup");
    assert.equal(made.code, 0, made.stderr);
    const link = made.stdout.trim();
    assert.match(link, /^http:\/\/localhost:\d+\/setup#[\w-]{43}$/);
    const token = link.split("#")[1];
    const body = { token, email: "admin@example.org", name: "The Admin" };

    assertProblem(await post("/api/auth/setup", { token }), 422, ["#/email", "#/name"]);
    assertProblem(await post("/api/auth/setup", { ...body, token: "made-up" }), 401);
    const answer = await post("/api/auth/setup", body);
    assert.equal(answer.status, 204, answer.text);
    const { user } = await session(cookieOf(answer));
    assert.equal(user.role, "administrator");
    assert.equal(user.name, "The Admin");
    assertProblem(await post("/api/auth/setup", body), 401);
    assert.equal((await session()).setupNeeded, false);

    const again = await server.command("setup");
    assert.equal(again.code, 1);
    assert.equal(again.stdout, "");
    assert.match(again.stderr, /administrator already/);
});

test("bad input is named field by field and nothing is written", async () => {
    const before = codes(server).length;
    const cases = [
        ["/api/auth/email", {}, ["#/email"]],
        ["/api/auth/email", { email: 7 }, ["#/email"]],
        ["/api/auth/email", { email: null }, ["#/email"]],
        ["/api/auth/email", { email: "a".repeat(300) + "@example.org" }, ["#/email"]],
        ["/api/auth/email", { email: "nul\0@example.org" }, ["#/email"]],
        ["/api/auth/email", { email: "x@example.org\r\nBcc: y@example.org" }, ["#/email"]],
        [
            "/api/auth/email",
            { email: "x@example.org", language: "tlh", role: "administrator" },
            ["#/language", "#/role"],
        ],
        ["/api/auth/code", { email: "x@example.org" }, ["#/code"]],
        ["/api/auth/code", { email: "x@example.org", code: 123456 }, ["#/code"]],
        ["/api/auth/code", { email: "x@example.org", code: "12345" }, ["#/code"]],
        ["/api/auth/link", { token: "" }, ["#/token"]],
        ["/api/auth/link", { token: { toString: 1 } }, ["#/token"]],
        ["/api/auth/setup", {}, ["#/token", "#/email", "#/name"]],
    ];
    for (const [target, json, pointers] of cases) assertProblem(await post(target, json), 422, pointers);
    assert.equal(codes(server).length, before);
});

test("what is no JSON is refused before it is looked at", async () => {
    const raw = (body, type = "application/json") =>
        server.request("/api/auth/email", { method: "POST", body, headers: { "content-type": type } });
    assertProblem(await raw("{"), 400);
    assertProblem(await raw(""), 400);
    assertProblem(await raw(Buffer.from([0x22, 0xff, 0x22])), 400);
    assertProblem(await raw('{"email":"x@example.org"}', "text/plain"), 415);
    assertProblem(await raw('{"email":"' + "x".repeat(2 << 20) + '"}'), 413);
    assertProblem(await raw("[]"), 422);
});

test("a page of another site can change nothing", async () => {
    const ana = await server.as("ana@example.org");
    const change = (headers) => ana.request("/api/me", { method: "PATCH", json: { name: "Owned" }, headers });
    assertProblem(await change({ origin: "https://evil.example" }), 403);
    assertProblem(await change({ origin: "null" }), 403);
    assertProblem(await change({ "sec-fetch-site": "cross-site" }), 403);
    assertProblem(await change({ "sec-fetch-site": "same-site", origin: server.url }), 403);
    assert.notEqual((await ana.request("/api/session")).json.user.name, "Owned");
    assert.equal((await change({ "sec-fetch-site": "same-origin", origin: server.url })).status, 200);
    const sign = await post(
        "/api/auth/email",
        { email: "x@example.org" },
        { headers: { origin: "https://evil.example" } },
    );
    assertProblem(sign, 403);
});
