// `brainbytes rollback` of a stage on AWS, before the same stand-ins as aws_deploy.test.mjs.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { AwsCli } from "../support/aws_cli.mjs";
import { AwsStage } from "../support/aws_stage.mjs";

const stage = new AwsStage();
before(async () => {
    await stage.start();
    stage.clone();
    for (const tag of ["v4", "v5", "v6"]) {
        const done = await stage.deploy(tag, "--no-backup", "--no-verify");
        assert.equal(done.code, 0, done.said);
    }
});
after(() => stage.stop());

test("a rollback is code only, to what served before, and asks the schema", async () => {
    stage.aws.forget();
    const back = await stage.rollback();
    assert.equal(back.code, 0, back.said);
    assert.match(back.said, /schema: Code only: the database stays as it is, and v5 runs on it/);
    assert.deepEqual(
        stage.aws.state.ran.map(({ words }) => words.replace(/(audit note gone back to by).*/, "$1")),
        ["db status --json", "audit note gone back to by"],
    );
    assert.equal(stage.aws.calls("ecr describe-images").at(-1).input.imageIds[0].imageTag, "v5");
    assert.equal(JSON.parse((await stage.run("deploy", "status")).stdout).hosts[0].kept, "v5");
    const dry = await stage.rollback("--dry-run");
    assert.match(dry.said, /staging\twould go back to v4/);
    // Of an image that was never kept from here it is asked what it knows.
    stage.aws.forget();
    assert.equal((await stage.rollback("--to", "v0")).code, 0);
    assert.deepEqual(
        stage.aws.state.ran.map(({ words }) => words.replace(/(audit note gone back to by).*/, "$1")),
        ["release about", "db status --json", "audit note gone back to by"],
    );
});

test("an image that does not run on the schema is refused, with the reason and the way", async () => {
    assert.equal((await stage.deploy("v5", "--no-backup", "--no-verify")).code, 0);
    assert.equal((await stage.deploy("v6", "--no-backup", "--no-verify")).code, 0);
    const { schemaMax } = (await stage.newest()).find(({ step }) => step === "keep");
    const at = new Date(Date.now() - 5 * 60_000).toISOString().replace(/Z$/, "000Z");
    const one = { number: schemaMax + 1, name: "less", phase: "contract", state: "applied", appliedAt: at };
    const told = (lines) => ({ code: 0, lines: [JSON.stringify(lines)] });
    const rolledBack = (gone) => ({ dryRun: true, rolledBack: [{ ...one, drops: [], gone }] });
    const tasks = { "db status": told({ migrations: [one] }), "db rollback": told(rolledBack([])) };
    const kept = stage.serves;
    stage.aws.tell({ tasks });
    const held = await stage.rollback();
    const needs = `v5 knows the schema up to ${schemaMax}, and migration ${schemaMax + 1} has taken something away that it needs`;
    assert.equal(held.code, 1);
    assert.ok(held.said.includes(needs), held.said);
    assert.match(held.said, /the schema is [56] minutes old/);
    assert.ok((await stage.rollback("--dry-run")).said.includes(needs));
    assert.match(
        (await stage.rollback("--accept-data-loss", "60")).said,
        /on AWS nothing takes the schema back by itself/,
    );
    stage.aws.tell({ tasks: { ...tasks, "db rollback": told(rolledBack(["column notes.old"])) } });
    assert.match(
        (await stage.rollback()).said,
        /Needs a restore: migration \d+ dropped column notes\.old, and v5 needs the/,
    );
    stage.aws.tell({ tasks: {} });
    assert.equal(stage.serves, kept);
});

test("a rollback refuses what somebody else has brought, and where nothing was before", async () => {
    const kept = stage.serves;
    stage.aws.tell({ serves: AwsCli.arn(2) });
    const foreign = await stage.rollback();
    assert.equal(foreign.code, 1);
    assert.match(foreign.said, /\S+:2 serves, which was not brought from here/);
    stage.aws.tell({ serves: kept });
    const empty = path.join(stage.folder, "empty");
    mkdirSync(empty);
    stage.env.BRAINBYTES_DATA = empty;
    assert.match((await stage.rollback()).said, /No release was in service before this one/);
    stage.env.BRAINBYTES_DATA = stage.data;
});
