// Starting while the database is not there yet.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { startDatabase } from "../support/database.mjs";
import { freePort, startServer } from "../support/server.mjs";

let database;
before(async () => {
    database = await startDatabase();
});
after(() => database?.stop());

const url = (port) => `postgresql://tester@127.0.0.1:${port}/brainbytes`;

async function until(server, what, check) {
    const deadline = Date.now() + 30_000;
    while (!(await check())) {
        if (Date.now() > deadline) assert.fail(`${what}\n${server.tail()}`);
        await pause(20);
    }
}

const isReady = async (server) => {
    try {
        return (await server.request("/readyz")).status === 200;
    } catch {
        return false; // not listening yet
    }
};

/** The database's unix socket on a port: {close()}. */
async function door(port) {
    const sockets = new Set();
    const listener = createServer((near) => {
        const far = connect(`${database.socket}/.s.PGSQL.5432`);
        for (const [one, other] of [
            [near, far],
            [far, near],
        ]) {
            sockets.add(one);
            one.on("error", () => other.destroy());
            one.on("close", () => other.destroy());
            one.pipe(other);
        }
    });
    await new Promise((resolve) => listener.listen(port, "127.0.0.1", resolve));
    return {
        close: () => {
            for (const socket of sockets) socket.destroy();
            return new Promise((resolve) => listener.close(resolve));
        },
    };
}

test("a server that starts before its database waits for it", async () => {
    const port = await freePort();
    const server = await startServer({ env: { DATABASE_URL: url(port) }, ready: false });
    let open;
    try {
        await until(server, "does not wait", () => server.log.includes("waiting for the database"));
        assert.equal(server.exit, undefined);
        open = await door(port);
        await until(server, "does not become ready", () => isReady(server));
    } finally {
        await server.stop();
        await open?.close();
    }
});

test("a server that waits for its database is stopped by SIGTERM", async () => {
    const server = await startServer({ env: { DATABASE_URL: url(await freePort()) }, ready: false });
    await until(server, "does not wait", () => server.log.includes("waiting for the database"));
    const { code } = await server.stop();
    assert.equal(code, 1);
    assert.match(server.log, /Stopped while the database could not be reached/);
});
