// Two servers on one database: what one writes, the other follows and stops.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { history, newId, personOf, resume, say, send, stop, textOf } from "../support/chat.mjs";
import { startDatabase } from "../support/database.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

const durableWithin = 250; // ms

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

/** How much of a reply the database has, looked at 250 times in 6 s: [{at, length}], by the clock of this machine. */
async function storedLengths(clientId) {
    const rows = await database.query(`
        CREATE TEMP TABLE looks (at float8, length int);
        DO $$ BEGIN FOR i IN 1..250 LOOP
            INSERT INTO looks SELECT extract(epoch FROM clock_timestamp()) * 1000, coalesce(sum(length(c.text)), 0)
            FROM reply_chunks c JOIN messages m ON m.id = c.message_id WHERE m.client_id = '${clientId}';
            PERFORM pg_sleep(0.02);
        END LOOP; END $$;
        SELECT at, length FROM looks ORDER BY at`);
    return rows
        .trim()
        .split("\n")
        .map((row) => row.split("|").map(Number))
        .map(([at, length]) => ({ at, length }));
}

test("what a client has seen is stored at most 250 ms later", { timeout: 60_000 }, async () => {
    const thread = newId();
    const stream = await send(ana, { id: thread, message: say("Slow [[tokens=500 delay=20]]") });
    await stream.reached(50);
    const seen = [];
    const watch = setInterval(() => {
        if (stream.text.length > (seen.at(-1)?.length ?? 0))
            seen.push({ at: Date.now(), length: stream.text.length });
    }, 2);
    await pause(500);
    const looks = await storedLengths(stream.messageId);
    clearInterval(watch);
    await stop(ana, thread, stream.messageId);
    await stream.done;
    assert.ok(looks.length === 250 && looks[0].length > 0);
    // The oldest text that a look did not find had been seen for so long. The longest of each half second tells of
    // a rule, and their median not of one moment in which the machine did something else.
    const behind = looks.map(({ at, length }) => at - (seen.find((one) => one.length > length)?.at ?? at));
    const longest = Array.from({ length: 10 }, (_, i) => Math.max(...behind.slice(i * 25, i * 25 + 25)));
    const median = longest.toSorted((a, b) => a - b)[5];
    assert.ok(median > 0, "the looks come while it is written");
    assert.ok(median <= durableWithin, `stored up to ${longest.map(Math.round)} ms later`);
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
    const far = await resume(elsewhere, thread);
    await far.reached(100);
    const seen = first.text;
    await pause(1_000); // longer than text waits to be stored, on a busy machine
    await here.kill();
    await Promise.all([first.done, far.done]);
    assert.ok(far.part("abort"), "the follower is told");
    const reply = (await history(elsewhere, thread)).at(-1);
    assert.equal(reply.metadata.state, "interrupted");
    assert.equal(textOf(reply), far.text);
    assert.ok(seen.length >= 100 && textOf(reply).startsWith(seen), "what was seen a moment before is kept");
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
    // Other threads of the server may be without a database for a moment longer than the one that answered.
    const kept = async (thread) => {
        for (let i = 0; i < 50; i += 1) {
            const answer = await ana.request(`/api/threads/${thread}/messages`);
            if (answer.status !== 503) break;
            await pause(100);
        }
        return history(ana, thread);
    };
    for (const { thread, question, stream } of acknowledged) {
        const messages = await kept(thread);
        const at = messages.findIndex((message) => message.id === question.id);
        assert.ok(at >= 0, "an acknowledged question is gone");
        assert.ok(stream.complete, `an acknowledged reply broke off: ${stream.fault}`);
        assert.equal(textOf(messages[at + 1]), stream.text);
    }
});
