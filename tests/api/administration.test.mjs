// What administrators do with accounts: people, roles, suspension, sign-up policy, invitations.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { assertProblem, until } from "../support/checks.mjs";
import { startDatabase } from "../support/database.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let database, server, second, admin;
before(async () => {
    database = await startDatabase();
    const env = { DATABASE_URL: database.url };
    server = await startServer({ env });
    second = await startServer({ env });
    admin = await server.admin();
});
after(async () => {
    await second?.stop();
    await server?.stop();
    await database?.stop();
});

const post = (target, json, options = {}) => server.request(target, { method: "POST", json, ...options });
const cookieOf = (answer) => answer.headers.getSetCookie()[0]?.split(";")[0];
const session = async (cookie) => (await server.request("/api/session", { cookie })).json;
const change = (id, json, who = admin) => who.request(`/api/admin/people/${id}`, { method: "PATCH", json });
const setPolicy = (json, who = admin) => who.request("/api/admin/policy", { method: "PATCH", json });
const invite = (email, role = "student") =>
    admin.request("/api/admin/invitations", { method: "POST", json: { email, role } });
const idOf = async (person) => (await person.request("/api/session")).json.user.id;

/** The newest entry of the audit log whose action begins so. */
async function newestEntry(action) {
    return (await admin.request(`/api/admin/audit?action=${action}&limit=1`)).json.entries[0];
}

async function askCode(email) {
    const count = mails(server, email).length;
    assert.equal((await post("/api/auth/email", { email })).status, 202);
    return (await newestMail(server, email, count + 1)).code;
}

async function assertNoMail(email) {
    const asked = await post("/api/auth/email", { email });
    assert.equal(asked.status, 202);
    assert.deepEqual(asked.json, { delivery: "outbox" });
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.equal(mails(server, email).length, 0);
}

test("people are listed in pages, found, and told apart by role and state", async () => {
    for (const name of ["ana", "ben", "cora"]) await server.as(`${name}@list.example`);
    await server.as("teacher@list.example", "teacher");
    const list = async (query) => (await admin.request(`/api/admin/people?${query}`)).json;
    const found = await list("q=LIST.example&limit=3");
    assert.equal(found.people.length, 3);
    const rest = await list(`q=list.example&limit=3&after=${found.next}`);
    assert.deepEqual([rest.people.map((p) => p.email), rest.next], [["ana@list.example"], null]);
    assert.deepEqual(
        (await list("q=list.example&role=teacher")).people.map((p) => p.name),
        ["teacher"],
    );
    assert.equal((await list("q=list.example&state=suspended")).people.length, 0);
    assert.equal((await list("q=%25")).people.length, 0, "a wildcard is only a character");
    const keys = "id email name role state storageBytes tokensToday tokensMonth createdAt lastSeenAt";
    assert.equal(Object.keys(rest.people[0]).join(" "), keys);
    assert.match(rest.people[0].lastSeenAt, /Z$/);
    for (const [query, pointer] of [
        ["role=king", "?role"],
        ["state=gone", "?state"],
        ["after=x", "?after"],
        ["q=a%07b", "?q"],
    ])
        assertProblem(await admin.request(`/api/admin/people?${query}`), 422, "invalid-input", [pointer]);
});

test("a record shows how much a person has, never what, and that it was looked at is written down", async () => {
    const dan = await server.as("dan@example.org");
    const made = await dan.request("/api/materials", { method: "POST", json: { title: "Private thoughts" } });
    const form = new FormData();
    form.append("file", new Blob(["Twelve bytes"], { type: "text/plain" }), "secret.txt");
    await dan.request(`/api/materials/${made.json.id}/files`, { method: "POST", body: form });
    const id = await idOf(dan);
    const { status, json, text } = await admin.request(`/api/admin/people/${id}`);
    assert.equal(status, 200);
    assert.deepEqual(
        [json.email, json.materials, json.files, json.chats, json.sessions, json.storageBytes],
        ["dan@example.org", 1, 1, 0, 1, 12],
    );
    assert.ok(!text.includes("Private") && !text.includes("secret"));
    const entry = await newestEntry("person.viewed");
    assert.deepEqual(entry.actor, { kind: "person", id: await idOf(admin), email: admin.email });
    assert.deepEqual(entry.subject, { kind: "person", id, email: "dan@example.org" });
    assert.equal(entry.network, "127.0.0.x");
    assert.ok(entry.requestId);
});

test("a new role ends the person's sessions on every node", async () => {
    const eva = await server.as("eva@example.org");
    const onSecond = () => second.request("/api/sessions", { cookie: eva.cookie });
    for (let i = 0; i < 8; i += 1) assert.equal((await onSecond()).status, 200);
    const changed = await change(await idOf(eva), { role: "teacher" });
    assert.equal(changed.json.role, "teacher");
    assert.equal((await eva.request("/api/sessions")).status, 401, "here at once");
    await until("there soon", async () => (await onSecond()).status === 401);
    const again = await server.as("eva@example.org");
    assert.equal((await again.request("/api/session")).json.user.role, "teacher");
    const { details } = await newestEntry("person.role_changed");
    assert.deepEqual(details, { from: "student", to: "teacher" });
    assertProblem(await change(await idOf(again), { role: "king", name: "X" }), 422, "invalid-input", [
        "#/name",
        "#/role",
    ]);
});

test("who changes their own role goes on with a new token", async () => {
    const fe = await server.as("fe@example.org", "administrator");
    const answer = await change(await idOf(fe), { role: "teacher" }, fe);
    assert.equal(answer.status, 200, answer.text);
    assert.notEqual(cookieOf(answer), fe.cookie);
    assert.equal((await session(cookieOf(answer))).user.role, "teacher");
    assert.equal((await session(fe.cookie)).user, null);
});

test("a suspended person is out on every node, and is told why after proving the address", async () => {
    const email = "gil@example.org";
    const gil = await server.as(email);
    const onSecond = () => second.request("/api/sessions", { cookie: gil.cookie });
    for (let i = 0; i < 8; i += 1) assert.equal((await onSecond()).status, 200);
    const id = await idOf(gil);
    assert.equal((await change(id, { state: "suspended" })).json.state, "suspended");
    assert.equal((await gil.request("/api/sessions")).status, 401);
    await until("there soon", async () => (await onSecond()).status === 401);

    const code = await askCode(email);
    const wrong = code === "000000" ? "111111" : "000000";
    assertProblem(await post("/api/auth/code", { email, code: wrong }), 401, "signed-out");
    const refused = await post("/api/auth/code", { email, code });
    assertProblem(refused, 403, "account-suspended");
    assert.equal(cookieOf(refused), undefined);
    assertProblem(await post("/api/auth/code", { email, code }), 401, "signed-out");
    assert.deepEqual((await newestEntry("sign_in.refused")).details, { method: "code", why: "suspended" });
    assert.match((await server.command("user", "session", email)).stderr, /suspended/);

    assert.equal((await change(id, { state: "active" })).json.state, "active");
    const open = await post("/api/auth/code", { email, code: await askCode(email) });
    assert.equal(open.status, 204);
});

test("the last administrator stays one, also when two go at once", async () => {
    const own = await idOf(admin);
    for (const json of [{ role: "student" }, { state: "suspended" }]) {
        const refused = await change(own, json);
        assertProblem(refused, 409, "conflict");
        assert.match(refused.json.detail, /last administrator/);
    }
    assert.equal((await admin.request("/api/sessions")).status, 200);
    const other = await server.as("other-admin@example.org", "administrator");
    const otherId = await idOf(other);
    const both = await Promise.all([
        change(own, { role: "student" }, other),
        change(otherId, { role: "student" }, admin),
    ]);
    assert.ok(both.some((a) => a.status === 200) && both.some((a) => a.status !== 200));
    const rows = await database.query("SELECT count(*) FROM users WHERE role = 'administrator'");
    assert.equal(rows.trim(), "1");
    await server.command("user", "role", admin.email, "administrator");
    await server.command("user", "role", "other-admin@example.org", "student");
    admin = await server.as(admin.email);
});

test("a dangerous act wants a proof of at most fifteen minutes", async () => {
    const hana = await server.as("hana@example.org");
    const id = await idOf(hana);
    const age = (minutes) =>
        database.query(`UPDATE sessions SET proved_at = now() - interval '${minutes} minutes'`);
    await age(14);
    assert.equal((await setPolicy({ signUp: "open" })).status, 200);
    await age(16);
    const acts = [
        () => change(id, { role: "teacher" }),
        () => change(id, { state: "suspended" }),
        () => setPolicy({ signUp: "invited" }),
        () => invite("somebody@example.org"),
    ];
    for (const act of acts) assertProblem(await act(), 403, "reauthentication-required");
    assert.equal((await hana.request("/api/session")).json.user.role, "student");
    assert.equal((await admin.request("/api/admin/policy")).json.signUp, "open");
    assert.equal((await admin.request("/api/admin/people")).status, 200, "looking is no dangerous act");

    const prove = (json) => admin.request("/api/auth/reauthenticate", { method: "POST", json });
    assertProblem(await prove({}), 422, "invalid-input", ["#/code"]);
    const theirs = await askCode("hana@example.org");
    assertProblem(await prove({ code: theirs }), 422, "invalid-input", ["#/code"]);
    const code = await askCode(admin.email);
    const proved = await prove({ code });
    assert.equal(proved.status, 204);
    assert.equal((await change(id, { role: "teacher" })).status, 401, "the old token has no share in it");
    const cookie = proved.headers.getSetCookie()[0].split(";")[0];
    admin = {
        ...admin,
        cookie,
        request: (target, options = {}) => server.request(target, { cookie, ...options }),
    };
    assertProblem(await prove({ code }), 422, "invalid-input", ["#/code"]);
    assert.equal((await change(id, { role: "teacher" })).status, 200);
    assert.equal((await post("/api/auth/reauthenticate", { code })).status, 401);
});

test('with the policy "invited" strangers get the same answer, and no account', async () => {
    await server.command("user", "create", "known@example.org");
    const before = await askCode("early@example.org");
    assert.equal((await setPolicy({ signUp: "invited" })).status, 200);
    await assertNoMail("stranger@example.org");
    assert.ok(await askCode("known@example.org"));
    const late = await post("/api/auth/code", { email: "early@example.org", code: before });
    assertProblem(late, 403, "sign-up-closed");
    const rows = await database.query(
        "SELECT count(*) FROM users WHERE email LIKE 'early@%' OR email LIKE 'stranger@%'",
    );
    assert.equal(rows.trim(), "0");
    const { details } = await newestEntry("policy.changed");
    assert.equal(details.to.signUp, "invited");
    assert.equal((await setPolicy({ signUp: "open" })).status, 200);
});

test('with the policy "domains" only their addresses make accounts', async () => {
    const set = await setPolicy({ signUp: "domains", domains: [" School.Example ", "@other.example"] });
    assert.deepEqual(set.json, { signUp: "domains", domains: ["school.example", "other.example"] });
    for (const email of ["x@foreign.example", "x@sub.school.example", "x@school.example.evil.example"])
        await assertNoMail(email);
    const email = "kid@school.example";
    const entered = await post("/api/auth/code", { email, code: await askCode(email) });
    assert.equal(entered.status, 204, entered.text);
    for (const [json, pointers] of [
        [{ signUp: "domains", domains: [] }, ["#/domains"]],
        [{ signUp: "domains", domains: ["a@b.example"] }, ["#/domains"]],
        [{ signUp: "domains", domains: [7] }, ["#/domains"]],
        [{ signUp: "domains", domains: Array(51).fill("a.example") }, ["#/domains"]],
        [{ signUp: "nobody", x: 1 }, ["#/signUp", "#/x"]],
    ])
        assertProblem(await setPolicy(json), 422, "invalid-input", pointers);
    assert.equal((await setPolicy({ signUp: "open" })).status, 200);
});

test("an invitation makes an account with its role, once", async () => {
    assert.equal((await setPolicy({ signUp: "invited" })).status, 200);
    const email = "ina@example.org";
    const made = await invite(email.toUpperCase(), "teacher");
    assert.equal(made.status, 201, made.text);
    assert.deepEqual([made.json.email, made.json.state, made.json.invitedBy], [email, "open", admin.email]);
    const days = (new Date(made.json.expiresAt) - Date.now()) / 86_400_000;
    assert.ok(days > 6.9 && days < 7.1);
    const { link, token, subject } = await newestMail(server, email);
    assert.match(link, /^http:\/\/localhost:\d+\/invitation#[\w-]{43}$/);
    assert.match(subject, /invited/);
    assert.ok(!made.text.includes(token));
    assert.equal((await server.request("/invitation")).status, 200, "opening the link uses nothing up");

    const entered = await post("/api/auth/invitation", { token });
    assert.equal(entered.status, 204, entered.text);
    assert.equal((await session(cookieOf(entered))).user.role, "teacher");
    assertProblem(await post("/api/auth/invitation", { token }), 401, "signed-out");
    const { details } = await newestEntry("sign_in.succeeded");
    assert.deepEqual(details, { method: "invitation", newAccount: true, invitation: made.json.id });
    assertProblem(await invite(email), 409, "conflict", ["#/email"]);
    assertProblem(await invite("nonsense", "king"), 422, "invalid-input", ["#/email", "#/role"]);
    assert.equal((await setPolicy({ signUp: "open" })).status, 200);
});

test("an invited person may as well ask for a code", async () => {
    assert.equal((await setPolicy({ signUp: "invited" })).status, 200);
    const email = "jo@example.org";
    await invite(email, "teacher");
    const { token } = await newestMail(server, email);
    const entered = await post("/api/auth/code", { email, code: await askCode(email) });
    assert.equal(entered.status, 204, entered.text);
    assert.equal((await session(cookieOf(entered))).user.role, "teacher");
    assertProblem(await post("/api/auth/invitation", { token }), 401, "signed-out");
    assert.equal((await setPolicy({ signUp: "open" })).status, 200);
});

test("an invitation that is withdrawn, replaced or too old opens nothing", async () => {
    const email = "kay@example.org";
    const first = await invite(email);
    const { token: replaced } = await newestMail(server, email, 1);
    const secondOne = await invite(email);
    const { token: withdrawn } = await newestMail(server, email, 2);
    const revoke = (id) => admin.request(`/api/admin/invitations/${id}`, { method: "DELETE" });
    assertProblem(await revoke(first.json.id), 404, "not-found");
    assert.equal((await revoke(secondOne.json.id)).status, 204);
    assertProblem(await revoke(secondOne.json.id), 404, "not-found");
    await invite(email);
    const { token: old } = await newestMail(server, email, 3);
    await database.query("UPDATE invitations SET expires_at = now() WHERE email = 'kay@example.org'");
    for (const token of [replaced, withdrawn, old, "made-up"])
        assertProblem(await post("/api/auth/invitation", { token }), 401, "signed-out");
    const { invitations } = (await admin.request("/api/admin/invitations")).json;
    const states = invitations.filter((i) => i.email === email).map((i) => i.state);
    assert.deepEqual(states, ["expired", "revoked", "revoked"]);
    assert.equal((await admin.request("/api/admin/invitations?limit=1")).json.invitations.length, 1);
    assert.equal((await newestEntry("sign_in.failed")).details.method, "invitation");
});

test("storage is summed up, and a mail to oneself says what came of it", async () => {
    const { json } = await admin.request("/api/admin/storage");
    assert.ok(json.people > 5 && json.databaseBytes > 1_000_000 && json.fileBytes >= 12);
    const tested = await admin.request("/api/admin/mail-test", { method: "POST" });
    assert.deepEqual([tested.json.delivered, tested.json.to], [true, admin.email]);
    assert.match(tested.json.detail, /outbox/);
    assert.match((await newestMail(server, admin.email)).subject, /arrives/);
});

test("a session ends after ninety days, however much it is used", async () => {
    const lea = await server.as("lea@example.org");
    const id = await idOf(lea);
    await database.query(
        `UPDATE sessions SET created_at = now() - interval '89 days', last_seen_at = now() - interval '1 hour' WHERE user_id = '${id}'`,
    );
    const fresh = await startServer({ env: { DATABASE_URL: database.url } });
    const ask = (cookie) => fresh.request("/api/sessions", { cookie });
    const { sessions } = (await ask(lea.cookie)).json;
    assert.ok(sessions[0]);
    await until("the end is moved on, to the ninetieth day", async () => {
        const end = await database.query(
            `SELECT expires_at <= created_at + interval '90 days' AND last_seen_at > now() - interval '1 minute' FROM sessions WHERE user_id = '${id}'`,
        );
        return end.trim() === "t";
    });
    await database.query(
        `UPDATE sessions SET created_at = now() - interval '91 days', expires_at = now() + interval '1 day' WHERE user_id = '${id}'`,
    );
    await fresh.stop({ keep: false });
    const later = await startServer({ env: { DATABASE_URL: database.url } });
    assert.equal((await later.request("/api/sessions", { cookie: lea.cookie })).status, 401);
    await later.stop();
});
