// kill -9 of the server in the middle of replies, again and again: what was acknowledged is there afterwards.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { history, newId, personOf, resume, say, send, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

const kills = process.env.BB_LONG ? 50 : 10;
const durableWithin = 1000; // ms: 250 are promised, a busy machine gets some more

let server, model;

before(async () => {
    model = await startModel();
    server = await startServer({ env: { ...model.env, BRAINBYTES_DRAIN_SECONDS: "3" } });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

/** Keeps sending in its own thread until told to end; notes what was acknowledged. */
async function chatter(person, thread, state) {
    for (let n = 0; !state.over; n += 1) {
        const question = say(`Question ${n} [[tokens=40 delay=15]]`);
        try {
            const stream = await send(person, { id: thread, message: question });
            if (stream.status !== 200) {
                await pause(20);
                continue;
            }
            const acknowledged = { thread, question, stream, at: Date.now() };
            state.acknowledged.push(acknowledged);
            stream.done.then(() => (acknowledged.completed = stream.complete === true));
            const seen = setInterval(() => {
                acknowledged.seen = [...(acknowledged.seen ?? []), { at: Date.now(), text: stream.text }];
            }, 25);
            await stream.done;
            clearInterval(seen);
        } catch {
            await pause(20); // the server is down
        }
    }
}

test(`nothing acknowledged is lost in ${kills} kills under load`, { timeout: kills * 30_000 }, async () => {
    const person = await personOf(server, "kill@example.org");
    for (let round = 0; round < kills; round += 1) {
        const state = { over: false, acknowledged: [] };
        const threads = Array.from({ length: 6 }, newId);
        const load = threads.map((thread) => chatter(person, thread, state));
        await pause(700 + Math.random() * 900);
        const killedAt = Date.now();
        await server.kill();
        state.over = true;
        await Promise.all(load);
        await server.start();

        assert.ok(state.acknowledged.length > 0);
        for (const { thread, question, stream, completed, seen = [] } of state.acknowledged) {
            const messages = await history(person, thread);
            const at = messages.findIndex((message) => message.id === question.id);
            assert.ok(at >= 0, `round ${round}: an acknowledged question is gone`);
            assert.equal(textOf(messages[at]), textOf(question));
            const reply = messages[at + 1];
            assert.ok(reply, `round ${round}: its reply is gone`);
            assert.ok(answer({ tokens: 40 }).startsWith(textOf(reply)), "no hole in the text");
            if (completed) {
                assert.equal(textOf(reply), stream.text);
                assert.equal(reply.metadata.state, "complete");
            } else if (reply.metadata.state !== "complete") {
                assert.equal(reply.metadata.state, "interrupted");
                const early = seen.filter((look) => look.at < killedAt - durableWithin).at(-1);
                assert.ok(textOf(reply).length >= (early?.text.length ?? 0), "text was not stored in time");
            } else {
                // It ended, and only its last words did not reach the client any more.
                assert.equal(textOf(reply), answer({ tokens: 40 }), "a part of a reply is no complete one");
            }
        }
        assert.equal((await resume(person, threads[0])).status, 204, "nothing pretends to be written");
    }
});

test("an interrupted reply can be continued", async () => {
    const person = await personOf(server, "kill@example.org");
    const thread = newId();
    const stream = await send(person, { id: thread, message: say("Long [[tokens=200 delay=15]]") });
    await stream.reached(300);
    await pause(500);
    await server.kill();
    await server.start();
    const before = (await history(person, thread)).at(-1);
    assert.equal(before.metadata.state, "interrupted");
    assert.ok(textOf(before).length > 0);
    const more = await (
        await send(person, { id: thread, trigger: "continue-message", messageId: before.id })
    ).done;
    assert.equal(more.messageId, before.id);
    assert.ok(more.text.startsWith(textOf(before)));
    assert.equal((await history(person, thread)).at(-1).metadata.state, "complete");
});

test("a polite stop lets replies end, or keeps what they say", async () => {
    const person = await personOf(server, "kill@example.org");
    const [short, long] = [newId(), newId()];
    const quick = await send(person, { id: short, message: say("Short [[tokens=30 delay=20]]") });
    const slow = await send(person, { id: long, message: say("Long [[tokens=5000 delay=20]]") });
    await slow.reached(50);
    await server.stop({ keep: true, grace: 60_000 });
    await Promise.all([quick.done, slow.done]);
    await server.start();
    assert.equal(textOf((await history(person, short)).at(-1)), answer({ tokens: 30 }));
    const kept = (await history(person, long)).at(-1);
    assert.equal(kept.metadata.state, "interrupted");
    assert.equal(textOf(kept), slow.text, "what the client saw is kept whole, and nothing else");
    assert.ok(slow.text.length >= 50 && answer({ tokens: 5000 }).startsWith(slow.text));
});
