import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, history, newId, personOf, say, send, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let server, model, ana, ben;

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
    ana = await personOf(server, "ana@example.org");
    ben = await personOf(server, "ben@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const create = async (person, json = {}) => {
    const made = await person.request("/api/threads", { method: "POST", json });
    assert.equal(made.status, 201, made.text);
    return made.json;
};

const expectProblem = (answer, status, pointer) => {
    assert.equal(answer.status, status, answer.text);
    assert.match(answer.headers.get("content-type"), /problem\+json/);
    assert.ok(answer.json.requestId);
    if (pointer)
        assert.deepEqual(
            answer.json.errors.map((error) => error.pointer),
            [pointer],
        );
};

test("a thread is made, listed, renamed, deleted and restored", async () => {
    const thread = await create(ana, { title: "Cells" });
    assert.equal(thread.title, "Cells");
    assert.deepEqual(thread.materialIds, []);
    assert.match(thread.createdAt, /^\d{4}-.*Z$/);

    const path = `/api/threads/${thread.id}`;
    const renamed = await ana.request(path, { method: "PATCH", json: { title: "Cell walls" } });
    assert.equal(renamed.json.title, "Cell walls");
    assert.equal((await ana.request(path)).json.title, "Cell walls");

    assert.equal((await ana.request(path, { method: "DELETE" })).status, 204);
    expectProblem(await ana.request(path), 404);
    assert.ok(!(await ana.request("/api/threads")).json.threads.some((t) => t.id === thread.id));
    expectProblem(await ana.request(path, { method: "DELETE" }), 404);

    assert.equal((await ana.request(`${path}/restore`, { method: "POST" })).status, 200);
    assert.equal((await ana.request(path)).status, 200);
});

test("another person's thread looks missing on every route", async () => {
    const thread = await create(ana);
    await ask(ana, thread.id, "mine");
    await ana.request(`/api/threads/${thread.id}`, { method: "PATCH", json: { title: "Mine" } });
    const path = `/api/threads/${thread.id}`;
    const before = await history(ana, thread.id);
    const tries = [
        [path, {}],
        [path, { method: "PATCH", json: { title: "theirs" } }],
        [path, { method: "DELETE" }],
        [`${path}/restore`, { method: "POST" }],
        [`${path}/messages`, {}],
        [`${path}/branch`, { method: "POST", json: { messageId: before[0].id } }],
        [`/api/chat/${thread.id}/stream`, {}],
        [`/api/chat/${thread.id}/stop`, { method: "POST", json: {} }],
    ];
    for (const [target, options] of tries) expectProblem(await ben.request(target, options), 404);
    for (const body of [
        { id: thread.id, trigger: "regenerate-message" },
        { id: thread.id, trigger: "continue-message" },
        { id: thread.id, message: { role: "user", parts: [{ type: "text", text: "intruder" }] } },
        {
            id: thread.id,
            messageId: before[0].id,
            message: { role: "user", parts: [{ type: "text", text: "intruder" }] },
        },
    ]) {
        expectProblem(await ben.request("/api/chat", { method: "POST", json: body }), 404);
    }
    assert.deepEqual(await history(ana, thread.id), before);
    assert.equal((await ana.request(path)).json.title, "Mine");
});

test("nothing is answered without a session", async () => {
    const id = newId();
    for (const [target, method] of [
        ["/api/threads", "GET"],
        ["/api/threads", "POST"],
        [`/api/threads/${id}`, "GET"],
        [`/api/threads/${id}`, "PATCH"],
        [`/api/threads/${id}`, "DELETE"],
        [`/api/threads/${id}/restore`, "POST"],
        [`/api/threads/${id}/messages`, "GET"],
        [`/api/threads/${id}/branch`, "POST"],
        ["/api/chat", "POST"],
        [`/api/chat/${id}/stream`, "GET"],
        [`/api/chat/${id}/stop`, "POST"],
    ]) {
        const options = method === "GET" || method === "DELETE" ? { method } : { method, json: {} };
        expectProblem(await server.request(target, options), 401);
    }
});

test("bad input is named and changes nothing", async () => {
    const thread = await create(ana, { title: "Kept" });
    const path = `/api/threads/${thread.id}`;
    const patch = (json) => ana.request(path, { method: "PATCH", json });
    expectProblem(await patch({ title: "" }), 422, "#/title");
    expectProblem(await patch({ title: 7 }), 422, "#/title");
    expectProblem(await patch({ title: "a\u0000b" }), 422, "#/title");
    expectProblem(await patch({ title: "x".repeat(201) }), 422, "#/title");
    expectProblem(await patch({ userId: newId() }), 422, "#/userId");
    expectProblem(await patch({ materialIds: [newId()] }), 422, "#/materialIds");
    expectProblem(await patch({ title: "Half", materialIds: ["x"] }), 422, "#/materialIds/0");
    expectProblem(await patch([]), 422);
    const headers = { "content-type": "application/json" };
    expectProblem(await ana.request(path, { method: "PATCH", headers, body: "{" }), 400);
    expectProblem(
        await ana.request(path, { method: "PATCH", headers, body: Buffer.from([0x22, 0xff, 0x22]) }),
        400,
    );
    expectProblem(
        await ana.request(path, { method: "PATCH", headers: { "content-type": "text/plain" }, body: "{}" }),
        415,
    );
    expectProblem(await ana.request("/api/threads/not-an-id"), 404);
    expectProblem(await ana.request("/api/threads?limit=0"), 422);
    expectProblem(await ana.request("/api/threads?limit=201"), 422);
    expectProblem(await ana.request("/api/threads?after=x"), 422);
    expectProblem(await ana.request("/api/threads?q=%00"), 400);
    assert.equal((await ana.request(path)).json.title, "Kept");
});

test("the list comes in pages, latest activity first, and can be searched by title", async () => {
    const person = await personOf(server, "pages@example.org");
    const made = [];
    for (let i = 0; i < 7; i += 1) made.push((await create(person, { title: `Page ${i} 100%_` })).id);
    await ask(person, made[2], "wakes it up");
    const seen = [];
    let after = "";
    for (let guard = 0; guard < 10; guard += 1) {
        const page = (await person.request(`/api/threads?limit=3${after}`)).json;
        seen.push(...page.threads.map((thread) => thread.id));
        if (!page.next) break;
        after = `&after=${encodeURIComponent(page.next)}`;
    }
    assert.deepEqual(seen, [made[2], ...made.toReversed().filter((id) => id !== made[2])]);
    const found = (await person.request("/api/threads?q=page%203%20100%25_")).json.threads;
    assert.deepEqual(
        found.map((thread) => thread.id),
        [made[3]],
    );
    assert.deepEqual((await person.request("/api/threads?q=%25")).json.threads.length, 7);
});

test("an unchanged list is not sent again, a stale change is refused", async () => {
    const thread = await create(ana);
    const first = await ana.request("/api/threads");
    const etag = first.headers.get("etag");
    assert.equal((await ana.request("/api/threads", { headers: { "if-none-match": etag } })).status, 304);
    const path = `/api/threads/${thread.id}`;
    const version = (await ana.request(path)).headers.get("etag");
    const change = (title) =>
        ana.request(path, { method: "PATCH", json: { title }, headers: { "if-match": version } });
    assert.equal((await change("First")).status, 200);
    expectProblem(await change("Second"), 412);
    assert.equal((await ana.request("/api/threads", { headers: { "if-none-match": etag } })).status, 200);
    const remove = (tag) => ana.request(path, { method: "DELETE", headers: { "if-match": tag } });
    expectProblem(await remove(version), 412);
    expectProblem(await remove('"x"'), 412);
    const fresh = await ana.request(path);
    const seen = { headers: { "if-none-match": fresh.headers.get("etag") } };
    assert.equal((await ana.request(path, seen)).status, 304);
    assert.equal((await remove(fresh.headers.get("etag"))).status, 204);
});

test("of changes at once with the same If-Match one wins", async () => {
    for (let round = 0; round < 5; round += 1) {
        const thread = await create(ana);
        const path = `/api/threads/${thread.id}`;
        const version = (await ana.request(path)).headers.get("etag");
        const headers = { "if-match": version };
        const answers = await Promise.all(
            Array.from({ length: 8 }, (_, i) =>
                ana.request(path, { method: "PATCH", json: { title: `Try ${i}` }, headers }),
            ),
        );
        const won = answers.filter((one) => one.status === 200);
        assert.equal(won.length, 1);
        for (const one of answers) if (one !== won[0]) expectProblem(one, 412);
        assert.equal((await ana.request(path)).json.title, won[0].json.title);
        assert.equal((await ana.request(path)).headers.get("etag"), won[0].headers.get("etag"));
    }
});

test("the messages of a long chat come in pages, newest first", async () => {
    const id = newId();
    for (let i = 0; i < 4; i += 1) await ask(ana, id, `Question ${i} [[tokens=1]]`);
    const path = `/api/threads/${id}/messages`;
    const all = (await ana.request(path)).json;
    assert.equal(all.messages.length, 8);
    assert.equal(all.earlier, null);
    const seen = [];
    let before = "";
    for (let guard = 0; guard < 10; guard += 1) {
        const page = (await ana.request(`${path}?limit=3${before}`)).json;
        seen.unshift(...page.messages);
        if (!page.earlier) break;
        assert.equal(page.earlier, page.messages[0].id);
        before = `&before=${page.earlier}`;
    }
    assert.deepEqual(seen, all.messages);
    const tagged = await ana.request(`${path}?limit=3`);
    const known = { headers: { "if-none-match": tagged.headers.get("etag") } };
    assert.equal((await ana.request(`${path}?limit=3`, known)).status, 304);
    expectProblem(await ana.request(`${path}?limit=0`), 422);
    expectProblem(await ana.request(`${path}?limit=201`), 422);
    expectProblem(await ana.request(`${path}?before=unknown`), 422);
    expectProblem(await ben.request(`${path}?before=${all.messages[2].id}`), 404);
});

test("the first question names a thread", async () => {
    const id = newId();
    await ask(ana, id, "What is R&D cost = 5 # hash? [[fail=400]]");
    const { title } = (await ana.request(`/api/threads/${id}`)).json;
    assert.ok(title.startsWith("What is R&D cost = 5 # hash?"), title);
    assert.ok(textOf((await history(ana, id))[0]).startsWith("What is R&D cost = 5 # hash?"));
    assert.deepEqual(titleCalls("R&D cost"), [], "a failed reply gets no better title");
});

const textsOf = (call) => call.messages.map((message) => message.content).join("\n");
/** Calls of the model for the name of the conversation whose question holds `words`. */
const titleCalls = (words) =>
    model.requests.filter((call) => {
        const text = textsOf(call);
        return /^Name a conversation/.test(text) && text.includes(words);
    });
const titleOf = async (id) => (await ana.request(`/api/threads/${id}`)).json.title;

/** Waits until `done` says so; a busy machine takes its time. */
async function until(done, what) {
    for (let i = 0; i < 400; i += 1) {
        if (await done()) return;
        await pause(25);
    }
    assert.fail(`never: ${what}`);
}

test("the model gives a better title, but never before the answer is written", async () => {
    const id = newId();
    const stream = await send(ana, { id, message: say("Zanzibar [[tokens=40 delay=25 first=200]]") });
    const early = await titleOf(id);
    assert.match(early, /^Zanzibar/);
    await stream.reached(1);
    assert.deepEqual(titleCalls("Zanzibar"), [], "the first word comes before any title");
    await stream.done;
    await until(() => titleCalls("Zanzibar").length > 0, "the model is asked for a title");
    assert.ok(textsOf(titleCalls("Zanzibar")[0]).includes("word0"), "the answer is known by then");
    await until(async () => (await titleOf(id)) !== early, "the title changes");
    const better = await titleOf(id);
    assert.ok(answer({ tokens: 40 }).startsWith(better), better);

    await ask(ana, id, "Madagascar");
    await ask(ana, id, "Once more");
    assert.deepEqual(titleCalls("Madagascar"), [], "a title is made once");
    assert.equal(await titleOf(id), better);
});

test("a title that a person gave stays", async () => {
    const id = newId();
    const stream = await send(ana, { id, message: say("Lisbon [[tokens=30 delay=25]]") });
    const mine = await ana.request(`/api/threads/${id}`, { method: "PATCH", json: { title: "Mine" } });
    assert.equal(mine.status, 200);
    await stream.done;
    await until(() => titleCalls("Lisbon").length > 0, "the model is asked for a title");
    await ask(ana, id, "And then?");
    assert.equal(await titleOf(id), "Mine");
});
