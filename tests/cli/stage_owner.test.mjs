// Who the files of a stage belong to, where root deploys with the data folder of another account.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
    chownSync,
    linkSync,
    mkdirSync,
    readdirSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { freePort, program, programEnvironment, temporaryFolder } from "../support/server.mjs";

const nobody = 65534;

test(
    "what root writes of a stage belongs to the owner of the data",
    { skip: process.getuid() !== 0 },
    async (t) => {
        const folder = temporaryFolder();
        t.after(() => rmSync(folder, { recursive: true, force: true }));
        const data = path.join(folder, "data");
        mkdirSync(data);
        chownSync(data, nobody, nobody);
        // Nobody listens there: that is noted.
        writeFileSync(
            path.join(folder, "ssh_config"),
            `Host app1\n  HostName 127.0.0.1\n  Port ${await freePort()}\n`,
        );
        writeFileSync(
            path.join(folder, "brainbytes.toml"),
            '[stages.staging]\nhosts = ["app1"]\nssh_config = "ssh_config"\n',
        );
        const env = programEnvironment({ BRAINBYTES_DATA: data });
        const typed = (...words) =>
            spawnSync(program, [...words, "--stage", "staging"], { env, cwd: folder }).status;
        assert.equal(typed("rollback"), 1);
        const word = ["--release", "0.1.0-1", "--by", "Ana", "--note", "so"];
        assert.equal(typed("checklist", "waive", "review", ...word), 0);
        const files = readdirSync(data, { recursive: true });
        for (const name of ["stages", "stages/staging.jsonl", "stages/staging.checks.jsonl"])
            assert.ok(files.includes(name), files.join());
        for (const file of files) assert.equal(statSync(path.join(data, file)).uid, nobody, file);

        // What that account puts there in the place of a ledger does not become its own.
        const other = path.join(folder, "of-root");
        const ledger = path.join(data, "stages/staging.jsonl");
        for (const put of [linkSync, symlinkSync]) {
            rmSync(ledger);
            writeFileSync(other, "");
            put(other, ledger);
            typed("rollback");
            assert.equal(statSync(other).uid, 0);
            rmSync(other);
        }
    },
);
