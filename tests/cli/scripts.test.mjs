// The names that the deployment plan uses stand in package.json and are one call of ours each.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { programEnvironment, startServer, temporaryFolder } from "../support/server.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8"));
const makefile = readFileSync(path.join(root, "Makefile"), "utf8");

test("dev, build, test and lint call make", () => {
    for (const name of ["dev", "build", "test", "lint"]) {
        assert.equal(scripts[name], `make ${name}`);
        assert.match(makefile, new RegExp(`^${name}:`, "m"));
    }
});

for (const verb of ["migrate", "seed", "verify", "rollback"]) {
    test(`db:${verb} calls the program, for each stage`, () => {
        assert.equal(scripts[`db:${verb}`], `bin/brainbytes db ${verb}`);
        for (const stage of ["dev", "production"]) {
            assert.equal(scripts[`db:${verb}:${stage}`], `bin/brainbytes db ${verb} --stage ${stage}`);
        }
    });
}

test("the scripts of the database do what they say, run as npm runs them", async () => {
    const folder = temporaryFolder();
    const env = programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data") });
    const run = async (name) => {
        const [command, ...args] = scripts[name].split(" ");
        return promisify(execFile)(path.join(root, command), args, { env, cwd: folder });
    };
    await run("db:migrate:dev");
    assert.match((await run("db:verify:dev")).stderr, /as the migrations make it/);
    assert.match((await run("db:seed:dev")).stdout, /administrator/);
    await assert.rejects(run("db:seed:production"), /--yes/);
    await assert.rejects(run("db:rollback:dev"), { code: 1 }, "without a terminal it wants --yes");
    rmSync(folder, { recursive: true, force: true });
});

test("test:e2e:production looks at a running site, and fails when there is none", async (t) => {
    const look = (url) => promisify(execFile)(path.join(root, scripts["test:e2e:production"]), [url]);
    const server = await startServer();
    t.after(() => server.stop());
    const { stdout } = await look(server.url);
    assert.match(stdout, /^[1-9]\d* passed, 0 failed$/m);
    await server.stop();
    await assert.rejects(look(server.url), ({ stdout }) => /0 passed, [1-9]\d* failed/.test(stdout));
});

test("lint shows what db lint finds", async () => {
    const folder = temporaryFolder();
    for (const name of ["bin", "scripts"]) mkdirSync(path.join(folder, name));
    copyFileSync(path.join(root, "scripts/lint"), path.join(folder, "scripts/lint"));
    const script = (name, text) =>
        writeFileSync(path.join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    for (const name of ["build", "packages", "evidence", "node-packages"])
        script(`scripts/${name}`, "exit 0");
    for (const name of ["includes", "rules", "evidence"]) script(`scripts/lint-${name}`, "exit 0");
    script("bin/brainbytes", "echo '0030_new.up.sql:1: drop: Dropping x'\nexit 1");
    try {
        await assert.rejects(promisify(execFile)(path.join(folder, "scripts/lint")), ({ stdout }) =>
            /^FAIL {2}migrations: .*\n0030_new\.up\.sql:1: drop: Dropping x$/m.test(stdout),
        );
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
});
