// `brainbytes backup restore --put-back`: a database that a restore has put aside takes its place again.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { archiveFrom, comparable, fill } from "../support/archives.mjs";
import { startServer } from "../support/server.mjs";

let server;
before(async () => {
    server = await startServer();
});
after(async () => server?.stop());

const good = async (...words) => {
    const done = await server.command(...words);
    assert.equal(done.code, 0, done.stderr);
    return done.stdout;
};
const users = () => good("user", "list");
const secret = () => readFileSync(path.join(server.dataFolder, "secret"), "utf8");
const asides = () => readdirSync(server.dataFolder).filter((name) => name.startsWith("secret.before-"));

/** As after a change of the server's secret: what is sealed from now on does not open with the former one. */
async function changeSecret() {
    const former = path.join(server.dataFolder, "secret.former");
    renameSync(path.join(server.dataFolder, "secret"), former);
    server.options.env.BRAINBYTES_SECRET_BEFORE = readFileSync(former, "utf8").trim();
    await good("secret", "rotate");
    delete server.options.env.BRAINBYTES_SECRET_BEFORE;
}

test("who was erased meanwhile stays so, and what is sealed opens with the secret of its time", async () => {
    const ana = await server.as("ana@putback.example");
    const ben = await server.as("ben@putback.example");
    await Promise.all([fill(ana), fill(ben)]);
    const anas = comparable(await archiveFrom(server, ana));
    await good("backup", "create");
    await server.stop({ keep: true });
    const older = secret();
    await changeSecret();
    const newer = secret();
    assert.notEqual(newer, older);

    const words = ["backup", "restore", "latest", "--yes", "--json", "--no-safety"];
    const { formerDatabase } = JSON.parse(await good(...words));
    assert.equal(secret(), older);
    const gone = await server.command("user", "erase", ben.email, "--now");
    assert.equal(gone.code, 0, gone.stderr);
    const id = gone.stderr.match(/knows the account as ([0-9a-f-]{36})/)[1];

    const aside = (await good("backup", "restore", "--put-back", formerDatabase, "--yes")).trim();
    assert.equal(secret(), newer);
    assert.deepEqual(asides(), [`secret.before-${aside.split("_before_")[1]}`]);
    assert.doesNotMatch(await users(), /ben@putback\.example/);
    assert.ok(!existsSync(path.join(server.dataFolder, "files", id)));
    assert.match(await good("audit", "list", "--action", "account.erased"), new RegExp(id));
    await good("audit", "verify");
    await server.start();
    assert.deepEqual(comparable(await archiveFrom(server, await server.as(ana.email))), anas);
    await server.stop({ keep: true });

    // And the other way round.
    await good("backup", "restore", "--put-back", aside, "--yes");
    assert.equal(secret(), older);
    await server.start();
    assert.deepEqual(comparable(await archiveFrom(server, await server.as(ana.email))), anas);
    assert.doesNotMatch(await users(), /ben@putback\.example/);
});
