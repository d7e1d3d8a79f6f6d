// The line that a server writes about every request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { newId } from "../support/chat.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(() => server?.stop());

/** The line "request" of the request with this id. */
async function lineOf(id) {
    const deadline = Date.now() + 5_000;
    for (;;) {
        const lines = server.log.split("\n").filter((text) => text.startsWith("{") && text.endsWith("}"));
        const events = lines.map((text) => JSON.parse(text));
        const line = events.find((one) => one.event === "request" && one.id === id);
        if (line) return line;
        assert.ok(Date.now() < deadline, `${id} has no line\n${server.tail()}`);
        await pause(20); // lines are gathered before they are written
    }
}

test("a request has a line with its id, pattern, status, duration and who asked", async () => {
    const ana = await server.as("ana@example.org");
    const { user } = (await ana.request("/api/session")).json;
    const made = await ana.request("/api/threads", { method: "POST", json: {} });
    for (const [thread, status] of [
        [made.json.id, 200],
        [newId(), 404],
    ]) {
        const began = Date.now();
        const answer = await ana.request(`/api/threads/${thread}?q=typed`);
        const took = Date.now() - began;
        assert.equal(answer.status, status);
        const line = await lineOf(answer.headers.get("x-request-id"));
        assert.equal(line.level, "info");
        assert.equal(line.method, "GET");
        assert.equal(line.route, "/api/threads/{id}");
        assert.equal(line.status, status);
        assert.equal(line.user, user.id);
        assert.ok(line.ms > 0 && line.ms <= took + 1, `${line.ms} ms of ${took}`);
        assert.ok(Math.abs(Date.parse(line.time) - began) < 10_000, line.time);
        assert.ok(!JSON.stringify(line).includes(thread), "never the address as it was typed");
    }
});

test("who is not signed in has no user in the line", async () => {
    const answer = await server.request("/api/threads");
    assert.equal(answer.status, 401);
    const line = await lineOf(answer.headers.get("x-request-id"));
    assert.deepEqual([line.route, line.status, line.user ?? ""], ["/api/threads", 401, ""]);
});
