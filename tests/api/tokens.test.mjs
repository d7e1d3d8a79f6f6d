// Budgets of the language model's tokens: reserved before a call, settled after it, refused when they are used up.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { ask, newId, personOf, say, send } from "../support/chat.mjs";
import { startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let model, server;
before(async () => {
    model = await startModel();
    server = await startServer({
        env: { ...model.env, BRAINBYTES_QUOTAS: "person-tokens=9000,school-tokens=20000" },
    });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const usage = async (person) => (await person.request("/api/usage")).json.tokens;

/** The use once it is settled and as expected: counts go in behind the answer. */
async function used(person, wanted) {
    let tokens;
    for (let i = 0; i < 100; i += 1) {
        tokens = await usage(person);
        if (wanted(tokens.used)) return tokens;
        await pause(50);
    }
    assert.fail(`${tokens.used} tokens used`);
}

test("what the model counted is what is counted", async () => {
    const ana = await personOf(server, "ana@example.org");
    const before = await usage(ana);
    assert.deepEqual([before.used, before.limit, before.left], [0, 9000, 9000]);
    assert.match(before.resetsAt, /T00:00:00\.000000Z$/);
    assert.ok(Date.parse(before.resetsAt) - Date.now() <= 86_400_000);
    const titles = () =>
        model.requests.filter((request) => /Name a conversation/.test(request.messages[0].content));
    assert.equal((await ask(ana, newId(), "Hello [[tokens=20]]")).complete, true);
    for (let i = 0; i < 100 && titles().length === 0; i += 1) await pause(20);
    // 7 + 20 for the reply, and the same for the title, which is asked for with the question.
    const tokens = await used(ana, (n) => n === 54);
    assert.equal(tokens.left, 9000 - 54);
});

test("beyond the budget a question is refused, not stored, and says when it goes on", async () => {
    const ben = await personOf(server, "ben@example.org");
    await ask(ben, newId(), "Long [[tokens=7000]]");
    await used(ben, (n) => n >= 7007 && n < 8500);
    const thread = newId();
    const refused = await ben.request("/api/chat", {
        method: "POST",
        json: { id: thread, message: say("More?") },
    });
    assert.equal(refused.status, 429);
    assert.deepEqual(refused.json["violated-policies"], ["person-tokens"]);
    assert.match(refused.json.detail, /your 9,000 tokens.* [\d,]+ are left.*00:00 UTC/);
    const wait = Number(refused.headers.get("retry-after"));
    assert.ok(wait > 0 && wait <= 86_400);
    assert.equal((await ben.request(`/api/threads/${thread}`)).status, 404, "nothing was stored");
    const completion = await ben.request("/api/completion", { method: "POST", json: { prompt: "Write" } });
    assert.equal(completion.status, 429);
});

test("a question that was answered already is shown again, whatever is left", async () => {
    const cleo = await personOf(server, "cleo@example.org");
    const [thread, message] = [newId(), say("Hello [[tokens=7000]]")];
    const body = { id: thread, message };
    const first = await (await send(cleo, body)).done;
    await used(cleo, (n) => n >= 7007);
    const again = await (await send(cleo, body)).done;
    assert.equal(again.status, 200);
    assert.equal(again.messageId, first.messageId);
    assert.equal((await (await send(cleo, { id: thread, message: say("Another") })).done).status, 429);
});

test("what is under way is set aside, and given back", async () => {
    const dan = await personOf(server, "dan@example.org");
    const running = await send(dan, { id: newId(), message: say("Slow [[tokens=20 delay=100]]") });
    await running.reached(10);
    assert.ok((await usage(dan)).used >= 2500, "reserved");
    await dan.request(`/api/chat/${newId()}/stop`, { method: "POST", json: {} });
    await running.done;
    await used(dan, (n) => n < 200);
});

test("the school has a budget of its own", async () => {
    // 7,007 tokens each of two people before, and a little.
    const eve = await personOf(server, "eve@example.org");
    await ask(eve, newId(), "Long [[tokens=4000]]");
    const refused = await eve.request("/api/chat", {
        method: "POST",
        json: { id: newId(), message: say("More?") },
    });
    assert.equal(refused.status, 429);
    assert.match(refused.json.detail, /Your school has used its 20,000 tokens/);
    assert.equal((await server.request("/api/usage")).status, 401);
});

test("a reply that a kill cut off stays counted as reserved", async () => {
    const own = await startServer({ env: { ...model.env, BRAINBYTES_QUOTAS: "person-tokens=9000" } });
    try {
        const ana = await personOf(own, "ana@example.org");
        const running = await send(ana, { id: newId(), message: say("Slow [[tokens=50 delay=100]]") });
        await running.reached(10);
        await own.kill();
        running.leave();
        await own.start();
        assert.ok((await usage(ana)).used >= 2500);
    } finally {
        await own.stop();
    }
});

test("a wrong quota stops the start with its name", async () => {
    for (const [value, words] of [
        ["person=5", /person-tokens/],
        ["person-tokens=many", /number/],
    ]) {
        const broken = await startServer({ ready: false, env: { BRAINBYTES_QUOTAS: value } });
        assert.equal((await broken.exited).code, 2);
        assert.match(broken.log, /BRAINBYTES_QUOTAS/);
        assert.match(broken.log, words);
        await broken.cleanUp();
    }
});
