// A material that is shared: by a link or with a person, read and copied by others, revoked at once, and nobody else's.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { archiveFrom } from "../support/archives.mjs";
import { startDatabase } from "../support/database.mjs";
import { root, startServer } from "../support/server.mjs";
import { unzip } from "../support/zip.mjs";

let database, server, teacher, student, stranger;
before(async () => {
    database = await startDatabase();
    server = await startServer({
        env: { DATABASE_URL: database.url, BRAINBYTES_RATE_LIMITS: "share-person=12+1/h" },
    });
    teacher = await server.as("teacher@example.org", "teacher");
    student = await server.as("student@example.org");
    stranger = await server.as("stranger@example.org");
});
after(async () => {
    await server?.stop();
    await database?.stop();
});

async function post(person, target, json = {}, status = 201) {
    const answer = await person.request(target, { method: "POST", json });
    assert.equal(answer.status, status, `${target}: ${answer.text}`);
    return answer.json;
}

async function get(person, target, status = 200) {
    const answer = await person.request(target);
    assert.equal(answer.status, status, `${target}: ${answer.text}`);
    return answer.json;
}

const remove = async (person, target, status = 204) => {
    const answer = await person.request(target, { method: "DELETE" });
    assert.equal(answer.status, status, `${target}: ${answer.text}`);
};

const notes = readFileSync(path.join(root, "tests/samples/notes.pdf"));

/** A material of the teacher with a text and two files, one of them read by a job. */
async function lesson(title = "Photosynthesis") {
    const { id } = await post(teacher, "/api/materials", {
        title,
        subject: "Biology",
        description: "For all",
    });
    const entry = await post(teacher, `/api/materials/${id}/entries`, {
        title: "Leaves",
        content: "Leaves are kitchens made of quillwort.",
    });
    const files = {};
    for (const [name, bytes] of [
        ["notes.pdf", notes],
        ["plain.txt", Buffer.from("Chlorophyll is green.")],
    ]) {
        const form = new FormData();
        form.append("file", new Blob([bytes]), name);
        const sent = await teacher.request(`/api/materials/${id}/files`, { method: "POST", body: form });
        assert.equal(sent.status, 201, sent.text);
        files[name] = sent.json.id;
    }
    for (;;) {
        const { state } = await get(teacher, `/api/materials/${id}/files/${files["notes.pdf"]}`);
        if (state === "ready") break;
        assert.equal(state, "reading");
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return { id, entry: entry.id, files };
}

const tokenOf = (made) => /^\/shared\/open#([\w-]{43})$/.exec(made.path)[1];
const shareByLink = (id, more = {}) =>
    post(teacher, `/api/materials/${id}/shares`, { kind: "link", ...more });
const open = (person, token, status = 200) => post(person, "/api/shared/open", { token }, status);
const content = async (person, target) => {
    const answer = await fetch(new URL(target, server.url), { headers: { cookie: person.cookie } });
    return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
};

test("a link lets a signed-in person read everything, change nothing, and ends at once when it is revoked", async () => {
    const { id, entry, files } = await lesson();
    const made = await shareByLink(id);
    assert.deepEqual([made.share.kind, made.share.email, made.share.readers], ["link", null, []]);
    const token = tokenOf(made);
    const stored = await database.query(
        `SELECT count(*) FROM shares r WHERE r::text LIKE '%${token}%' OR token_hash = sha256('${token}')`,
    );
    assert.equal(stored.trim(), "1", "stored as its hash");
    assert.equal(
        (await database.query(`SELECT count(*) FROM shares r WHERE r::text LIKE '%${token}%'`)).trim(),
        "0",
    );

    await get(student, `/api/shared/${id}`, 404);
    assert.deepEqual(await open(student, token), { materialId: id, own: false });
    assert.deepEqual(await open(teacher, token), { materialId: id, own: true });
    await open(student, token);
    const shown = await get(student, `/api/shared/${id}`);
    assert.deepEqual(
        [shown.title, shown.owner, shown.entries, shown.files, "subject" in shown],
        ["Photosynthesis", "teacher", 1, 2, false],
    );
    assert.deepEqual(
        (await get(student, "/api/shared")).materials.map((one) => one.id),
        [id],
    );
    assert.equal((await get(student, `/api/shared/${id}/entries`)).entries[0].id, entry);
    assert.match((await get(student, `/api/shared/${id}/entries/${entry}`)).content, /quillwort/);
    assert.equal((await get(student, `/api/shared/${id}/files`)).files.length, 2);
    assert.match((await get(student, `/api/shared/${id}/files/${files["notes.pdf"]}`)).text, /kusina/);
    const { answer, bytes } = await content(student, `/api/shared/${id}/files/${files["notes.pdf"]}/content`);
    assert.equal(answer.headers.get("content-type"), "application/pdf");
    assert.match(answer.headers.get("content-disposition"), /^attachment/);
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.ok(bytes.equals(notes), "the original");

    const { shares } = await get(teacher, `/api/materials/${id}/shares`);
    assert.deepEqual(
        shares.map((share) => share.readers.map((reader) => reader.name)),
        [["student"]],
    );
    for (const [method, target] of [
        ["PATCH", `/api/materials/${id}`],
        ["DELETE", `/api/materials/${id}`],
        ["PATCH", `/api/materials/${id}/entries/${entry}`],
        ["DELETE", `/api/materials/${id}/files/${files["plain.txt"]}`],
        ["GET", `/api/materials/${id}`],
        ["GET", `/api/materials/${id}/shares`],
        ["DELETE", `/api/materials/${id}/shares/${shares[0].id}`],
    ]) {
        const json = method === "PATCH" ? { title: "Mine now" } : undefined;
        const refused = await student.request(target, { method, json });
        assert.equal(refused.status, 404, `${method} ${target}: ${refused.text}`);
    }

    await remove(teacher, `/api/materials/${id}/shares/${shares[0].id}`);
    for (const below of [
        "",
        "/entries",
        `/entries/${entry}`,
        "/files",
        `/files/${files["plain.txt"]}/content`,
    ])
        await get(student, `/api/shared/${id}${below}`, 404);
    assert.deepEqual((await get(student, "/api/shared")).materials, []);
    await open(stranger, token, 404);
    await remove(teacher, `/api/materials/${id}/shares/${shares[0].id}`, 404);
    const log = await database.query(
        "SELECT action || details::text FROM audit_entries " +
            `WHERE subject_id = '${id}' AND action LIKE 'share.%' ORDER BY seq`,
    );
    assert.deepEqual(log.trim().split("\n"), [
        'share.created{"with": "link"}',
        'share.opened{"with": "link"}',
        'share.revoked{"with": "link"}',
    ]);
});

test("a named person has it as soon as they own the address, and nobody learns whether they have an account", async () => {
    const { id } = await lesson("For two");
    const named = (email) => post(teacher, `/api/materials/${id}/shares`, { kind: "person", email });
    const known = await named("Student@Example.org");
    const unknown = await named("later@example.org");
    assert.deepEqual(Object.keys(known), Object.keys(unknown));
    assert.deepEqual([known.path, known.share.email], [null, "student@example.org"]);
    assert.equal((await named("later@example.org")).share.id, unknown.share.id, "named once");
    const untold = (share) => ({ ...share, id: "", email: "", createdAt: "" });
    assert.deepEqual(untold(known.share), untold(unknown.share));
    const { shares } = await get(teacher, `/api/materials/${id}/shares`);
    assert.deepEqual(
        shares.map((share) => share.email),
        ["student@example.org", "later@example.org"],
    );
    assert.deepEqual(untold(shares[0]), untold(shares[1]));
    await get(student, `/api/shared/${id}`);
    await get(stranger, `/api/shared/${id}`, 404);
    const later = await server.as("later@example.org");
    await get(later, `/api/shared/${id}`);

    await remove(later, `/api/shared/${id}`);
    await get(later, `/api/shared/${id}`, 404);
    await remove(later, `/api/shared/${id}`, 404);
    await teacher.request(`/api/materials/${id}`, { method: "DELETE" });
    await get(student, `/api/shared/${id}`, 404);
    await post(teacher, `/api/materials/${id}/restore`, {}, 200);
    await get(student, `/api/shared/${id}`);
    await server.command("user", "suspend", "teacher@example.org");
    await get(student, `/api/shared/${id}`, 404);
    await server.command("user", "unsuspend", "teacher@example.org");
    teacher = await server.as("teacher@example.org", "teacher");
    await get(student, `/api/shared/${id}`);
});

test("a date ends a share, and one that has passed is refused", async () => {
    const { id } = await post(teacher, "/api/materials", { title: "Until Friday" });
    const soon = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "000Z");
    const { share, path } = await shareByLink(id, { expiresAt: soon });
    assert.equal(share.expiresAt, soon);
    await open(student, tokenOf({ path }));
    await get(student, `/api/shared/${id}`);
    await database.query(`UPDATE shares SET expires_at = now() WHERE id = '${share.id}'`);
    await get(student, `/api/shared/${id}`, 404);
    await open(stranger, tokenOf({ path }), 404);
});

test("a share rests while its owner is about to be erased", async () => {
    const leaver = await server.as("leaver@example.org");
    const { id } = await post(leaver, "/api/materials", { title: "Of a leaver" });
    await post(leaver, `/api/materials/${id}/shares`, { kind: "person", email: student.email });
    const { path } = await post(leaver, `/api/materials/${id}/shares`, { kind: "link" });
    await get(student, `/api/shared/${id}`);
    await remove(leaver, "/api/me", 200);
    await get(student, `/api/shared/${id}`, 404);
    await get(student, `/api/shared/${id}/files`, 404);
    await post(student, `/api/shared/${id}/copy`, {}, 404);
    await open(student, tokenOf({ path }), 404);
    await database.query("UPDATE users SET erase_at = NULL WHERE email = 'leaver@example.org'");
    await get(student, `/api/shared/${id}`);
});

test("a material has 100 shares, of which a known address takes no further one, and a link 500 readers", async () => {
    const { id } = await post(teacher, "/api/materials", { title: "For many" });
    const { share, path } = await shareByLink(id);
    const shares = `/api/materials/${id}/shares`;
    await database.query(
        "INSERT INTO shares (id, owner_id, material_id, email) " +
            "SELECT gen_random_uuid(), owner_id, id, 'friend-' || n || '@example.org' " +
            `FROM materials, generate_series(1, 99) n WHERE id = '${id}'`,
    );
    await post(teacher, shares, { kind: "link" }, 409);
    await post(teacher, shares, { kind: "person", email: "friend-100@example.org" }, 409);
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString().replace("Z", "000Z");
    const dated = await post(teacher, shares, { kind: "person", email: "friend-7@example.org", expiresAt });
    assert.equal(dated.share.expiresAt, expiresAt);
    assert.equal((await get(teacher, shares)).shares.length, 100);

    const late = await server.as("late@example.org");
    await database.query(
        "INSERT INTO users (id, email, name, role) SELECT gen_random_uuid(), " +
            "'reader-' || n || '@example.org', 'Reader ' || n, 'student' FROM generate_series(1, 500) n; " +
            `INSERT INTO share_readers SELECT '${share.id}', id FROM users WHERE email LIKE 'reader-%'`,
    );
    await open(late, tokenOf({ path }), 409);
    await database.query(
        "DELETE FROM share_readers USING users WHERE reader_id = id AND email = 'reader-7@example.org'",
    );
    await open(late, tokenOf({ path }));
    await get(late, `/api/shared/${id}`);
});

test("a copy is one's own, with its origin, found by search, and stays when the sharing ends", async () => {
    const { id } = await lesson("To copy");
    const { share, path } = await shareByLink(id);
    await open(student, tokenOf({ path }));
    const before = await get(student, "/api/search?q=quillwort");
    assert.equal(before.results.length, 0, "shared alone is not searched");
    const copy = await post(student, `/api/shared/${id}/copy`);
    assert.deepEqual(
        [copy.title, copy.entries, copy.files, copy.origin],
        ["To copy", 1, 2, { materialId: id, owner: "teacher" }],
    );
    assert.notEqual(copy.id, id);
    await remove(teacher, `/api/materials/${id}/shares/${share.id}`);
    await post(student, `/api/shared/${id}/copy`, {}, 404);

    const { files } = await get(student, `/api/materials/${copy.id}/files`);
    const pdf = files.find((file) => file.name === "notes.pdf");
    assert.equal(pdf.state, "ready");
    const { bytes } = await content(student, `/api/materials/${copy.id}/files/${pdf.id}/content`);
    assert.ok(bytes.equals(notes), "the original, sealed anew");
    const found = await get(student, "/api/search?q=quillwort");
    assert.equal(found.results[0].materialId, copy.id);
    assert.equal((await get(teacher, `/api/materials/${id}`)).origin, null);
    await get(teacher, `/api/materials/${copy.id}`, 404);
});

test("what cannot be shared is refused with the field, and who is signed out gets nothing", async () => {
    const { id } = await post(teacher, "/api/materials", { title: "Refused" });
    for (const [json, pointer] of [
        [{}, "#/kind"],
        [{ kind: "group" }, "#/kind"],
        [{ kind: "person" }, "#/email"],
        [{ kind: "person", email: "nobody" }, "#/email"],
        [{ kind: "person", email: "no body@example.org" }, "#/email"],
        [{ kind: "person", email: "nobody@nowhere" }, "#/email"],
        [{ kind: "person", email: "teacher@example.org" }, "#/email"],
        [{ kind: "link", email: "student@example.org" }, "#/email"],
        [{ kind: "link", expiresAt: "tomorrow" }, "#/expiresAt"],
        [{ kind: "link", expiresAt: "2020-01-01T00:00:00.000000Z" }, "#/expiresAt"],
        [{ kind: "link", more: 1 }, "#/more"],
    ]) {
        const refused = await teacher.request(`/api/materials/${id}/shares`, { method: "POST", json });
        assert.equal(refused.status, 422, JSON.stringify(json));
        assert.ok(
            refused.json.errors.some((error) => error.pointer === pointer),
            `${JSON.stringify(json)}: ${refused.text}`,
        );
    }
    assert.equal((await stranger.request("/api/shared/open", { method: "POST", json: {} })).status, 422);
    const foreign = await stranger.request(`/api/materials/${id}/shares`, {
        method: "POST",
        json: { kind: "link" },
    });
    assert.equal(foreign.status, 404);
    for (const target of ["/api/shared", `/api/shared/${id}`, `/api/materials/${id}/shares`])
        assert.equal((await server.request(target)).status, 401, target);
    const signedOut = await server.request("/api/shared/open", { method: "POST", json: { token: "x" } });
    assert.equal(signedOut.status, 401);
});

test("opening links is limited, on all nodes together", async () => {
    const guesser = await server.as("guesser@example.org");
    const statuses = [];
    for (let n = 0; n < 13; n += 1) {
        const json = { token: "A".repeat(43) };
        const answer = await guesser.request("/api/shared/open", { method: "POST", json });
        statuses.push(answer.status);
        if (answer.status === 429) {
            assert.deepEqual(answer.json["violated-policies"], ["share-person"]);
            assert.ok(Number(answer.headers.get("retry-after")) > 0);
        }
    }
    assert.deepEqual(statuses, [...Array(12).fill(404), 429]);
});

test("erasing either person leaves nothing of them in what was shared; archives tell of it before", async () => {
    const leaving = await server.as("leaving@example.org");
    const staying = await server.as("staying@example.org");
    const share = async (from, to) => {
        const { id } = await post(from, "/api/materials", { title: `From ${from.email}` });
        await post(from, `/api/materials/${id}/shares`, { kind: "person", email: to.email });
        const { path } = await post(from, `/api/materials/${id}/shares`, { kind: "link" });
        await open(to, tokenOf({ path }));
        return { id, copy: await post(to, `/api/shared/${id}/copy`) };
    };
    const theirs = await share(leaving, staying);
    const mine = await share(staying, leaving);
    const files = unzip(await archiveFrom(server, leaving));
    const archive = JSON.parse(files["sharing.json"]);
    assert.deepEqual(
        archive.shares.map((one) => [one.materialId, one.email]).sort(),
        [
            [theirs.id, "staying@example.org"],
            [theirs.id, null],
        ].sort(),
    );
    assert.deepEqual([archive.opened[0].owner, archive.copies[0].originMaterial], ["staying", mine.id]);

    const done = await server.command("user", "erase", "leaving@example.org", "--now");
    assert.equal(done.code, 0, done.stderr);
    await get(staying, `/api/shared/${theirs.id}`, 404);
    const copy = await get(staying, `/api/materials/${theirs.copy.id}`);
    assert.deepEqual(copy.origin, { materialId: theirs.id, owner: null });
    const { shares } = await get(staying, `/api/materials/${mine.id}/shares`);
    assert.deepEqual(
        shares.map((one) => [one.kind, one.readers]),
        [["link", []]],
    );
});

test("an archive tells of a link, but not whose and what it was once it may not be read", async () => {
    const keeper = await server.as("keeper@example.org");
    const materials = {};
    for (const title of ["Open", "Over", "Deleted"]) {
        const { id } = await post(teacher, "/api/materials", { title });
        const { share, path } = await shareByLink(id);
        await open(keeper, tokenOf({ path }));
        materials[title] = { id, share: share.id };
    }
    const opened = async () => {
        const files = unzip(await archiveFrom(server, keeper));
        const list = JSON.parse(files["sharing.json"]).opened;
        assert.ok(list.every((one) => one.openedAt));
        return list.map((one) => [one.title, one.owner]).sort();
    };
    const told = (...titles) => titles.map((title) => [title, "teacher"]);
    assert.deepEqual(await opened(), told("Deleted", "Open", "Over"));
    await database.query(`UPDATE shares SET expires_at = now() WHERE id = '${materials.Over.share}'`);
    await remove(teacher, `/api/materials/${materials.Deleted.id}`);
    const untold = [null, null];
    assert.deepEqual(await opened(), [untold, untold, ...told("Open")]);
    await database.query("UPDATE users SET erase_at = now() + interval '1 day' WHERE name = 'teacher'");
    assert.deepEqual(await opened(), [untold, untold, untold]);
    await database.query("UPDATE users SET erase_at = NULL WHERE name = 'teacher'");
    await database.query("UPDATE users SET suspended_at = now() WHERE name = 'teacher'");
    assert.deepEqual(await opened(), [untold, untold, untold]);
});
