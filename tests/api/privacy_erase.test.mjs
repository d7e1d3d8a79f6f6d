// The end of an account: asked for, called off, carried out, and nothing left.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { startDatabase } from "../support/database.mjs";
import { mails, newestMail } from "../support/outbox.mjs";
import { root, startServer } from "../support/server.mjs";

let database, server, admin;
before(async () => {
    database = await startDatabase();
    server = await startServer({ env: { DATABASE_URL: database.url } });
    admin = await server.admin();
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

const marker = "Xylophonemarker";
const idOf = async (person) => (await person.request("/api/session")).json.user.id;
const leave = (person) => person.request("/api/me", { method: "DELETE" });

async function create(person, target, json) {
    const made = await person.request(target, { method: "POST", json });
    assert.equal(made.status, 201, `${target}: ${made.text}`);
    return made.json.id;
}

/** Everything the program keeps for a person, in every table that can name them. */
async function fill(person) {
    const material = await create(person, "/api/materials", { title: marker, subject: marker });
    await create(person, `/api/materials/${material}/entries`, { title: marker, content: `${marker} one` });
    const form = new FormData();
    form.append("file", new Blob([`${marker} two`], { type: "text/plain" }), `${marker}.txt`);
    const sent = await person.request(`/api/materials/${material}/files`, { method: "POST", body: form });
    assert.equal(sent.status, 201, sent.text);
    const thrown = new FormData();
    thrown.append("file", new Blob([`${marker} three`], { type: "text/plain" }), "gone.txt");
    const gone = await person.request(`/api/materials/${material}/files`, { method: "POST", body: thrown });
    await person.request(`/api/materials/${material}/files/${gone.json.id}`, { method: "DELETE" });
    assert.equal((await person.request("/api/me/archive", { method: "POST" })).status, 202);
    const message = { id: "q1", role: "user", parts: [{ type: "text", text: `What is ${marker}?` }] };
    const chat = crypto.randomUUID();
    assert.equal(
        (await person.request("/api/chat", { method: "POST", json: { id: chat, message } })).status,
        200,
    );
    const headers = { "idempotency-key": '"once"' };
    await person.request("/api/threads", { method: "POST", json: { title: marker }, headers });
    const archive = await fetch(`${server.url}/api/me/export`, { headers: { cookie: person.cookie } });
    const body = Buffer.from(await archive.arrayBuffer());
    await person.request("/api/me/import", {
        method: "POST",
        body,
        headers: { "content-type": "application/zip" },
    });
    const user = `(SELECT id FROM users WHERE email = '${person.email}')`;
    await database.query(
        `INSERT INTO token_use VALUES (${user}, current_date, 5);` +
            `INSERT INTO imported VALUES (${user}, 'chat', '${chat}', '${chat}');` +
            `INSERT INTO reply_chunks (message_id, seq, text) SELECT id, 0, '${marker}' FROM messages WHERE owner_id = ${user} LIMIT 1;` +
            `INSERT INTO identities (id, user_id, provider, subject, login) VALUES (gen_random_uuid(), ${user}, 'github', '77', '${marker}');` +
            `INSERT INTO identity_claims (id, browser_hash, provider, subject, login, email, expires_at) VALUES (gen_random_uuid(), '\\x77', 'github', '77', '${marker}', 'x@y.example', now() + interval '1 hour');` +
            `INSERT INTO passkeys (id, user_id, credential_id, algorithm, public_key, sign_count, backup_eligible, site, name) VALUES (gen_random_uuid(), ${user}, convert_to('${person.email}', 'UTF8'), -7, '\\x00', 0, false, 'localhost', '${marker}');` +
            `INSERT INTO recovery_codes (user_id, code_hash) VALUES (${user}, sha256('${person.email}'));` +
            `INSERT INTO api_keys (id, user_id, name, scopes, token_hash, token_start, expires_at) VALUES (gen_random_uuid(), ${user}, '${marker}', '{read}', sha256('${person.email}'), 'bb_x', now() + interval '1 day');` +
            `INSERT INTO notice_choices (user_id, weekly) VALUES (${user}, true);` +
            `INSERT INTO known_devices (user_id, device, network) VALUES (${user}, '${marker}', '203.0.113.x') ON CONFLICT DO NOTHING;` +
            `INSERT INTO address_changes (user_id, email, code_hash, expires_at) VALUES (${user}, 'new-${person.email}', sha256('x'), now() + interval '1 hour');` +
            `INSERT INTO mail_queue (user_id, kind, language, next_try_at) VALUES (${user}, 'weekly', 'en', now() + interval '1 day');` +
            `INSERT INTO mail_queue (address, kind, language, next_try_at) VALUES ('${person.email}', 'address_changed', 'en', now() + interval '1 day');` +
            `INSERT INTO jobs (id, kind, owner_id, subject_id, next_try_at) VALUES (gen_random_uuid(), 'read_file', ${user}, gen_random_uuid(), now() + interval '1 day');` +
            `INSERT INTO job_turns VALUES (${user}, now());` +
            `INSERT INTO uploads (id, owner_id, material_id, name, bytes, sealed_key) SELECT gen_random_uuid(), owner_id, id, 'x.pdf', 9, 'x' FROM materials WHERE owner_id = ${user} LIMIT 1;` +
            `INSERT INTO passage_vectors SELECT id, owner_id, 'model', 1, 1, '\\x01' FROM passages WHERE owner_id = ${user} LIMIT 1;` +
            `INSERT INTO vector_corpora (owner_id) VALUES (${user});` +
            `INSERT INTO bouncing_addresses (address) VALUES ('${person.email}'), ('new-${person.email}');` +
            `INSERT INTO invitations (id, email, role, language, token_hash, expires_at) VALUES (gen_random_uuid(), '${person.email}', 'student', 'en', sha256('i${person.email}'), now() + interval '1 day');` +
            `INSERT INTO shares (id, owner_id, material_id, email) VALUES (gen_random_uuid(), ${user}, '${material}', 'other-${person.email}');` +
            `INSERT INTO material_origins SELECT id, owner_id, gen_random_uuid(), owner_id FROM materials WHERE id = '${material}';` +
            `INSERT INTO share_readers (share_id, reader_id) SELECT id, ${user} FROM shares WHERE material_id = '${material}';` +
            `INSERT INTO status_subscribers VALUES (gen_random_uuid(), '${person.email}', now());` +
            `INSERT INTO alarm_messages (id, key, channel, target, payload, created_at, next_try) VALUES (gen_random_uuid(), '${person.email}', 'mail', '${person.email}', '{}', now(), 'infinity');` +
            `INSERT INTO incidents (id, title, severity, state, component, opened_at, clock_from, acknowledged_by) SELECT gen_random_uuid(), 'x', 'P3', 'acknowledged', 'data', now(), now(), id::text FROM users WHERE email = '${person.email}';` +
            `INSERT INTO incident_events SELECT gen_random_uuid(), id, now(), 'note', acknowledged_by, 'x' FROM incidents WHERE acknowledged_by = ${user}::text;`,
    );
    await admin.request("/api/admin/people?q=" + person.email);
    await server.request("/api/auth/email", { method: "POST", json: { email: person.email } });
    await newestMail(server, person.email, 1);
}

// Tables without a word about a person, or only by a hash; and two that go with a session or a material.
const nobodys = [
    "alarm_changes",
    "alarm_silences",
    "alarm_states",
    "alarms",
    "audit_head",
    "backup_runs",
    "drills",
    "github_sign_ins",
    "kept_secrets",
    "maintenance_runs",
    "passkey_challenges",
    "rate_limits",
    "reply_nodes",
    "retention",
    "schema_migrations",
    "secret_keys",
    "setup_links",
    "sign_up_policy",
    "status_days",
    "thread_materials",
    "watch_turns",
];

/** The tables of the database, as it lists them itself. */
async function tables() {
    const listed = await database.query(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
    );
    return listed.trim().split("\n");
}

/** Whether a newer program has added to the schema: what it added is its own tests' affair. */
async function isNewer() {
    const known = Math.max(...readdirSync(path.join(root, "migrations")).map((name) => parseInt(name, 10)));
    return Number(await database.query("SELECT max(number) FROM schema_migrations")) > known;
}

/** Those with a row that holds one of `words` somewhere. */
async function tablesWith(words) {
    const names = await tables();
    const pattern = words.join("|");
    const found = [];
    for (const name of names) {
        const sql = `SELECT count(*) FROM ${name} r WHERE r::text ~* '${pattern}'`;
        if ((await database.query(sql)).trim() !== "0") found.push(name);
    }
    return found;
}

/** The stored files whose path or content names one of `words`. */
function filesWith(words) {
    const folder = path.join(server.dataFolder, "files");
    const pattern = new RegExp(words.join("|"), "i");
    return readdirSync(folder, { recursive: true }).filter((name) => {
        const file = path.join(folder, name);
        return pattern.test(name) || (statSync(file).isFile() && pattern.test(readFileSync(file, "latin1")));
    });
}

test("erased at once, nothing is left but the pseudonym in the audit log", async () => {
    const ana = await server.as("ana@erase.example");
    const id = await idOf(ana);
    await fill(ana);
    // Words of the index are stemmed and in lower case.
    const words = [id, "ana@erase.example", marker.slice(0, 14)];
    const kept = await tablesWith(words);
    const blind = (await tables()).filter(
        (name) => !kept.includes(name) && !nobodys.includes(name) && !name.startsWith("metric_"),
    );
    if (!(await isNewer()))
        assert.deepEqual(blind, [], "these hold nothing of the person: the test is blind there");
    assert.ok(filesWith(words).length > 2);

    const dry = await server.command("user", "erase", ana.email, "--dry-run");
    assert.match(dry.stdout, /^materials\t1\nfiles\t1\n/);
    assert.equal((await ana.request("/api/sessions")).status, 200);
    const done = await server.command("user", "erase", ana.email, "--now");
    assert.equal(done.code, 0, done.stderr);
    assert.deepEqual(await tablesWith(words), ["audit_entries"]);
    assert.deepEqual(await tablesWith(words.slice(1)), []);
    assert.deepEqual(filesWith(words), []);
    assert.equal((await ana.request("/api/sessions")).status, 401);
    const { entries } = (await admin.request("/api/admin/audit?action=account.erased")).json;
    const { subject, actor } = entries[0];
    assert.deepEqual([subject.id, subject.email, actor.kind], [id, null, "operator"]);
    const own = (await admin.request(`/api/admin/audit?actor=${id}`)).json.entries;
    assert.ok(own.length > 0 && own.every((e) => e.actor.email === null));
    assert.equal((await server.command("audit", "verify")).code, 0);
    assert.equal((await server.command("user", "erase", ana.email, "--now")).code, 1);
});

test("asked for, it ends the sessions; signing in within seven days calls it off", async () => {
    const ben = await server.as("ben@erase.example");
    const other = await server.as("ben@erase.example");
    await create(ben, "/api/threads", { title: "Mine" });
    const key = await ben.request("/api/keys", { method: "POST", json: { name: "K", scopes: ["read"] } });
    const program = { headers: { authorization: `Bearer ${key.json.token}` } };
    assert.equal((await server.request("/api/threads", program)).status, 200);
    const asked = await leave(ben);
    assert.equal(asked.status, 200, asked.text);
    assert.equal((await server.request("/api/threads", program)).status, 401, "a key opens nothing either");
    const days = (new Date(asked.json.eraseAt) - Date.now()) / 86_400_000;
    assert.ok(days > 6.99 && days <= 7, asked.json.eraseAt);
    assert.match(asked.headers.get("set-cookie"), /=;/);
    assert.equal((await ben.request("/api/threads")).status, 401);
    assert.equal((await other.request("/api/threads")).status, 401);
    const { email } = ben;
    await server.request("/api/auth/email", { method: "POST", json: { email } });
    const { code } = await newestMail(server, email, mails(server, email).length || 1);
    const back = await server.request("/api/auth/code", { method: "POST", json: { email, code } });
    assert.equal(back.status, 204, back.text);
    const cookie = back.headers.getSetCookie()[0].split(";")[0];
    const session = (await server.request("/api/session", { cookie })).json;
    assert.equal(session.erasureUndone, true);
    assert.equal((await server.request("/api/threads", program)).status, 200, "and is good again");
    assert.equal((await server.request("/api/threads", { cookie })).json.threads.length, 1);
    assert.equal(
        (await database.query(`SELECT erase_at IS NULL FROM users WHERE email = '${email}'`)).trim(),
        "t",
    );
    const { entries } = (await admin.request("/api/admin/audit?action=account.erasure")).json;
    assert.deepEqual(
        entries.slice(0, 2).map((e) => e.action),
        ["account.erasure_undone", "account.erasure_requested"],
    );
    const next = await server.as(email);
    assert.equal((await next.request("/api/session")).json.erasureUndone, false);
});

test("when the time has come, nobody signs in and the server erases", async () => {
    const cora = await server.as("cora@erase.example");
    await fill(cora);
    assert.equal((await leave(cora)).status, 200);
    await database.query(
        "UPDATE users SET erase_at = now() - interval '1 minute' WHERE email = 'cora@erase.example'",
    );
    const { code } = await newestMail(server, cora.email, 1);
    const tried = await server.request("/api/auth/code", {
        method: "POST",
        json: { email: cora.email, code },
    });
    assert.equal(tried.status, 403, tried.text);
    await server.stop({ keep: true });
    await server.start();
    const deadline = Date.now() + 60_000;
    while ((await tablesWith([cora.email])).length > 0) {
        assert.ok(Date.now() < deadline, "still there");
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const left = [marker.slice(0, 14)];
    assert.deepEqual(await tablesWith(left), []);
    assert.deepEqual(filesWith(left), []);
});

test("it wants a session, a new proof, and another administrator", async () => {
    assert.equal((await server.request("/api/me", { method: "DELETE" })).status, 401);
    const last = await leave(admin);
    assert.equal(last.status, 409, last.text);
    assert.equal((await server.command("user", "erase", admin.email, "--now")).code, 1);
    const second = await server.as("second@erase.example", "administrator");
    await database.query("UPDATE sessions SET proved_at = now() - interval '1 hour'");
    const stale = await leave(second);
    assert.equal(stale.status, 403);
    assert.equal(stale.json.type, "/problems/reauthentication-required");
    const fresh = await server.as(second.email);
    assert.equal((await leave(fresh)).status, 200);
    // Who is about to go is no other administrator.
    assert.equal((await leave(await server.as(admin.email))).status, 409);
});
