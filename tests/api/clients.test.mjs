// The published clients of the AI SDK, as they come from the registry: their own ids, the whole history with each
// send, no extra header but the cookie that a browser would add.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { history, newId, personOf, stop, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";
import { clients, openChat } from "../support/ai_clients.mjs";

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

const lastText = (chat) => textOf(chat.messages.at(-1));
const until = async (condition, limit = 10_000) => {
    for (const end = Date.now() + limit; !condition() && Date.now() < end;) await pause(10);
    assert.ok(condition());
};

for (const { name, sdk } of clients) {
    describe(`ai ${name}`, () => {
        test("asks, follows up, and agrees with the server's history", async () => {
            const id = newId();
            const { chat, faults } = openChat(sdk, ana, id);
            await chat.sendMessage({ text: "Hello [[tokens=6]]" });
            assert.deepEqual(faults, []);
            assert.equal(chat.status, "ready");
            assert.equal(lastText(chat), answer({ tokens: 6 }));
            await chat.sendMessage({ text: "And more [[tokens=3]]" });
            assert.deepEqual(faults, []);
            const stored = await history(ana, id);
            assert.deepEqual(stored.map(textOf), chat.messages.map(textOf));
            assert.deepEqual(
                stored.map((message) => message.id),
                chat.messages.map((message) => message.id),
            );
            assert.equal(chat.messages[1].metadata.finishReason, "stop");
        });

        test("reloads in the middle and resumes the whole reply", async () => {
            const id = newId();
            const first = openChat(sdk, ana, id);
            const sent = first.chat.sendMessage({ text: "Long [[tokens=200 delay=20]]" });
            await until(() => first.chat.messages.length > 1 && lastText(first.chat).length > 40);
            await first.chat.stop(); // only closes the connection
            await sent;

            const second = openChat(sdk, ana, id, await history(ana, id));
            await second.chat.resumeStream();
            assert.deepEqual(second.faults, []);
            assert.equal(second.chat.messages.length, 2);
            assert.equal(lastText(second.chat), answer({ tokens: 200 }));
            assert.equal(textOf((await history(ana, id)).at(-1)), answer({ tokens: 200 }));

            const idle = openChat(sdk, ana, id, await history(ana, id));
            await idle.chat.resumeStream();
            assert.deepEqual(idle.faults, []);
            assert.equal(idle.chat.messages.length, 2);
        });

        test("is told of a stop and goes on afterwards", async () => {
            const id = newId();
            const { chat, faults } = openChat(sdk, ana, id);
            const sent = chat.sendMessage({ text: "Endless [[tokens=900 delay=10]]" });
            await until(() => chat.messages.length > 1 && lastText(chat).length > 20);
            assert.equal((await stop(ana, id, chat.messages.at(-1).id)).status, 204);
            await sent;
            assert.deepEqual(faults, []);
            const stopped = (await history(ana, id)).at(-1);
            assert.equal(stopped.metadata.state, "stopped");
            assert.equal(textOf(stopped), lastText(chat));
            await chat.sendMessage({ text: "Next [[tokens=2]]" });
            assert.equal(lastText(chat), answer({ tokens: 2 }));
        });

        test("regenerates and edits", async () => {
            const id = newId();
            const { chat, faults } = openChat(sdk, ana, id);
            await chat.sendMessage({ text: "Original [[tokens=4]]" });
            const first = chat.messages.at(-1).id;
            await chat.regenerate();
            assert.notEqual(chat.messages.at(-1).id, first);
            await chat.regenerate({ messageId: chat.messages.at(-1).id });
            assert.equal(chat.messages.length, 2);
            await chat.sendMessage({ text: "Edited [[tokens=7]]", messageId: chat.messages[0].id });
            assert.deepEqual(faults, []);
            assert.equal(chat.messages.length, 2);
            assert.equal(lastText(chat), answer({ tokens: 7 }));
            const stored = await history(ana, id);
            assert.deepEqual(stored.map(textOf), chat.messages.map(textOf));
            assert.equal(stored[0].metadata.branches.ids.length, 2);
        });

        test("reports a failing model as an error and recovers", async () => {
            const id = newId();
            const { chat, faults } = openChat(sdk, ana, id);
            await chat.sendMessage({ text: "Break [[fail=400]]" });
            assert.equal(chat.status, "error");
            assert.equal(faults.length, 1);
            assert.doesNotMatch(faults[0].message, /[{}]/);
            await chat.sendMessage({ text: "Again [[tokens=2]]" });
            assert.equal(chat.status, "ready");
            assert.equal(lastText(chat), answer({ tokens: 2 }));
        });
    });
}
