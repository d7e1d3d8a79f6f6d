// Signing in with GitHub, against a GitHub that takes nothing but what the book says.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { startDatabase } from "../support/database.mjs";
import { send, startGithub, Visitor } from "../support/github.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
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
beforeEach(async () => {
    github.reset();
    server.cookies.clear(); // what as() remembers to have made
    await database.query("DELETE FROM users; DELETE FROM sign_in_codes; DELETE FROM identity_claims");
});

const count = async (table) => Number(await database.query(`SELECT count(*) FROM ${table}`));
const visitor = (cookies) => new Visitor(server, cookies);
const signedIn = (email) => Visitor.signedIn(server, email);
const token = "/login/oauth/access_token";

/** Nobody was let in, and nothing is left behind. */
async function assertNothingWritten(browser) {
    assert.equal(await browser.user(), null);
    for (const table of ["users", "identities", "identity_claims", "sessions", "github_sign_ins"])
        assert.equal(await count(table), 0, table);
}

test("a new person becomes a student, and comes back as the same one", async () => {
    assert.deepEqual((await server.request("/api/session")).json.signIn, { github: true });
    const browser = visitor();
    const begun = await browser.request("/api/auth/github?next=%2Fmaterials%3Fx%3D1&language=fil");
    assert.equal(begun.status, 303);
    assert.equal(begun.headers.get("cache-control"), "no-store");
    const [line] = begun.headers.getSetCookie();
    assert.match(
        line,
        /^brainbytes_github=[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/,
        "the state is bound to this browser",
    );
    const back = await browser.ask(begun.headers.get("location"));
    assert.equal(await browser.comeBack(back), "/materials?x=1");
    const user = await browser.user();
    assert.equal(user.email, "maria@example.org");
    assert.equal(user.name, "Maria Clara");
    assert.equal(user.role, "student");
    assert.equal(user.language, "fil");
    assert.deepEqual(github.faults, []);
    assert.equal(mails(server, "maria@example.org").length, 0, "GitHub has verified the address");

    // The number counts, not the address: it may have passed to somebody else.
    github.person = {
        ...github.person,
        login: "maria2",
        emails: [{ email: "new@example.org", primary: true, verified: true }],
    };
    const again = visitor();
    assert.equal(await again.goThrough(), "/chat");
    assert.equal((await again.user()).id, user.id);
    assert.equal((await again.user()).email, "maria@example.org");
    const { identities } = (await again.request("/api/me/identities")).json;
    assert.deepEqual(Object.keys(identities[0]), ["provider", "login", "createdAt", "lastUsedAt"]);
    assert.equal(identities[0].login, "maria2");
    assert.equal(await count("users"), 1);
    assert.equal(await count("github_sign_ins"), 0);
});

test("the session is a new one, and the one the browser had ends", async () => {
    const browser = await signedIn("before@example.org");
    const old = browser.cookies.brainbytes_session;
    await browser.goThrough();
    assert.notEqual(browser.cookies.brainbytes_session, old);
    const gone = await server.request("/api/sessions", { cookie: `brainbytes_session=${old}` });
    assert.equal(gone.status, 401);
});

test("an address that has an account is never joined without its owner", async () => {
    const maria = await server.as("maria@example.org");
    const mail = mails(server, "maria@example.org").length;
    const browser = visitor();
    assert.equal(await browser.goThrough("/api/auth/github?next=/search"), "/sign-in/github?next=%2Fsearch");
    assert.equal(await browser.user(), null);
    assert.equal(await count("identities"), 0);
    const claim = await browser.request("/api/auth/github/claim");
    assert.deepEqual(claim.json, { email: "maria@example.org", login: "maria", delivery: "outbox" });

    const { code } = await newestMail(server, "maria@example.org", mail + 1);
    const confirm = (from, json) => from.request("/api/auth/github/claim", { method: "POST", json });
    const wrong = await confirm(browser, { code: code === "000000" ? "000001" : "000000" });
    assert.equal(wrong.status, 401);
    assert.equal((await confirm(browser, { code: "12" })).status, 422);
    assert.equal((await confirm(browser, {})).json.errors[0].pointer, "#/code");
    const elsewhere = visitor();
    assert.equal((await confirm(elsewhere, { code })).status, 404, "another browser claims nothing");
    assert.equal((await elsewhere.request("/api/auth/github/claim")).status, 404);
    assert.equal(await browser.user(), null);

    assert.equal((await confirm(browser, { code })).status, 204);
    const user = await browser.user();
    assert.equal(user.id, (await maria.request("/api/session")).json.user.id);
    assert.equal((await confirm(browser, { code })).status, 404, "a claim is settled once");
    const next = visitor();
    assert.equal(await next.goThrough(), "/chat");
    assert.equal((await next.user()).id, user.id);
});

test("five wrong codes void the code of a claim", async () => {
    await server.as("maria@example.org");
    const mail = mails(server, "maria@example.org").length;
    const browser = visitor();
    await browser.goThrough();
    const { code } = await newestMail(server, "maria@example.org", mail + 1);
    const enter = (text) =>
        browser.request("/api/auth/github/claim", { method: "POST", json: { code: text } });
    for (let i = 0; i < 5; i += 1)
        assert.equal((await enter(code === "000000" ? "000001" : "000000")).status, 401);
    assert.equal((await enter(code)).status, 401);
    assert.equal(await count("identities"), 0);
});

test("a signed-in person links an account whatever its address, and unlinks it", async () => {
    const browser = await signedIn("teacher@example.org");
    const begin = () => browser.request("/api/me/identities/github", { method: "POST", json: {} });
    const { location } = (await begin()).json;
    assert.equal(await browser.comeBack(await browser.ask(location)), "/settings?linked=github");
    assert.equal((await browser.user()).email, "teacher@example.org");
    assert.ok(!github.calls.some((call) => call.path.endsWith("/emails")), "no address is asked for");
    assert.deepEqual(github.faults, []);

    const other = visitor();
    await other.goThrough();
    assert.equal((await other.user()).email, "teacher@example.org");

    const unlink = (from) => from.request("/api/me/identities/github", { method: "DELETE" });
    const stranger = await signedIn("stranger@example.org");
    assert.equal((await unlink(stranger)).status, 404, "nobody takes somebody else's link away");
    assert.equal((await unlink(browser)).status, 204);
    assert.equal((await unlink(browser)).status, 404);
    assert.deepEqual((await browser.request("/api/me/identities")).json, { identities: [] });
    assert.equal((await unlink(visitor())).status, 401);
    assert.equal((await visitor().request("/api/me/identities")).status, 401);
    assert.equal((await visitor().request("/api/me/identities/github", { method: "POST" })).status, 401);
});

test("an account that is somebody else's, or a second one, is not linked", async () => {
    await visitor().goThrough(); // Maria is here
    const ben = await signedIn("ben@example.org");
    const link = async () => {
        const answer = await ben.request("/api/me/identities/github", { method: "POST", json: {} });
        return ben.comeBack(await ben.ask(answer.json.location));
    };
    assert.equal(await link(), "/settings?problem=github-taken");
    github.person = { ...github.person, id: 2002, login: "ben" };
    assert.equal(await link(), "/settings?linked=github");
    assert.equal(await link(), "/settings?linked=github", "once more is no fault");
    github.person = { ...github.person, id: 2003, login: "ben-at-work" };
    assert.equal(await link(), "/settings?problem=github-other");
    assert.equal(await count("identities"), 2);
});

test("a link goes to who began it, not to who is signed in on return", async () => {
    const browser = await signedIn("ana@example.org");
    const { location } = (await browser.request("/api/me/identities/github", { method: "POST", json: {} }))
        .json;
    const back = await browser.ask(location);
    const [name, value] = (await server.cookieFor("eve@example.org")).split("=");
    browser.cookies[name] = value;
    assert.equal(await browser.comeBack(back), "/settings?problem=github-state");
    assert.equal(await count("identities"), 0);
});

test("a page of another site links nothing", async () => {
    const browser = await signedIn("ana@example.org");
    const headers = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    const answer = await browser.request("/api/me/identities/github", { method: "POST", json: {}, headers });
    assert.equal(answer.status, 403);
});

test("nobody is sent to another site", async () => {
    for (const next of ["https://evil.example", "//evil.example", "/\\evil.example", "/\r\nX: 1", "/api/x"]) {
        await database.query("DELETE FROM users");
        assert.equal(await visitor().goThrough(`/api/auth/github?next=${encodeURIComponent(next)}`), "/chat");
    }
    const umlaut = await visitor().goThrough(`/api/auth/github?next=${encodeURIComponent("/search?q=ñ")}`);
    assert.equal(umlaut, "/search?q=%C3%B1");
});

test("two tabs may be away at once", async () => {
    const browser = visitor();
    const first = await browser.leave("/api/auth/github?next=/search");
    const second = await browser.leave("/api/auth/github?next=/materials");
    assert.equal(await browser.comeBack(first), "/search");
    assert.equal(await browser.comeBack(second), "/materials");
    assert.equal(await count("users"), 1);
});

test("many returns of one new person at once make one account", async () => {
    const browsers = Array.from({ length: 6 }, () => visitor());
    const backs = await Promise.all(browsers.map((browser) => browser.leave()));
    const ends = await Promise.all(browsers.map((browser, i) => browser.comeBack(backs[i])));
    assert.deepEqual(new Set(ends), new Set(["/chat"]));
    assert.equal(await count("users"), 1);
    assert.equal(await count("identities"), 1);
});

// Every way it can fail: what happens on the way, and the word the page gets.
const failures = {
    "the person says no": { word: "denied", prepare: () => (github.denies = true) },
    "GitHub does not ask": {
        word: "refused",
        change: (back) => back.replace(/code=[^&]+/, "error=application_suspended"),
    },
    "a code that GitHub never gave": { word: "code", change: (b) => b.replace(/code=[^&]+/, "code=forged") },
    "no code at all": { word: "code", change: (back) => back.replace(/code=[^&]+&/, "") },
    "a code longer than any": {
        word: "code",
        change: (back) => back.replace(/code=[^&]+/, `code=${"x".repeat(5000)}`),
    },
    "a code used before": {
        word: "code",
        prepare: () => {
            const bad = { error: "bad_verification_code" };
            github.answers[token] = (_, response) => send(response, 200, bad);
        },
    },
    "a wrong state": { word: "state", left: true, change: (b) => b.replace(/state=.+/, "state=wrong") },
    "a made-up state": {
        word: "state",
        left: true,
        change: (back) => back.replace(/state=.+/, `state=${"A".repeat(43)}`),
    },
    "no state": { word: "state", left: true, change: (back) => back.replace(/&state=.+/, "") },
    "another browser": {
        word: "state",
        left: true,
        on: (browser) => delete browser.cookies.brainbytes_github,
    },
    "a browser with a cookie of its own": {
        word: "state",
        left: true,
        on: (browser) => (browser.cookies.brainbytes_github = "B".repeat(43)),
    },
    "more than ten minutes": {
        word: "state",
        on: () => database.query("UPDATE github_sign_ins SET expires_at = now() - interval '1 second'"),
    },
    "no verified address": {
        word: "email",
        prepare: () => github.person.emails.forEach((email) => (email.verified = false)),
    },
    "a verified address that is not the primary one": {
        word: "email",
        prepare: () => (github.person.emails[1].verified = false),
    },
    "no address at all": { word: "email", prepare: () => (github.person.emails = []) },
    "an address that is none": {
        word: "email",
        prepare: () => (github.person.emails[1].email = "maria@@example"),
    },
    "the right to read addresses taken away": {
        word: "email",
        prepare: () => {
            const missing = { message: "Not Found" };
            github.answers["/user/emails"] = (_, response) => send(response, 404, missing);
        },
    },
    "a wrong client secret": {
        word: "setup",
        prepare: () => {
            const wrong = { error: "incorrect_client_credentials" };
            github.answers[token] = (_, response) => send(response, 200, wrong);
        },
    },
    "GitHub out of order": {
        word: "unreachable",
        prepare: () => (github.answers[token] = (_, response) => send(response, 502, { message: "Bad" })),
    },
    "a connection that breaks": {
        word: "unreachable",
        prepare: () => (github.answers["/user"] = (_, response) => response.destroy()),
    },
    "an answer that is no JSON": {
        word: "garbage",
        prepare: () => (github.answers[token] = (_, response) => response.end("<html>Unicorn!</html>")),
    },
    "JSON of another shape": {
        word: "garbage",
        prepare: () => (github.answers[token] = (_, response) => send(response, 200, ["access_token"])),
    },
    "a token that would break a header": {
        word: "garbage",
        prepare: () => {
            const split = { access_token: "a\r\nX-Evil: 1" };
            github.answers[token] = (_, response) => send(response, 200, split);
        },
    },
    "an account without a number": {
        word: "garbage",
        prepare: () => (github.answers["/user"] = (_, response) => send(response, 200, { login: "maria" })),
    },
    "a token that the API does not know": {
        word: "garbage",
        prepare: () => (github.answers["/user"] = (_, response) => send(response, 401, { message: "Bad" })),
    },
    "an endless answer": {
        word: "garbage",
        prepare: () => (github.answers["/user"] = (_, response) => response.end("x".repeat(1 << 20))),
    },
    "a redirect to somewhere else": {
        word: "garbage",
        prepare: () =>
            (github.answers["/user"] = (_, response) =>
                response.writeHead(302, { location: `${github.url}/thief` }).end()),
    },
};
for (const [name, { word, prepare, on, change = (back) => back, left }] of Object.entries(failures))
    test(`${name}: the page is told "${word}" and nothing is written`, async () => {
        prepare?.();
        const browser = visitor();
        const back = await browser.leave("/api/auth/github?next=/search");
        await on?.(browser);
        const end = await browser.comeBack(change(back));
        // Without its state nobody knows where the person wanted to go.
        assert.equal(
            end,
            word === "state"
                ? "/sign-in?problem=github-state"
                : `/sign-in?problem=github-${word}&next=%2Fsearch`,
        );
        assert.ok(!github.calls.some((call) => call.path === "/thief"), "redirects are not followed");
        if (left) await database.query("DELETE FROM github_sign_ins");
        await assertNothingWritten(browser);
    });

test("a return is good once, whatever came of it", async () => {
    const browser = visitor();
    const back = await browser.leave();
    await browser.comeBack(back);
    const reader = visitor({ brainbytes_github: browser.cookies.brainbytes_github });
    assert.equal(await reader.comeBack(back), "/sign-in?problem=github-state");
    github.denies = true;
    const refused = visitor();
    const denied = await refused.leave();
    assert.equal(await refused.comeBack(denied), "/sign-in?problem=github-denied");
    assert.equal(await refused.comeBack(denied), "/sign-in?problem=github-state");
});

test("a GitHub that does not answer is waited for ten seconds at most", { timeout: 30_000 }, async () => {
    github.answers["/user"] = () => {};
    const browser = visitor();
    const back = await browser.leave();
    const begun = Date.now();
    assert.equal(await browser.comeBack(back), "/sign-in?problem=github-slow");
    assert.ok(Date.now() - begun < 15_000);
    await assertNothingWritten(browser);
});

test("a GitHub that is away is said to be away, also to who is signed in", async () => {
    const browser = await signedIn("ana@example.org");
    const { location } = (await browser.request("/api/me/identities/github", { method: "POST", json: {} }))
        .json;
    const back = await browser.ask(location);
    const port = new URL(github.url).port;
    await github.close();
    try {
        assert.equal(await browser.comeBack(back), "/settings?problem=github-unreachable");
        const { services } = (await server.request("/api/health")).json;
        assert.equal(services.auth, "operational", "people sign in by e-mail");
    } finally {
        await new Promise((resolve) => github.server.listen(Number(port), "127.0.0.1", resolve));
    }
});
