// Two servers on one database: what one ends, the other knows.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startServer } from "../support/server.mjs";

let first;
let second;
before(async () => {
    first = await startServer();
    second = await startServer({ dataFolder: first.dataFolder });
});
after(async () => {
    await second?.stop({ keep: true });
    await first?.stop();
});

const status = async (server, cookie) => (await server.request("/api/sessions", { cookie })).status;

async function until(wanted, ask) {
    const deadline = Date.now() + 5_000;
    for (;;) {
        const got = await ask();
        if (got === wanted || Date.now() > deadline) return assert.equal(got, wanted);
    }
}

test("a session ended on one node ends on the other", async () => {
    const cookie = await first.cookieFor("ana@example.org");
    for (let i = 0; i < 8; i += 1) assert.equal(await status(second, cookie), 200);
    await first.request("/api/auth/sign-out", { method: "POST", cookie });
    await until(401, () => status(second, cookie));
});
