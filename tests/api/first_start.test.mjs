// The first minutes of a server as its operator has them in a terminal: a link for the first administrator, and Ctrl-C.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { history, newId, personOf, say, send, textOf } from "../support/chat.mjs";
import { answer, startModel } from "../support/model.mjs";
import { startServer } from "../support/server.mjs";

let server, model;

before(async () => {
    model = await startModel();
    server = await startServer({ env: { ...model.env, BRAINBYTES_DRAIN_SECONDS: "3" }, terminal: true });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const links = () => [...server.log.matchAll(/^Open this link within 30 minutes .*:\n {2}(\S+)$/gm)];
const starts = () => server.log.match(/^BrainBytes is ready at /gm)?.length ?? 0;

async function until(what, check) {
    const deadline = Date.now() + 10_000;
    while (!check()) {
        assert.ok(Date.now() < deadline, `${what}\n${server.tail()}`);
        await pause(10);
    }
}

test("every start prints a link until it has made the first administrator, once", async () => {
    await until("the first start prints no link", () => links().length === 1);
    await server.interrupt();
    await server.start();
    await until("the second start prints no link", () => links().length === 2);
    const [first, second] = links().map(([, link]) => new URL(link));
    assert.notEqual(first.hash, second.hash);

    const page = await server.request(second.pathname);
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    const json = { token: second.hash.slice(1), email: "first@example.org", name: "The First" };
    const opened = await server.request("/api/auth/setup", { method: "POST", json });
    assert.equal(opened.status, 204, opened.text);
    const cookie = opened.headers.getSetCookie()[0].split(";")[0];
    const { user } = (await server.request("/api/session", { cookie })).json;
    assert.deepEqual([user.email, user.role], ["first@example.org", "administrator"]);
    for (const { hash } of [first, second]) {
        const again = { ...json, token: hash.slice(1), email: "second@example.org" };
        assert.equal((await server.request("/api/auth/setup", { method: "POST", json: again })).status, 401);
    }

    await server.interrupt();
    await server.start();
    await until("the third start says nothing", () => starts() === 3);
    await server.interrupt(); // what it prints at its start comes before that it stopped
    await until("the third start does not stop", () => server.log.match(/"stopped"/g)?.length === 3);
    assert.equal(links().length, 2);
    await server.start();
    assert.equal((await server.request("/api/session", { cookie })).json.user.role, "administrator");
});

test("Ctrl-C lets replies end, or keeps what they say, and loses nothing acknowledged", async () => {
    const person = await personOf(server, "interrupt@example.org");
    const asked = [say("Short [[tokens=30 delay=20]]"), say("Long [[tokens=5000 delay=20]]")];
    const threads = asked.map(() => newId());
    const made = await person.request("/api/materials", { method: "POST", json: { title: "Acknowledged" } });
    const [short, long] = await Promise.all(
        asked.map((message, i) => send(person, { id: threads[i], message })),
    );
    assert.deepEqual([made.status, short.status, long.status], [201, 200, 200]);
    await long.reached(50);
    assert.deepEqual(await server.interrupt(), { code: 0, signal: null });
    await Promise.all([short.done, long.done]);
    await server.start();

    const [ended, kept] = await Promise.all(threads.map((thread) => history(person, thread)));
    for (const [i, messages] of [ended, kept].entries()) {
        assert.equal(messages.length, 2);
        assert.equal(messages[0].id, asked[i].id);
        assert.equal(textOf(messages[0]), textOf(asked[i]));
    }
    assert.equal(ended[1].metadata.state, "complete");
    assert.equal(textOf(ended[1]), answer({ tokens: 30 }));
    assert.equal(short.text, answer({ tokens: 30 }));
    assert.equal(kept[1].metadata.state, "interrupted");
    assert.equal(textOf(kept[1]), long.text);
    assert.ok(long.text.length >= 50 && answer({ tokens: 5000 }).startsWith(long.text));
    const material = await person.request(`/api/materials/${made.json.id}`);
    assert.equal(material.json?.title, "Acknowledged");
});
