// Sends that meet each other in one thread, or something that was sent before.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { ask, history, newId, personOf, say, send, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let server, model, ana;

before(async () => {
    model = await startModel();
    server = await startServer({ env: model.env });
    ana = await personOf(server, "ana@example.org");
});
after(async () => {
    await server?.stop();
    await model?.close();
});

test("the same question sent twice at once gets the same reply twice", async () => {
    for (let round = 0; round < 10; round += 1) {
        const thread = newId();
        if (round % 2) await ask(ana, thread, "before");
        const question = say("Double [[tokens=8 delay=10]]");
        const both = await Promise.all([1, 2, 3].map(() => send(ana, { id: thread, message: question })));
        await Promise.all(both.map((stream) => stream.done));
        assert.deepEqual(
            both.map((stream) => stream.status),
            [200, 200, 200],
        );
        assert.deepEqual(new Set(both.map((stream) => stream.messageId)).size, 1);
        for (const stream of both) assert.equal(stream.text, answer({ tokens: 8 }));
        assert.equal((await history(ana, thread)).length, round % 2 ? 4 : 2);
    }
});

test("a question that meets a switch of the branch is answered", async () => {
    const thread = newId();
    const first = await ask(ana, thread, "Fork [[tokens=2]]");
    await (
        await send(ana, { id: thread, trigger: "regenerate-message" })
    ).done;
    const show = (messageId) =>
        ana.request(`/api/threads/${thread}/branch`, { method: "POST", json: { messageId } });
    for (let round = 0; round < 10; round += 1) {
        const [switched, asked] = await Promise.all([
            show(first.messageId),
            ask(ana, thread, "And [[tokens=1]]"),
        ]);
        assert.equal(asked.status, 200, JSON.stringify(asked.problem));
        assert.ok([200, 409].includes(switched.status), switched.text);
    }
});

test("of two sends at once one wins and the other gets 409", async () => {
    for (let round = 0; round < 5; round += 1) {
        const thread = newId();
        if (round % 2) await ask(ana, thread, "before");
        const both = await Promise.all(
            ["one", "two"].map((text) =>
                send(ana, { id: thread, message: say(`${text} [[tokens=60 delay=20]]`) }),
            ),
        );
        await Promise.all(both.map((stream) => stream.done));
        assert.deepEqual(both.map((stream) => stream.status).sort(), [200, 409]);
        assert.equal((await history(ana, thread)).length, round % 2 ? 4 : 2);
    }
});

test("editing a question back shows the earlier version with its reply, also after a reload", async () => {
    const thread = newId();
    const question = say("Original [[tokens=2]]");
    const original = await (await send(ana, { id: thread, message: question })).done;
    const edit = (text) => ({
        id: thread,
        messageId: question.id,
        message: { ...question, parts: say(text).parts },
    });
    const edited = await (await send(ana, edit("Edited"))).done;
    assert.equal((await history(ana, thread)).at(-1).id, edited.messageId);
    const back = await (await send(ana, edit(textOf(question)))).done;
    assert.equal(back.messageId, original.messageId);
    const messages = await history(ana, thread);
    assert.deepEqual(
        messages.map((message) => message.id),
        [question.id, original.messageId],
    );
    assert.equal(messages[0].metadata.branches.ids.length, 2);

    const slow = await send(ana, edit("Slow [[tokens=100 delay=25]]"));
    await slow.reached(10);
    const joined = await send(ana, edit("Slow [[tokens=100 delay=25]]"));
    const other = await (await send(ana, edit("Edited"))).done;
    assert.equal(other.status, 409);
    await Promise.all([slow.done, joined.done]);
    assert.equal(joined.messageId, slow.messageId);
});
