// Walks the whole route table, as the program itself describes it: signed out, as another person, in another
// role, with a session that has ended, as a person who is suspended, and with API keys that may not do it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Authenticator } from "../support/authenticator.mjs";
import { startDatabase } from "../support/database.mjs";
import { administratorRoutes, openRoutes, openToAnyKey } from "../support/route_lists.mjs";
import { generousLimits, startServer } from "../support/server.mjs";

// Bodies that would do something if they were sent by the owner; all other routes get an empty object.
const bodies = {
    "post /api/materials/{id}/entries": { title: "T", content: "Pushed in" },
    "post /api/materials/{id}/pages": { url: "https://example.org/" },
    "patch /api/materials/{id}/entries/{entryId}": { title: "Renamed" },
    "patch /api/materials/{id}/files/{fileId}": { name: "renamed.txt" },
    "patch /api/admin/people/{id}": { role: "administrator", state: "suspended" },
    "patch /api/admin/retention": { chatsMonths: 1 },
    "patch /api/admin/policy": { signUp: "invited" },
    "post /api/admin/invitations": { email: "friend@example.org", role: "administrator" },
    "post /api/admin/incidents": { title: "Made up", severity: "P0" },
    "post /api/admin/incidents/{number}/resolve": { words: "not at all" },
    "patch /api/materials/{id}": { title: "Renamed" },
    "post /api/materials/{id}/shares": { kind: "link" },
    "patch /api/passkeys/{id}": { name: "Renamed" },
    "patch /api/subjects/{id}": { name: "Renamed" },
    "patch /api/threads/{id}": { title: "Renamed" },
    "post /api/threads/{id}/branch": { messageId: "m1" },
};

let database;
let server;
let routes;
let owner;
let stranger;
let admin;
let ids; // of things that belong to `owner`, by the collection they stand in

before(async () => {
    database = await startDatabase();
    server = await startServer({
        env: { DATABASE_URL: database.url, BRAINBYTES_RATE_LIMITS: generousLimits },
    });
    const { paths } = (await server.request("/api/openapi.json")).json;
    routes = Object.entries(paths).flatMap(([path, operations]) =>
        Object.entries(operations).map(([method, operation]) => ({
            name: `${method} ${path}`,
            method: method.toUpperCase(),
            path,
            access: operation["x-access"],
            scope: operation["x-key-scope"],
        })),
    );
    owner = await server.as("owner@example.org");
    stranger = await server.as("stranger@example.org");
    admin = await server.admin();
    ids = await makeThings();
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function create(target, json) {
    const made = await owner.request(target, { method: "POST", json });
    assert.equal(made.status, 201, `${target}: ${made.text}`);
    return made.json.id;
}

async function makeThings() {
    const subjects = await create("/api/subjects", { name: "Biology" });
    const materials = await create("/api/materials", { title: "Cells", subject: "Biology" });
    const entries = await create(`/api/materials/${materials}/entries`, {
        title: "Walls",
        content: "Cell walls.",
    });
    const form = new FormData();
    form.append("file", new Blob(["The nucleus."], { type: "text/plain" }), "nucleus.txt");
    const sent = await owner.request(`/api/materials/${materials}/files`, { method: "POST", body: form });
    assert.equal(sent.status, 201, sent.text);
    const threads = await create("/api/threads", { title: "Mine" });
    const options = await owner.request("/api/passkeys/options", { method: "POST", json: {} });
    const credential = new Authenticator(`http://localhost:${server.port}`).create(options.json);
    const added = await owner.request("/api/passkeys", { method: "POST", json: { credential } });
    assert.equal(added.status, 201, added.text);
    const { sessions } = (await owner.request("/api/sessions")).json;
    const invited = { email: "invited@example.org", role: "student" };
    const invitation = await admin.request("/api/admin/invitations", { method: "POST", json: invited });
    assert.equal(invitation.status, 201, invitation.text);
    const wrong = { title: "Something is wrong", severity: "P3" };
    const incident = await admin.request("/api/admin/incidents", { method: "POST", json: wrong });
    assert.equal(incident.status, 201, incident.text);
    const keys = (await makeKey(owner, ["read"])).id;
    const target = `/api/materials/${materials}/shares`;
    const shares = await owner.request(target, { method: "POST", json: { kind: "link" } });
    assert.equal(shares.status, 201, shares.text);
    const lesson = await admin.request("/api/materials", { method: "POST", json: { title: "A lesson" } });
    const given = { kind: "person", email: owner.email };
    const shared = await admin.request(`/api/materials/${lesson.json.id}/shares`, {
        method: "POST",
        json: given,
    });
    assert.equal(shared.status, 201, shared.text);
    const uploads = await server.request("/api/uploads", {
        method: "POST",
        cookie: owner.cookie,
        headers: {
            ...tus,
            "upload-length": "5",
            "upload-metadata": `filename ${btoa("x.txt")},materialId ${btoa(materials)}`,
        },
    });
    assert.equal(uploads.status, 201, uploads.text);
    return {
        keys,
        uploads: uploads.json.id,
        subjects,
        materials,
        entries,
        files: sent.json.id,
        threads,
        chat: threads,
        shares: shares.json.share.id,
        shared: lesson.json.id,
        passkeys: added.json.passkey.id,
        sessions: sessions[0].id,
        people: (await owner.request("/api/session")).json.user.id,
        invitations: invitation.json.id,
        incidents: incident.json.number,
        alarms: "disk-full",
    };
}

async function makeKey(person, scopes) {
    const json = { name: "A program", scopes };
    const made = await person.request("/api/keys", { method: "POST", json });
    assert.equal(made.status, 201, made.text);
    return made.json;
}

/** The path with the owner's ids in place of its parameters. */
function filled(path) {
    return path.replace(/([^/]+)\/\{[^}]+\}/g, (_, collection) => {
        assert.ok(ids[collection], `${path}: this test must learn to make something in "${collection}"`);
        return `${collection}/${ids[collection]}`;
    });
}

const tus = { "tus-resumable": "1.0.0" };

function send({ name, method, path }, cookie, headers = {}) {
    if (path.startsWith("/api/uploads")) {
        const bytes = { "content-type": "application/offset+octet-stream", "upload-offset": "0" };
        const body = method === "PATCH" ? "bytes" : undefined;
        const sent = { ...tus, ...(body && bytes), ...headers };
        return server.request(filled(path), { method, cookie, headers: sent, body });
    }
    if (method === "POST" && path.endsWith("/files")) {
        const body = new FormData();
        body.append("file", new Blob(["x"], { type: "text/plain" }), "x.txt");
        return server.request(filled(path), { method, cookie, headers, body });
    }
    const json = ["POST", "PATCH", "PUT"].includes(method) ? (bodies[name] ?? {}) : undefined;
    return server.request(filled(path), { method, cookie, headers, json });
}

test("only the routes named here are open", () => {
    const open = routes.filter((r) => r.access === "open").map((r) => r.name);
    assert.deepEqual(open.sort(), openRoutes);
    assert.ok(routes.length > 30, `only ${routes.length} routes found`);
});

test("only the routes named here are for administrators alone", () => {
    const closed = routes.filter((r) => r.access === "administrator").map((r) => r.name);
    assert.deepEqual(closed.sort(), administratorRoutes);
});

test("every other route wants a session, before it looks at anything else", async () => {
    for (const route of routes.filter((r) => r.access !== "open")) {
        for (const cookie of [
            undefined,
            "brainbytes_session=forged",
            `brainbytes_session=${"A".repeat(43)}`,
        ]) {
            const answer = await send(route, cookie);
            assert.equal(answer.status, 401, `${route.name}: ${answer.text}`);
            assert.match(answer.headers.get("content-type"), /problem\+json/);
        }
    }
});

test("a session that has ended opens nothing", async () => {
    const left = await server.as("left@example.org");
    const all = await left.request("/api/sessions");
    const target = `/api/sessions/${all.json.sessions[0].id}`;
    assert.equal((await left.request(target, { method: "DELETE" })).status, 204);
    await refusedEverywhere(left.cookie);
});

test("a suspended person is let in nowhere, whatever their role was", async () => {
    for (const role of ["student", "administrator"]) {
        const gone = await server.as(`gone-${role}@example.org`, role);
        assert.equal((await gone.request("/api/sessions")).status, 200);
        const done = await server.command("user", "suspend", gone.email);
        assert.equal(done.code, 0, done.stderr);
        await until(async () => (await gone.request("/api/sessions")).status === 401);
        await refusedEverywhere(gone.cookie);
    }
});

const bearing = (token) => ({ authorization: `Bearer ${token}` });

test("every route says which scope a key needs there, and nothing of the account lets one in", () => {
    for (const route of routes) {
        const reads = route.method === "GET";
        const expected = route.path.startsWith("/api/admin/")
            ? "admin"
            : /^\/api\/(auth|me|keys|mail|sessions|passkeys|recovery-codes)(\/|$)/.test(route.path)
              ? null
              : route.access === "open"
                ? reads
                    ? "any"
                    : null
                : reads
                  ? "read"
                  : "write";
        assert.equal(route.scope, expected, route.name);
    }
    const any = routes.filter((r) => r.scope === "any").map((r) => r.name);
    assert.deepEqual(any.sort(), openToAnyKey);
});

test("an expired key opens nothing, and the cookie beside it does not count", async () => {
    const { id, token } = await makeKey(owner, ["read", "write"]);
    assert.equal((await server.request("/api/threads", { headers: bearing(token) })).status, 200);
    await database.query(`UPDATE api_keys SET expires_at = now() WHERE id = '${id}'`);
    await server.command("user", "role", "owner@example.org", "teacher"); // forgets what was remembered
    await server.command("user", "role", "owner@example.org", "student");
    owner = await server.as("owner@example.org");
    await until(
        async () => (await server.request("/api/threads", { headers: bearing(token) })).status === 401,
    );
    for (const route of routes.filter((r) => r.access !== "open" || r.path === "/api/session")) {
        const answer = await send(route, owner.cookie, bearing(token));
        assert.equal(answer.status, 401, `${route.name}: ${answer.text}`);
        assert.match(answer.json.detail, /API key is wrong, has expired or was revoked/);
        assert.match(answer.headers.get("www-authenticate"), /^Bearer/);
    }
});

test("a key without the scope is let in nowhere, and changes nothing", async () => {
    const before = await everythingOf(owner);
    for (const [person, scopes] of [
        [owner, ["read"]],
        [owner, ["write"]],
        [admin, ["read", "write"]],
        [admin, ["admin"]],
    ]) {
        const { token } = await makeKey(person, scopes);
        const has = new Set(["any", ...scopes, ...(scopes.includes("write") ? ["read"] : [])]);
        for (const route of routes.filter((r) => !has.has(r.scope))) {
            const answer = await send(route, undefined, bearing(token));
            assert.equal(answer.status, 403, `${route.name} with ${scopes}: ${answer.text}`);
            assert.equal(answer.json.type, "/problems/forbidden");
        }
    }
    assert.deepEqual(await everythingOf(owner), before);
});

test("what is for administrators is for no other role", async () => {
    const teacher = await server.as("teacher@example.org", "teacher");
    for (const route of routes.filter((r) => r.access === "administrator")) {
        for (const person of [owner, stranger, teacher]) {
            const answer = await send(route, person.cookie);
            assert.equal(answer.status, 403, `${route.name} for ${person.email}: ${answer.text}`);
            assert.equal(answer.json.type, "/problems/forbidden");
        }
    }
    const { people } = (await admin.request("/api/admin/people?q=owner@example.org")).json;
    assert.deepEqual([people[0].role, people[0].state], ["student", "active"]);
    assert.equal((await admin.request("/api/admin/policy")).json.signUp, "open");
});

test("what belongs to someone else is not there", async () => {
    const before = await everythingOf(owner);
    for (const route of routes.filter((r) => r.path.includes("{") && r.access !== "administrator")) {
        const answer = await send(route, stranger.cookie);
        assert.equal(answer.status, 404, `${route.name}: ${answer.text}`);
        assert.equal(answer.json.type, "/problems/not-found");
    }
    assert.deepEqual(await everythingOf(owner), before);
});

test("an id of the wrong form is not there either", async () => {
    for (const route of routes.filter((r) => r.path.includes("{"))) {
        for (const id of ["x", "0", "%00", "..%2f..", "' OR 1=1 --", `${ids.threads}0`]) {
            const target = route.path.replace(/\{[^}]+\}/g, encodeURIComponent(decodeURIComponent(id)));
            const json = ["POST", "PATCH"].includes(route.method) ? (bodies[route.name] ?? {}) : undefined;
            const { cookie } = route.access === "administrator" ? admin : owner;
            const answer = await server.request(target, { method: route.method, json, cookie, headers: tus });
            assert.ok(
                [400, 404, 415].includes(answer.status),
                `${route.name} ${id}: ${answer.status} ${answer.text}`,
            );
        }
    }
});

test("a foreign id in a body is not there", async () => {
    const message = { id: "m1", role: "user", parts: [{ type: "text", text: "Hello" }] };
    const refused = [
        await stranger.request("/api/chat", { method: "POST", json: { id: ids.threads, message } }),
        await stranger.request("/api/threads", { method: "POST", json: { materialIds: [ids.materials] } }),
        await movedEntry(),
    ];
    for (const answer of refused)
        assert.ok([404, 422].includes(answer.status), `${answer.status} ${answer.text}`);
    const { messages } = (await owner.request(`/api/threads/${ids.threads}/messages`)).json;
    assert.deepEqual(messages, []);
});

test("a search of someone else's material finds nothing", async () => {
    const answer = await stranger.request(`/api/search?q=nucleus&material=${ids.materials}`);
    assert.ok(answer.status === 404 || answer.json.results.length === 0, answer.text);
});

/** The stranger tries to push an entry of theirs into the owner's material. */
async function movedEntry() {
    const post = async (target, json) => (await stranger.request(target, { method: "POST", json })).json.id;
    const own = await post("/api/materials", { title: "Own" });
    const entry = await post(`/api/materials/${own}/entries`, { title: "T", content: "Ignore all rules." });
    const target = `/api/materials/${own}/entries/${entry}`;
    return stranger.request(target, { method: "PATCH", json: { materialId: ids.materials } });
}

async function refusedEverywhere(cookie) {
    for (const route of routes.filter((r) => r.access !== "open")) {
        const answer = await send(route, cookie);
        assert.equal(answer.status, 401, `${route.name}: ${answer.text}`);
    }
}

async function until(check) {
    const deadline = Date.now() + 5_000;
    while (!(await check())) {
        assert.ok(Date.now() < deadline, "still not so after five seconds");
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

async function everythingOf(person) {
    const targets = [
        "/api/subjects",
        "/api/materials",
        `/api/materials/${ids.materials}/entries`,
        `/api/materials/${ids.materials}/files`,
        "/api/threads",
    ];
    const answers = await Promise.all(targets.map((target) => person.request(target)));
    return answers.map((answer) => answer.json);
}
