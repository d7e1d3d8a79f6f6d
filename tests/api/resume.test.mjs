import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { history, newId, personOf, resume, say, send, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { newestMail } from "../support/outbox.mjs";
import { startServer } from "../support/server.mjs";

let server, model, ana;

before(async () => {
    model = await startModel();
    server = await startServer({ env: { ...model.env, BRAINBYTES_THREADS: "2" } });
    ana = await personOf(server, "ana@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
});

test("after a refresh the stream is replayed whole and goes on", async () => {
    const thread = newId();
    const first = await send(ana, { id: thread, message: say("Long [[tokens=300 delay=15]]") });
    await first.reached(100);
    first.leave();
    const loaded = await history(ana, thread);
    assert.deepEqual(
        loaded.map((m) => m.role),
        ["user"],
        "no unfinished reply in the history",
    );
    const again = await resume(ana, thread);
    assert.equal(again.status, 200);
    await again.done;
    assert.equal(again.text, answer({ tokens: 300 }));
    assert.ok(again.complete);
    assert.equal(textOf((await history(ana, thread)).at(-1)), again.text);
    assert.equal((await resume(ana, thread)).status, 204);
});

test("a reply goes on to who reads it while a proof gives the browser a new token", async () => {
    const person = await personOf(server, "bea@example.org");
    const thread = newId();
    const reading = await send(person, { id: thread, message: say("Long [[tokens=600 delay=15]]") });
    await reading.reached(50);
    const { email } = person;
    await person.request("/api/auth/email", { method: "POST", json: { email } });
    const { code } = await newestMail(server, email);
    const proof = { method: "POST", json: { code } };
    const proved = await person.request("/api/auth/reauthenticate", proof);
    assert.equal(proved.status, 204, proved.text);
    assert.ok(!reading.complete, "still being written");
    const cookie = proved.headers.getSetCookie()[0].split(";")[0];
    const joined = await resume({ ...person, cookie }, thread);
    await Promise.all([reading.done, joined.done]);
    for (const stream of [reading, joined]) assert.equal(stream.text, answer({ tokens: 600 }));
    assert.equal((await resume(person, thread)).status, 401);
});

test("many tabs read the same reply, whichever loop they land on", async () => {
    const thread = newId();
    const first = await send(ana, { id: thread, message: say("Shared [[tokens=400 delay=10]]") });
    const tabs = [];
    for (let i = 0; i < 12; i += 1) {
        await first.reached(i * 15);
        tabs.push(await resume(ana, thread));
    }
    tabs[3].leave();
    await Promise.all([first, ...tabs].map((stream) => stream.done));
    for (const [index, stream] of [first, ...tabs].entries()) {
        if (index === 4) continue;
        assert.equal(stream.text, answer({ tokens: 400 }), `tab ${index}`);
        assert.equal(stream.messageId, first.messageId);
        assert.ok(stream.complete);
    }
});

test("who reads the history after [DONE] sees the whole reply", async () => {
    for (let i = 0; i < 20; i += 1) {
        const thread = newId();
        const stream = await send(ana, { id: thread, message: say(`Quick ${i} [[tokens=3]]`) });
        await stream.done;
        const last = (await history(ana, thread)).at(-1);
        assert.equal(last.metadata.state, "complete");
        assert.equal(textOf(last), stream.text);
    }
});
