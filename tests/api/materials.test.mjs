import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startServer } from "../support/server.mjs";

let server;
let ana;
let ben;

before(async () => {
    server = await startServer();
    ana = await server.as("ana@example.org");
    ben = await server.as("ben@example.org");
});
after(() => server?.stop());

const nobody = "00000000-0000-7000-8000-000000000000";
const post = (who, path, json, headers) => who.request(path, { method: "POST", json, headers });
const patch = (who, path, json, headers) => who.request(path, { method: "PATCH", json, headers });
const del = (who, path, headers) => who.request(path, { method: "DELETE", headers });

function pointers(answer) {
    return (answer.json.errors ?? []).map((fault) => fault.pointer).sort();
}

async function made(who, path, json) {
    const answer = await post(who, path, json);
    assert.equal(answer.status, 201, answer.text);
    return answer.json;
}

const material = (who, title = "Biology", more = {}) => made(who, "/api/materials", { title, ...more });
const entry = (who, id, title = "Cells", content = "A cell is the unit of life.") =>
    made(who, `/api/materials/${id}/entries`, { title, content });

describe("subjects", () => {
    test("are made, listed by name, renamed and deleted without their materials", async () => {
        const subject = await made(ana, "/api/subjects", { name: "  Zoology " });
        assert.deepEqual(Object.keys(subject).sort(), ["createdAt", "id", "materials", "name", "updatedAt"]);
        assert.equal(subject.name, "Zoology");
        const one = await material(ana, "Birds", { subject: "zoology" });
        assert.equal(one.subjectId, subject.id);
        assert.equal(one.subject, "Zoology");
        assert.equal((await ana.request(`/api/subjects/${subject.id}`)).json.materials, 1);

        const renamed = await patch(ana, `/api/subjects/${subject.id}`, { name: "ZOOLOGY" });
        assert.equal(renamed.status, 200, renamed.text);
        assert.equal(renamed.json.name, "ZOOLOGY");

        await made(ana, "/api/subjects", { name: "astronomy" });
        const { json } = await ana.request("/api/subjects");
        assert.deepEqual(
            json.subjects.map((s) => s.name),
            ["astronomy", "ZOOLOGY"],
        );
        assert.equal(json.next, null);

        assert.equal((await del(ana, `/api/subjects/${subject.id}`)).status, 204);
        assert.equal((await del(ana, `/api/subjects/${subject.id}`)).status, 404);
        const left = await ana.request(`/api/materials/${one.id}`);
        assert.equal(left.json.subject, null);
        assert.equal(left.json.subjectId, null);
    });

    test("have one name each per person, in any case", async () => {
        const chemistry = await made(ana, "/api/subjects", { name: "Química" });
        const clash = await post(ana, "/api/subjects", { name: " QUÍMICA " });
        assert.equal(clash.status, 409);
        assert.deepEqual(pointers(clash), ["#/name"]);
        const other = await made(ana, "/api/subjects", { name: "Physics" });
        assert.equal((await patch(ana, `/api/subjects/${other.id}`, { name: "química" })).status, 409);
        await made(ben, "/api/subjects", { name: "Química" });
        assert.equal((await ana.request(`/api/subjects/${chemistry.id}`)).json.name, "Química");
    });

    test("are somebody's own", async () => {
        const { id } = await made(ana, "/api/subjects", { name: "Secret" });
        const path = `/api/subjects/${id}`;
        for (const answer of [
            await ben.request(path),
            await patch(ben, path, { name: "x" }),
            await del(ben, path),
        ])
            assert.equal(answer.status, 404);
        assert.ok(!(await ben.request("/api/subjects")).text.includes("Secret"));
        const filtered = await ben.request(`/api/materials?subject=${id}`);
        assert.deepEqual(filtered.json.materials, []);
    });
});

describe("materials", () => {
    test("are made, shown, changed and listed with what they hold", async () => {
        const created = await post(ana, "/api/materials", {
            title: "Cells",
            subject: "Bio",
            description: "d\nd",
        });
        assert.equal(created.status, 201);
        assert.equal(created.headers.get("location"), `/api/materials/${created.json.id}`);
        const { id } = created.json;
        assert.equal(created.json.active, true);
        assert.equal(created.json.entries, 0);
        await entry(ana, id);
        const changed = await patch(ana, `/api/materials/${id}`, {
            title: "Cells!",
            active: false,
            subject: null,
        });
        assert.equal(changed.status, 200, changed.text);
        assert.equal(changed.json.title, "Cells!");
        assert.equal(changed.json.active, false);
        assert.equal(changed.json.subject, null);
        assert.equal(changed.json.description, "d\nd");
        assert.equal(changed.json.entries, 1);
        const off = await ana.request("/api/materials?active=false");
        assert.ok(off.json.materials.some((m) => m.id === id));
        const on = await ana.request("/api/materials?active=true");
        assert.ok(!on.json.materials.some((m) => m.id === id));
    });

    test("are listed in pages", async () => {
        const dan = await server.as("dan@example.org");
        const ids = [];
        for (let i = 0; i < 5; i += 1) ids.unshift((await material(dan, `M${i}`)).id);
        const seen = [];
        let next = "";
        do {
            const page = await dan.request(
                `/api/materials?limit=2${next && `&after=${encodeURIComponent(next)}`}`,
            );
            assert.equal(page.status, 200, page.text);
            seen.push(...page.json.materials.map((m) => m.id));
            next = page.json.next;
        } while (next);
        assert.deepEqual(seen, ids);
    });

    test("carry a tag: 304 when nothing changed, 412 when somebody was faster", async () => {
        const { id } = await material(ana, "Tagged");
        const path = `/api/materials/${id}`;
        const first = await ana.request(path);
        const tag = first.headers.get("etag");
        assert.ok(tag);
        assert.equal((await ana.request(path, { headers: { "if-none-match": tag } })).status, 304);
        await entry(ana, id);
        assert.equal((await ana.request(path, { headers: { "if-none-match": tag } })).status, 200);
        const fits = await patch(ana, path, { title: "Tagged 2" }, { "if-match": tag });
        assert.equal(fits.status, 200, fits.text);
        assert.equal((await patch(ana, path, { title: "Late" }, { "if-match": tag })).status, 412);
        assert.equal((await del(ana, path, { "if-match": tag })).status, 412);
        assert.equal((await ana.request(path)).json.title, "Tagged 2");

        const list = await ana.request("/api/materials");
        const again = await ana.request("/api/materials", {
            headers: { "if-none-match": list.headers.get("etag") },
        });
        assert.equal(again.status, 304);
    });

    test("are deleted and restored", async () => {
        const { id } = await material(ana, "Gone");
        const one = await entry(ana, id);
        const path = `/api/materials/${id}`;
        assert.equal((await del(ana, path)).status, 204);
        for (const target of [path, `${path}/entries`, `${path}/entries/${one.id}`, `${path}/files`])
            assert.equal((await ana.request(target)).status, 404, target);
        assert.equal((await del(ana, path)).status, 404);
        assert.equal((await ben.request(`${path}/restore`, { method: "POST" })).status, 404);
        const back = await ana.request(`${path}/restore`, { method: "POST" });
        assert.equal(back.status, 200, back.text);
        assert.equal(back.json.entries, 1);
        assert.equal((await ana.request(`${path}/entries/${one.id}`)).status, 200);
    });

    test("are somebody's own", async () => {
        const { id } = await material(ana, "Private");
        const path = `/api/materials/${id}`;
        const answers = [
            await ben.request(path),
            await patch(ben, path, { title: "x" }),
            await del(ben, path),
            await ben.request(`${path}/entries`),
            await post(ben, `${path}/entries`, { title: "x", content: "x" }),
            await ben.request(`${path}/files`),
        ];
        for (const answer of answers) assert.equal(answer.status, 404, answer.text);
        assert.equal((await ana.request(path)).json.title, "Private");
        assert.ok(!(await ben.request("/api/materials?limit=200")).text.includes(id));
    });
});

describe("entries", () => {
    test("are written, read, changed, placed and moved", async () => {
        const { id } = await material(ana, "Entries");
        const other = await material(ana, "Elsewhere");
        const first = await entry(ana, id, "one", "Ñandú 🙂");
        assert.equal(first.characters, 7);
        assert.equal(first.position, 1);
        assert.equal(first.content, "Ñandú 🙂");
        const second = await entry(ana, id, "two", "");
        const third = await entry(ana, id, "three");
        const path = `/api/materials/${id}/entries`;
        const up = await patch(ana, `${path}/${third.id}`, { position: 1, content: "# New" });
        assert.equal(up.status, 200, up.text);
        assert.equal(up.json.position, 1);
        const list = await ana.request(path);
        assert.deepEqual(
            list.json.entries.map((e) => e.title),
            ["three", "one", "two"],
        );
        assert.equal(list.json.entries[0].content, undefined);
        const page = await ana.request(`${path}?limit=1`);
        const rest = await ana.request(`${path}?limit=5&after=${page.json.next}`);
        assert.deepEqual(
            rest.json.entries.map((e) => e.title),
            ["one", "two"],
        );

        const moved = await patch(ana, `${path}/${second.id}`, { materialId: other.id });
        assert.equal(moved.status, 200, moved.text);
        assert.equal(moved.json.materialId, other.id);
        assert.equal((await ana.request(`${path}/${second.id}`)).status, 404);
        assert.equal((await ana.request(`/api/materials/${other.id}/entries/${second.id}`)).status, 200);
    });

    test("are deleted and restored, and keep to their versions", async () => {
        const { id } = await material(ana, "Undo");
        const one = await entry(ana, id);
        const path = `/api/materials/${id}/entries/${one.id}`;
        const tag = (await ana.request(path)).headers.get("etag");
        assert.equal((await ana.request(path, { headers: { "if-none-match": tag } })).status, 304);
        assert.equal((await patch(ana, path, { title: "New" }, { "if-match": tag })).status, 200);
        assert.equal((await patch(ana, path, { title: "Late" }, { "if-match": tag })).status, 412);
        assert.equal((await del(ana, path)).status, 204);
        assert.equal((await ana.request(path)).status, 404);
        const back = await ana.request(`${path}/restore`, { method: "POST" });
        assert.equal(back.status, 200, back.text);
        assert.equal(back.json.title, "New");
    });

    test("are there only under their own material, for their own person", async () => {
        const mine = await material(ana, "Mine");
        const other = await material(ana, "Other");
        const foreign = await material(ben, "Foreign");
        const one = await entry(ana, mine.id);
        const theirs = await entry(ben, foreign.id, "BEN-PRIVATE");
        const wrong = [
            [ana, `/api/materials/${other.id}/entries/${one.id}`],
            [ben, `/api/materials/${mine.id}/entries/${one.id}`],
            [ana, `/api/materials/${mine.id}/entries/${theirs.id}`],
            [ben, `/api/materials/${foreign.id}/entries/${one.id}`],
        ];
        for (const [who, path] of wrong) {
            assert.equal((await who.request(path)).status, 404);
            assert.equal((await patch(who, path, { title: "x" })).status, 404);
            assert.equal((await patch(who, path, { materialId: mine.id })).status, 404);
            assert.equal((await del(who, path)).status, 404);
            assert.equal((await who.request(`${path}/restore`, { method: "POST" })).status, 404);
        }
        const push = await patch(ana, `/api/materials/${mine.id}/entries/${one.id}`, {
            materialId: foreign.id,
        });
        assert.equal(push.status, 404);
        assert.equal((await ana.request(`/api/materials/${mine.id}/entries/${one.id}`)).json.title, "Cells");
    });

    test("written at the same time all arrive, each with a place of its own", async () => {
        const { id } = await material(ana, "Race");
        await Promise.all(
            Array.from({ length: 8 }, (_, i) => entry(ana, id, `e${i}`, `shared words number ${i}`)),
        );
        const list = await ana.request(`/api/materials/${id}/entries`);
        assert.deepEqual(
            list.json.entries.map((e) => e.position),
            [1, 2, 3, 4, 5, 6, 7, 8],
        );
    });
});

describe("bad input", () => {
    test("names each field and changes nothing", async () => {
        const { id } = await material(ana, "Firm");
        const one = await entry(ana, id);
        const long = "x".repeat(201);
        const cases = [
            ["POST", "/api/subjects", {}, ["#/name"]],
            ["POST", "/api/subjects", { name: " " }, ["#/name"]],
            ["POST", "/api/subjects", { name: "x".repeat(81) }, ["#/name"]],
            ["POST", "/api/materials", {}, ["#/title"]],
            ["POST", "/api/materials", { title: 7, active: "yes" }, ["#/active", "#/title"]],
            ["POST", "/api/materials", { title: long, subject: "" }, ["#/subject", "#/title"]],
            ["POST", "/api/materials", { title: "a\u0000b" }, ["#/title"]],
            ["POST", "/api/materials", { title: "a\nb" }, ["#/title"]],
            ["POST", "/api/materials", { title: "x", userId: nobody }, ["#/userId"]],
            ["POST", "/api/materials", { title: "x", description: "x".repeat(2001) }, ["#/description"]],
            ["POST", "/api/materials", [], ["#"]],
            ["PATCH", `/api/materials/${id}`, { title: null, owner: "x" }, ["#/owner", "#/title"]],
            ["POST", `/api/materials/${id}/entries`, { title: "x" }, ["#/content"]],
            ["POST", `/api/materials/${id}/entries`, { title: "", content: 5 }, ["#/content", "#/title"]],
            ["POST", `/api/materials/${id}/entries`, { title: "x", content: "\u0000" }, ["#/content"]],
            [
                "POST",
                `/api/materials/${id}/entries`,
                { title: "x", content: "y".repeat(1_000_001) },
                ["#/content"],
            ],
            ["PATCH", `/api/materials/${id}/entries/${one.id}`, { position: 0 }, ["#/position"]],
            ["PATCH", `/api/materials/${id}/entries/${one.id}`, { position: 1.5 }, ["#/position"]],
            ["PATCH", `/api/materials/${id}/entries/${one.id}`, { materialId: "x" }, ["#/materialId"]],
        ];
        for (const [method, path, json, bad] of cases) {
            const answer = await ana.request(path, { method, json });
            assert.equal(answer.status, 422, `${method} ${path} ${answer.text.slice(0, 300)}`);
            assert.match(answer.headers.get("content-type"), /^application\/problem\+json/);
            assert.deepEqual(pointers(answer), bad, answer.text.slice(0, 300));
            assert.ok(answer.json.requestId);
        }
        assert.equal((await ana.request(`/api/materials/${id}`)).json.title, "Firm");
        assert.equal((await ana.request(`/api/materials/${id}/entries`)).json.entries.length, 1);
    });

    test("that is no JSON, no UTF-8 or of another type is refused", async () => {
        const { id } = await material(ana, "Types");
        const raw = (path, body, type = "application/json", method = "POST") =>
            ana.request(path, { method, body, headers: { "content-type": type } });
        for (const path of ["/api/subjects", "/api/materials", `/api/materials/${id}/entries`]) {
            assert.equal((await raw(path, "{")).status, 400);
            assert.equal((await raw(path, "")).status, 400);
            assert.equal((await raw(path, Buffer.from('{"title":"\xff"}', "latin1"))).status, 400);
            assert.equal((await raw(path, '{"title":"\\ud800"}')).status, 400);
            assert.equal((await raw(path, '{"title":"x"}', "text/plain")).status, 415);
            assert.equal((await raw(path, `{"title":"${"x".repeat(9_000_000)}"}`)).status, 413);
        }
        assert.equal((await raw(`/api/materials/${id}`, "null", undefined, "PATCH")).status, 422);
    });

    test("in addresses gives 404, in queries 422", async () => {
        const { id } = await material(ana, "Addresses");
        for (const bad of ["x", "1", `${id}0`, nobody, "%00", "%ff", "..%2f"]) {
            for (const path of [
                `/api/materials/${bad}`,
                `/api/subjects/${bad}`,
                `/api/materials/${id}/entries/${bad}`,
            ]) {
                const answer = await ana.request(path);
                assert.ok([400, 404].includes(answer.status), `${path}: ${answer.status}`);
            }
        }
        const queries = ["limit=0", "limit=201", "limit=x", "after=x", "active=1", "subject=x", "after=%ff"];
        for (const query of queries) {
            const answer = await ana.request(`/api/materials?${query}`);
            assert.ok([400, 422].includes(answer.status), `${query}: ${answer.status}`);
        }
        for (const list of ["subjects", `materials/${id}/entries`, `materials/${id}/files`])
            for (const after of ["x", "zz", "1.x", "%00", "99999999999999999999"])
                assert.ok(
                    [400, 422].includes((await ana.request(`/api/${list}?after=${after}`)).status),
                    after,
                );
    });
});

test("nothing is there for a caller who is not signed in", async () => {
    const { id } = await material(ana, "Closed");
    const one = await entry(ana, id);
    const routes = [
        ["GET", "/api/subjects"],
        ["POST", "/api/subjects"],
        ["GET", `/api/subjects/${id}`],
        ["PATCH", `/api/subjects/${id}`],
        ["DELETE", `/api/subjects/${id}`],
        ["GET", "/api/materials"],
        ["POST", "/api/materials"],
        ["GET", `/api/materials/${id}`],
        ["PATCH", `/api/materials/${id}`],
        ["DELETE", `/api/materials/${id}`],
        ["POST", `/api/materials/${id}/restore`],
        ["GET", `/api/materials/${id}/entries`],
        ["POST", `/api/materials/${id}/entries`],
        ["GET", `/api/materials/${id}/entries/${one.id}`],
        ["PATCH", `/api/materials/${id}/entries/${one.id}`],
        ["DELETE", `/api/materials/${id}/entries/${one.id}`],
        ["POST", `/api/materials/${id}/entries/${one.id}/restore`],
        ["GET", `/api/materials/${id}/files`],
        ["POST", `/api/materials/${id}/files`],
        ["GET", `/api/materials/${id}/files/${id}`],
        ["GET", `/api/materials/${id}/files/${id}/content`],
        ["PATCH", `/api/materials/${id}/files/${id}`],
        ["DELETE", `/api/materials/${id}/files/${id}`],
        ["POST", `/api/materials/${id}/files/${id}/restore`],
        ["GET", "/api/search?q=cell"],
    ];
    for (const [method, path] of routes) {
        const json = method === "GET" || method === "DELETE" ? undefined : { title: 5 };
        const answer = await server.request(path, { method, json });
        assert.equal(answer.status, 401, `${method} ${path}`);
    }
});
