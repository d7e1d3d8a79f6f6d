// Adding, renaming and removing passkeys, and signing in with them: through HTTP, against the real program.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Authenticator } from "../support/authenticator.mjs";
import { startDatabase } from "../support/database.mjs";
import { startServer } from "../support/server.mjs";

let database, server, origin;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    origin = `http://localhost:${server.port}`;
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const none = "3f0a2c44-0000-4000-8000-000000000009";

function assertProblem(answer, status, pointers) {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
    if (pointers) assert.deepEqual(answer.json.errors.map((e) => e.pointer).sort(), [...pointers].sort());
}

const post = (person, target, json = {}) => person.request(target, { method: "POST", json });

async function creationOptions(person) {
    const answer = await post(person, "/api/passkeys/options");
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers.get("cache-control"), "no-store");
    return answer.json;
}

/** Adds a passkey to this person: {key, passkey, recoveryCodes}. */
async function add(person, { algorithm, name, ...how } = {}) {
    const key = new Authenticator(origin, algorithm);
    const credential = key.create(await creationOptions(person), how);
    const answer = await post(person, "/api/passkeys", { credential, name });
    assert.equal(answer.status, 201, answer.text);
    return { key, ...answer.json };
}

const cookieNamed = (answer, name) =>
    answer.headers
        .getSetCookie()
        .find((line) => line.startsWith(`${name}=`))
        ?.split(";")[0];

async function requestOptions(cookie) {
    const answer = await server.request("/api/auth/passkey/options", { method: "POST", json: {}, cookie });
    assert.equal(answer.status, 200, answer.text);
    return { options: answer.json, browser: cookieNamed(answer, "brainbytes_browser"), answer };
}

const show = (credential, cookie) =>
    server.request("/api/auth/passkey", { method: "POST", json: { credential }, cookie });

async function signIn(key, how) {
    const { options, browser } = await requestOptions();
    return show(key.get(options, how), browser);
}

const whoIs = async (answer) => {
    const cookie = cookieNamed(answer, "brainbytes_session");
    return (await server.request("/api/session", { cookie })).json.user?.email;
};

const passkeysOf = async (person) => (await person.request("/api/passkeys")).json.passkeys;

/** Makes every session of this person one that was begun 16 minutes ago. */
const grow = (person) =>
    database.query(
        `UPDATE sessions SET proved_at = now() - interval '16 minutes' WHERE user_id = (SELECT id FROM users WHERE email = '${person.email}')`,
    );

test("the page learns where passkeys work", async () => {
    const { passkeyOrigins } = (await server.request("/api/session")).json;
    assert.deepEqual(passkeyOrigins, [origin]);
    const at = (text) =>
        server.request("/api/auth/passkey/options", { method: "POST", json: {}, headers: { origin: text } });
    assert.equal((await at(server.url)).status, 404, "an IP address has none");
    assert.equal((await at("https://evil.example")).status, 403);
});

test("a passkey signs in whom it belongs to, whatever its algorithm", async () => {
    for (const algorithm of [-7, -8, -257]) {
        const person = await server.as(`alg${-algorithm}@example.org`);
        const { key, passkey } = await add(person, { algorithm, name: "Phone of this browser" });
        assert.equal(passkey.name, "Phone of this browser");
        assert.equal(passkey.site, "localhost");
        assert.equal(passkey.lastUsedAt, null);
        const answer = await signIn(key);
        assert.equal(answer.status, 204, answer.text);
        assert.equal(await whoIs(answer), person.email);
        const [kept] = await passkeysOf(person);
        assert.equal(kept.id, passkey.id);
        assert.match(kept.lastUsedAt, /Z$/);
    }
});

test("the options ask for a passkey that signs in by itself", async () => {
    const person = await server.as("options@example.org");
    const { key } = await add(person);
    const options = await creationOptions(person);
    assert.match(options.challenge, /^[\w-]{43}$/);
    assert.deepEqual(options.rp, { id: "localhost", name: "BrainBytes" });
    assert.equal(options.user.name, person.email);
    assert.equal(Buffer.from(options.user.id, "base64url").length, 16);
    assert.deepEqual(
        options.pubKeyCredParams.map((p) => p.alg),
        [-7, -8, -257],
    );
    assert.equal(options.authenticatorSelection.residentKey, "required");
    assert.equal(options.authenticatorSelection.userVerification, "required");
    assert.deepEqual(options.excludeCredentials, [
        { type: "public-key", id: key.id.toString("base64url"), transports: ["internal"] },
    ]);
    const { options: request, answer } = await requestOptions();
    assert.equal(request.rpId, "localhost");
    assert.equal(request.userVerification, "required");
    assert.deepEqual(request.allowCredentials, []);
    const [line] = answer.headers.getSetCookie();
    assert.match(line, /^brainbytes_browser=[\w-]{43}; Path=\/; Max-Age=300; HttpOnly; SameSite=Lax$/);
});

test("a passkey shown as a proof gives a new token and voids the old one", async () => {
    const person = await server.as("shown@example.org");
    const { key } = await add(person);
    const { options, browser } = await requestOptions(person.cookie);
    const answer = await show(key.get(options), `${browser}; ${person.cookie}`);
    assert.equal(answer.status, 204, answer.text);
    assert.notEqual(cookieNamed(answer, "brainbytes_session"), person.cookie);
    assert.equal(await whoIs(answer), person.email);
    assertProblem(await person.request("/api/passkeys"), 401);
});

test("without a name it is called after the browser", async () => {
    const person = await server.as("unnamed@example.org");
    const key = new Authenticator(origin);
    const credential = key.create(await creationOptions(person));
    const agent = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36";
    const answer = await person.request("/api/passkeys", {
        method: "POST",
        json: { credential },
        headers: { "user-agent": agent },
    });
    assert.equal(answer.json.passkey.name, "Chrome on Android");
});

test("several passkeys of one person are renamed and removed one by one", async () => {
    const person = await server.as("several@example.org");
    const phone = await add(person, { name: "Phone" });
    const laptop = await add(person, { name: "Laptop" });
    assert.equal(phone.recoveryCodes.length, 10);
    assert.equal(laptop.recoveryCodes, null, "codes come with the first one alone");
    const path = `/api/passkeys/${phone.passkey.id}`;
    const renamed = await person.request(path, { method: "PATCH", json: { name: " Old phone " } });
    assert.equal(renamed.status, 200);
    assert.equal(renamed.json.name, "Old phone");
    assert.deepEqual(
        (await passkeysOf(person)).map((p) => p.name),
        ["Old phone", "Laptop"],
    );
    assert.equal((await person.request(path, { method: "DELETE" })).status, 204);
    assertProblem(await person.request(path, { method: "DELETE" }), 404);
    assertProblem(await signIn(phone.key), 401);
    assert.equal((await signIn(laptop.key)).status, 204);
});

test("signing in again here is a fresh proof, and the old session ends", async () => {
    const person = await server.as("again@example.org");
    const { key } = await add(person);
    await grow(person);
    assertProblem(await post(person, "/api/passkeys/options"), 403);
    const { options, browser } = await requestOptions();
    const answer = await show(key.get(options), `${browser}; ${person.cookie}`);
    assert.equal(answer.status, 204, answer.text);
    assertProblem(await person.request("/api/passkeys"), 401);
    const cookie = cookieNamed(answer, "brainbytes_session");
    const now = await server.request("/api/passkeys/options", { method: "POST", json: {}, cookie });
    assert.equal(now.status, 200);
});

test("what changes how one signs in asks for a fresh proof; looking and renaming do not", async () => {
    const person = await server.as("stale@example.org");
    const { passkey, key } = await add(person);
    const options = await creationOptions(person);
    await grow(person);
    const path = `/api/passkeys/${passkey.id}`;
    assertProblem(await post(person, "/api/passkeys/options"), 403);
    const credential = new Authenticator(origin).create(options);
    assertProblem(await post(person, "/api/passkeys", { credential }), 403);
    assertProblem(await person.request(path, { method: "DELETE" }), 403);
    assertProblem(await post(person, "/api/recovery-codes"), 403);
    assert.equal((await person.request("/api/recovery-codes")).status, 200);
    assert.equal((await person.request(path, { method: "PATCH", json: { name: "N" } })).status, 200);
    assert.equal((await passkeysOf(person)).length, 1);
    assert.equal((await signIn(key)).status, 204);
});

test("signed out, nothing of anybody's is shown or changed", async () => {
    for (const [method, target] of [
        ["POST", "/api/passkeys/options"],
        ["POST", "/api/passkeys"],
        ["GET", "/api/passkeys"],
        ["PATCH", `/api/passkeys/${none}`],
        ["DELETE", `/api/passkeys/${none}`],
        ["GET", "/api/recovery-codes"],
        ["POST", "/api/recovery-codes"],
    ])
        assertProblem(await server.request(target, { method, json: method === "GET" ? undefined : {} }), 401);
});

test("somebody else's passkey is not there", async () => {
    const ana = await server.as("ana@example.org");
    const ben = await server.as("ben@example.org");
    const { passkey, key } = await add(ana, { name: "Ana's" });
    const path = `/api/passkeys/${passkey.id}`;
    assertProblem(await ben.request(path, { method: "PATCH", json: { name: "Ben's" } }), 404);
    assertProblem(await ben.request(path, { method: "DELETE" }), 404);
    assert.deepEqual(await passkeysOf(ben), []);
    assert.deepEqual(
        (await passkeysOf(ana)).map((p) => p.name),
        ["Ana's"],
    );
    // A credential is one person's: the same one cannot be added by another, nor twice.
    for (const person of [ana, ben]) {
        const credential = key.create(await creationOptions(person));
        assertProblem(await post(person, "/api/passkeys", { credential }), 409);
    }
    // A challenge is one session's.
    const options = await creationOptions(ana);
    const stolen = new Authenticator(origin).create(options);
    assertProblem(await post(ben, "/api/passkeys", { credential: stolen }), 422, ["#/credential"]);
    // The handle says whose it is, and must be right.
    const handle = (await creationOptions(ben)).user.id;
    assertProblem(await signIn(key, { userHandle: handle }), 401);
});

test("a challenge is good for one answer, of the browser that asked, for five minutes", async () => {
    const person = await server.as("challenge@example.org");
    const { key } = await add(person);
    const first = await requestOptions();
    const other = await requestOptions();
    const shown = key.get(first.options);
    assertProblem(await show(shown), 401);
    assertProblem(await show(shown, other.browser), 401);
    assert.equal((await show(shown, first.browser)).status, 204, "the owner of the cookie is not locked out");
    assertProblem(await show(shown, first.browser), 401);
    assertProblem(await show(key.get({ ...first.options, challenge: "A".repeat(43) }), first.browser), 401);
    // Two pages of one browser have a challenge each.
    const second = await requestOptions(first.browser);
    const third = await requestOptions(first.browser);
    assert.equal(second.browser, first.browser);
    assert.equal((await show(key.get(second.options), first.browser)).status, 204);
    assert.equal((await show(key.get(third.options), first.browser)).status, 204);
    // A refusal uses it up as well.
    const fourth = await requestOptions();
    assertProblem(await show(key.get(fourth.options, { flags: 0x01 }), fourth.browser), 401);
    assertProblem(await show(key.get(fourth.options), fourth.browser), 401);
    const late = await requestOptions();
    await database.query("UPDATE passkey_challenges SET expires_at = now()");
    assertProblem(await show(key.get(late.options), late.browser), 401);
    const kept = await database.query("SELECT challenge_hash::text FROM passkey_challenges");
    assert.ok(!kept.includes(late.options.challenge));
    // Answers side by side: one of them counts.
    const race = await requestOptions();
    const answer = key.get(race.options);
    const statuses = await Promise.all([1, 2, 3, 4].map(() => show(answer, race.browser)));
    assert.deepEqual(statuses.map((a) => a.status).sort(), [204, 401, 401, 401]);
});

test("a challenge to add a passkey is good for one answer as well", async () => {
    const person = await server.as("once@example.org");
    const options = await creationOptions(person);
    const key = new Authenticator(origin);
    const send = (credential) => post(person, "/api/passkeys", { credential });
    assertProblem(await send(key.create(options, { flags: 0x41 })), 422, ["#/credential"]);
    assertProblem(await send(key.create(options)), 422, ["#/credential"]);
    const cross = await requestOptions();
    const made = key.create({ ...options, challenge: cross.options.challenge });
    assertProblem(await send(made), 422, ["#/credential"]);
    const late = await creationOptions(person);
    await database.query("UPDATE passkey_challenges SET expires_at = now()");
    assertProblem(await send(key.create(late)), 422, ["#/credential"]);
    assert.deepEqual(await passkeysOf(person), []);
});

test("what a wrong page or authenticator made is refused", async () => {
    const person = await server.as("wrong@example.org");
    const { key } = await add(person);
    for (const how of [
        { client: { origin: server.url } },
        { client: { origin: "http://localhost:1" } },
        { client: { origin: "https://evil.example" } },
        { client: { type: "webauthn.get" } },
        { client: { crossOrigin: true } },
        { rpId: "evil.example" },
        { flags: 0x41 },
        { flags: 0x44 },
    ]) {
        const credential = new Authenticator(origin).create(await creationOptions(person), how);
        const answer = await post(person, "/api/passkeys", { credential });
        assertProblem(answer, 422, ["#/credential"]);
    }
    for (const how of [
        { client: { origin: server.url } },
        { client: { type: "webauthn.create" } },
        { rpId: "evil.example" },
        { flags: 0x01 },
        { flags: 0x04 },
    ])
        assertProblem(await signIn(key, how), 401);
    const { options, browser } = await requestOptions();
    const stranger = new Authenticator(origin);
    stranger.id = key.id;
    stranger.userHandle = key.userHandle;
    assertProblem(await show(stranger.get(options), browser), 401);
    assert.equal((await passkeysOf(person)).length, 1);
});

test("a counter that goes back is refused for that passkey, and logged", async () => {
    const person = await server.as("counter@example.org");
    const { key, passkey } = await add(person, { counter: 5 });
    assert.equal((await signIn(key, { counter: 9 })).status, 204);
    for (const counter of [9, 8, 0]) assertProblem(await signIn(key, { counter }), 401);
    const line = server.log.split("\n").find((l) => l.includes("counter went backwards"));
    assert.ok(line?.includes(passkey.id), server.tail());
    assert.equal((await signIn(key, { counter: 10 })).status, 204);
});

test("every bad field is named", async () => {
    const person = await server.as("fields@example.org");
    const send = (json) => post(person, "/api/passkeys", json);
    assertProblem(await send({}), 422, ["#/credential"]);
    assertProblem(await send({ credential: {}, name: "", more: 1 }), 422, [
        "#/credential/id",
        "#/credential/response",
        "#/credential/type",
        "#/more",
        "#/name",
    ]);
    const response = { clientDataJSON: "=", attestationObject: 7, transports: ["USB!"] };
    assertProblem(await send({ credential: { id: "AA", type: "public-key", response } }), 422, [
        "#/credential/response/attestationObject",
        "#/credential/response/clientDataJSON",
        "#/credential/response/transports",
    ]);
    const noise = { clientDataJSON: "AAAA", attestationObject: "AAAA" };
    assertProblem(await send({ credential: { id: "AA", type: "public-key", response: noise } }), 422);
    const enter = (json) => server.request("/api/auth/passkey", { method: "POST", json });
    assertProblem(await enter({ credential: { id: "AA", type: "public-key", response: {} } }), 422, [
        "#/credential/response/authenticatorData",
        "#/credential/response/clientDataJSON",
        "#/credential/response/signature",
        "#/credential/response/userHandle",
    ]);
    assertProblem(await enter([]), 422);
    const { passkey } = await add(person);
    const rename = (json) => person.request(`/api/passkeys/${passkey.id}`, { method: "PATCH", json });
    for (const json of [{}, { name: "" }, { name: "N".repeat(81) }, { name: "a\nb" }, { name: 5 }])
        assertProblem(await rename(json), 422, ["#/name"]);
    assertProblem(await person.request("/api/passkeys/x", { method: "DELETE" }), 404);
});

test("a person has at most twenty", async () => {
    const person = await server.as("many@example.org");
    for (let i = 0; i < 20; i += 1) await add(person);
    const credential = new Authenticator(origin).create(await creationOptions(person));
    assertProblem(await post(person, "/api/passkeys", { credential }), 409);
});

test("passkeys go with their person", async () => {
    const person = await server.as("gone@example.org");
    const { key } = await add(person);
    await database.query(`DELETE FROM users WHERE email = '${person.email}'`);
    assertProblem(await signIn(key), 401);
});
