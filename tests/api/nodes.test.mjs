// Two servers on one database: what one writes, the other follows and stops.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { history, newId, personOf, resume, say, send, stop, textOf } from "../support/chat.mjs";
import { startDatabase } from "../support/database.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let database, model, here, there, ana, elsewhere;

before(async () => {
    database = await startDatabase();
    model = await startModel();
    const env = { ...model.env, DATABASE_URL: database.url };
    here = await startServer({ env });
    there = await startServer({ env });
    ana = await personOf(here, "ana@example.org");
    elsewhere = {
        ...ana,
        url: there.url,
        request: (target, o) => there.request(target, { cookie: ana.cookie, ...o }),
    };
});
after(async () => {
    await here?.stop();
    await there?.stop();
    await model?.close();
    await database?.stop();
});

test("a reply is followed from its start on the other node", async () => {
    const thread = newId();
    const first = await send(ana, { id: thread, message: say("Far [[tokens=120 delay=20]]") });
    await first.reached(60);
    const far = await resume(elsewhere, thread);
    assert.equal(far.status, 200);
    await far.reached(200);
    assert.ok(first.text.length - far.text.length < 400, "the other node follows while it is written");
    await Promise.all([first.done, far.done]);
    assert.equal(far.text, answer({ tokens: 120 }));
    assert.equal(far.messageId, first.messageId);
    assert.ok(far.complete);
    assert.equal(textOf((await history(elsewhere, thread)).at(-1)), far.text);
});

test("the other node refuses a second send, and joins the same one", async () => {
    const thread = newId();
    const question = say("Busy [[tokens=60 delay=20]]");
    const first = await send(ana, { id: thread, message: question });
    const second = await send(elsewhere, { id: thread, message: say("me too") });
    assert.equal(second.status, 409);
    const same = await send(elsewhere, { id: thread, message: question });
    assert.equal(same.status, 200);
    await Promise.all([first.done, same.done]);
    assert.equal(same.text, answer({ tokens: 60 }));
});

test("the other node stops it", async () => {
    const thread = newId();
    const first = await send(ana, { id: thread, message: say("Endless [[tokens=2000 delay=10]]") });
    await first.reached(50);
    assert.equal((await stop(elsewhere, thread, first.messageId)).status, 204);
    await first.done;
    assert.ok(first.part("abort"));
    assert.equal((await history(elsewhere, thread)).at(-1).metadata.state, "stopped");
});

test("the replies of a killed node are kept by the other", { timeout: 90_000 }, async () => {
    const thread = newId();
    const first = await send(ana, { id: thread, message: say("Lost [[tokens=900 delay=20]]") });
    await first.reached(100);
    await pause(600);
    const far = await resume(elsewhere, thread);
    await here.kill();
    await first.done;
    const kept = first.text;
    await far.done;
    assert.ok(far.part("abort"), "the follower is told");
    const reply = (await history(elsewhere, thread)).at(-1);
    assert.equal(reply.metadata.state, "interrupted");
    assert.equal(textOf(reply), far.text);
    assert.ok(textOf(reply).length > kept.length / 2);
    await here.start();
});

test("a restart of the database under load loses no acknowledged message", { timeout: 120_000 }, async () => {
    const acknowledged = [];
    let over = false;
    const worker = async () => {
        const thread = newId();
        while (!over) {
            const question = say("Load [[tokens=25 delay=10]]");
            const stream = await send(ana, { id: thread, message: question }).catch(() => undefined);
            if (stream?.status === 200) acknowledged.push({ thread, question, stream });
            else if (stream) assert.ok([409, 503].includes(stream.status), `answered ${stream.status}`);
            if (stream) await stream.done;
            await pause(stream?.status === 200 ? 0 : 50);
        }
    };
    const load = Array.from({ length: 6 }, worker);
    await pause(1000);
    for (let i = 0; i < 3; i += 1) {
        await database.restart();
        await pause(1500);
    }
    over = true;
    await Promise.all(load);
    for (let i = 0; i < 200 && (await here.request("/readyz")).status !== 200; i += 1) await pause(50);
    assert.ok(acknowledged.length > 10);
    for (const { thread, question, stream } of acknowledged) {
        const messages = await history(ana, thread);
        const at = messages.findIndex((message) => message.id === question.id);
        assert.ok(at >= 0, "an acknowledged question is gone");
        assert.ok(stream.complete, `an acknowledged reply broke off: ${stream.fault}`);
        assert.equal(textOf(messages[at + 1]), stream.text);
    }
});
