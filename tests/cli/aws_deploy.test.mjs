// `brainbytes deploy --target aws` as a whole: the AWS command line is a stand-in, and what it runs as tasks are processes of
// the program on a database of their own.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { AwsCli } from "../support/aws_cli.mjs";
import { AwsStage } from "../support/aws_stage.mjs";
import { program } from "../support/server.mjs";

const stage = new AwsStage();
before(() => stage.start());
after(() => stage.stop());

test("a stage is on AWS when brainbytes.toml says so, and needs a clone", async () => {
    const outside = await stage.deploy("v1");
    assert.deepEqual([outside.code, /Run it in a clone/.test(outside.said)], [1, true], outside.said);
    stage.clone();
    const toml = readFileSync(path.join(stage.folder, "brainbytes.toml"), "utf8");
    writeFileSync(path.join(stage.folder, "brainbytes.toml"), toml.replace('target = "aws"\n', ""));
    assert.match((await stage.deploy("v1")).said, /write target = "aws" into \[stages\.staging\]/);
    writeFileSync(path.join(stage.folder, "brainbytes.toml"), `${toml}hosts = ["app1"]\n`);
    assert.match((await stage.deploy("v1")).said, /"hosts" are not on AWS/);
    stage.describe("bake = 0");
    assert.deepEqual(stage.aws.calls(), []);
});

test("what is about a machine is not done on this one instead", async () => {
    for (const words of [
        ["logs", "tail"],
        ["metrics", "list"],
        ["maintenance", "status"],
        ["secret", "list"],
    ]) {
        const done = await stage.run(...words);
        assert.notEqual(done.code, 0, words.join());
        assert.match(done.said, /staging is on AWS: this is about a machine/, words.join());
    }
});

test("a plan is printed, and nothing changed", async () => {
    const { code, stdout, said } = await stage.deploy("v1", "--dry-run");
    assert.equal(code, 0, said);
    const steps = ["check", "lock", "install", "backup", "migrate", "smoke test", "switch", "verify", "keep"];
    assert.deepEqual(
        stdout
            .trim()
            .split("\n")
            .map((line) => line.split("\t")[0]),
        steps,
    );
    assert.equal(stage.aws.calls("ecs register-task-definition").length, 0);
});

test("a release passes every step, in order, under the lock, and its report is kept", async () => {
    const done = await stage.deploy("v1");
    assert.equal(done.code, 0, done.said);
    const steps = (await stage.newest()).map(({ step, result }) => `${step} ${result}`);
    assert.deepEqual(
        steps,
        [
            "check",
            "lock",
            "install",
            "backup",
            "migrate",
            "smoke test",
            "switch",
            "verify",
            "keep",
            "unlock",
            "deploy",
        ].map((step) => `${step} done`),
    );
    const { ran } = stage.aws.state;
    assert.deepEqual(
        ran.map(({ words }) => words.split(" ").slice(0, 2).join(" ")),
        ["backup create", "db migrate", "release try", "verify --json", "audit note"],
    );
    assert.ok(ran.every(({ locked, code, words }) => locked && (code === 0 || words.startsWith("verify"))));
    // The backup is made by what serves, the rest by the new image, and nobody got that before it was tried.
    assert.deepEqual(
        ran.map(({ by, serves }) => [by, serves].map((arn) => arn.split(":").pop()).join()),
        ["1,1", "2,1", "2,1", "2,2", "2,2"],
    );
    assert.deepEqual(stage.aws.state.parameters, {});
    const keep = (await stage.newest()).find(({ step }) => step === "keep");
    assert.equal(keep.detail, AwsCli.arn(2));
    assert.ok(keep.schemaMin > 0 && keep.schemaMax > keep.schemaMin);
    const { stdout } = await stage.server.command("audit", "list", "--json");
    assert.match(stdout, /deployed by \S+@/);
    assert.equal(stage.reports.length, 1);
    const report = JSON.parse(readFileSync(path.join(stage.data, "verifications", stage.reports[0]), "utf8"));
    assert.equal(report.target, "staging");
    const of = (result) => report.probes.filter((one) => one.result === result).map(({ name }) => name);
    for (const name of [
        "service",
        "task: reached",
        "task: chat",
        "task: upload",
        "task: metrics",
        "task: migrations",
        "health",
    ])
        assert.ok(of("passed").includes(name), `${name}: ${done.said}`);
    for (const name of of("failed")) assert.match(name, /: (alarms armed|backup)$/);
});

test("without a backup, where that is asked for; what serves is told", async () => {
    stage.aws.forget();
    const done = await stage.deploy("v2", "--no-backup", "--json");
    assert.equal(done.code, 0, done.said);
    const { kept, release } = JSON.parse(done.stdout);
    assert.deepEqual([kept, release], [true, "v2"]);
    assert.ok(!stage.aws.state.ran.some(({ words }) => words.startsWith("backup")));
    const status = JSON.parse((await stage.run("deploy", "status")).stdout);
    assert.deepEqual(status.hosts, [{ host: AwsCli.arn(3), kept: "v2", fault: "" }]);
});

for (const [task, step] of [
    ["backup create", "backup"],
    ["db migrate", "migrate"],
    ["release try", "smoke test"],
])
    test(`where "${task}" fails, the service is left alone`, async () => {
        stage.aws.forget();
        const kept = stage.serves;
        stage.aws.tell({ tasks: { [task]: { code: 1, lines: ["brainbytes: no room for it"] } } });
        const done = await stage.deploy("v3");
        stage.aws.tell({ tasks: {} });
        assert.equal(done.code, 1);
        assert.match(done.said, new RegExp(`v3 is not in service: ${step} failed: .*no room for it`, "s"));
        assert.equal(stage.aws.calls("ecs update-service").length, 0);
        assert.equal(stage.serves, kept);
        assert.deepEqual(stage.aws.state.parameters, {});
    });

test("a release that ECS takes back, or that the look finds bad, is not kept", async () => {
    stage.aws.tell({ circuit: true });
    const taken = await stage.deploy("v3", "--no-backup");
    stage.aws.tell({ circuit: false });
    assert.equal(taken.code, 1);
    assert.match(taken.said, /switch failed: .*did not become healthy.*; \S+:3 serves again/s);
    stage.well = false;
    const bad = await stage.deploy("v3", "--no-backup");
    stage.well = true;
    assert.equal(bad.code, 1);
    assert.match(bad.said, /v3 is not in service: verify failed: .*health.*; \S+:3 serves again/s);
    assert.equal(stage.serves, AwsCli.arn(3));
    const undone = (await stage.newest()).find(({ step }) => step === "put back");
    assert.equal(undone.detail, `${AwsCli.arn(3)} serves again`);
});

test("what the balancer measures while a release is watched undoes it, by the thresholds of the stage", async () => {
    stage.describe("bake = 1", "[stages.staging.thresholds]", "failed_share = 0.05");
    const fine = { requests: 200, failed: 2, p95: 0.2 };
    const next = AwsCli.arn(stage.aws.state.definitions.length + 1);
    stage.aws.tell({ traffic: { all: fine, [next]: { ...fine, unanswered: 20 } } });
    const worse = await stage.deploy("v4", "--no-backup", "--no-verify");
    assert.equal(worse.code, 1, worse.said);
    assert.match(
        worse.said,
        /bake failed: 10\.0 % of 220 requests failed \(before: 1\.0 %\); \S+:3 serves again/,
    );
    assert.equal(stage.serves, AwsCli.arn(3));
    assert.match((await stage.newest()).find(({ step }) => step === "bake").detail, /10\.0 % of 220/);
    stage.aws.tell({
        traffic: { all: fine, [AwsCli.arn(stage.aws.state.definitions.length + 1)]: { ...fine, p95: 0.9 } },
    });
    const slow = await stage.deploy("v4", "--no-backup", "--no-verify");
    assert.match(slow.said, /bake failed: 95 of 100 requests take up to 900 ms \(before: 200 ms\)/);
    stage.aws.tell({ traffic: { all: fine } });
    const same = await stage.deploy("v4", "--no-backup", "--no-verify");
    assert.match(same.said, /bake: 200 requests at the balancer, 2 failed, watched for 1 s/);
    assert.equal(same.code, 0);
    stage.aws.tell({ denied: ["cloudwatch get-metric-data"] });
    stage.aws.forget();
    const blind = await stage.deploy("v4", "--no-backup");
    stage.aws.tell({ denied: [] });
    assert.match(blind.said, /check failed: .*AccessDenied/s);
    assert.equal(stage.aws.calls("ecs register-task-definition").length, 0);
});

test("a lock holds others back, from all machines, until it ends or somebody knows it", async () => {
    stage.describe("bake = 0");
    const taken = await stage.run(
        "deploy",
        "lock",
        "--reason",
        "exams",
        "--minutes",
        "30",
        "--owner",
        "the office",
    );
    assert.equal(taken.code, 0, taken.said);
    const [id] = taken.stdout.split("\t");
    const kept = JSON.parse(stage.aws.state.parameters["/brainbytes/staging/deploy-lock"]);
    assert.deepEqual([kept.id, kept.owner, kept.reason], [id, "the office", "exams"]);
    stage.aws.forget();
    for (const words of [
        ["deploy", "v5"],
        ["rollback"],
        ["rollback", "--dry-run"],
        ["deploy", "lock", "--reason", "mine"],
    ]) {
        const held = await stage.run(...words);
        assert.equal(held.code, 1, words.join());
        assert.match(held.said, /the office keeps releases as they are until .* \(exams\)/, words.join());
    }
    assert.equal(stage.aws.calls("ecs register-task-definition").length, 0);
    const known = await stage.deploy("v5", "--no-backup", "--no-verify", "--lock", id);
    assert.equal(known.code, 0, known.said);
    assert.match((await stage.run("deploy", "unlock", "--id", "another")).said, /there was no lock/);
    assert.match((await stage.run("deploy", "unlock")).said, /the lock of the office has ended/);
    assert.deepEqual(stage.aws.state.parameters, {});
    assert.match((await stage.run("deploy", "unlock")).said, /there was no lock/);
    const told = (await stage.history()).filter(({ deployment }) => deployment === id);
    assert.deepEqual(
        told.map(({ step }) => step),
        ["lock", "unlock"],
    );
    // What is over is nothing.
    const over = { id: "old", owner: "x", reason: "y", until: "2026-01-01T00:00:00.000000Z" };
    stage.aws.tell({ parameters: { "/brainbytes/staging/deploy-lock": JSON.stringify(over) } });
    const after = await stage.deploy("v6", "--no-backup", "--no-verify");
    assert.equal(after.code, 0, after.said);
    assert.deepEqual(stage.aws.state.parameters, {});
});

test("a deployment that was killed is told as broken off, and its lock is taken over on the same machine", async () => {
    stage.aws.tell({ tasks: { "db migrate": { hangs: true } } });
    const words = ["deploy", "v7", "--no-backup", "--no-verify", "--stage", "staging"];
    const child = spawn(program, words, {
        env: stage.env,
        cwd: stage.folder,
        stdio: ["ignore", "ignore", "pipe"],
    });
    await new Promise((resolve) => child.stderr.on("data", (chunk) => /install: /.test(chunk) && resolve()));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("close", resolve));
    stage.aws.tell({ tasks: {} });
    assert.ok(
        (await stage.history()).some(({ step, result }) => step === "deploy" && result === "broken off"),
    );
    const again = await stage.deploy("v6", "--no-backup", "--no-verify");
    assert.equal(again.code, 0, again.said);
    assert.match(
        again.said,
        /the lock there is taken over: the command that held it was killed on this machine/,
    );
});

test("a server that does not answer a student fails the smoke test, and does not stay", async () => {
    const data = path.join(stage.folder, "tasks", "trial");
    const model = { OPENAI_BASE_URL: "http://127.0.0.1:9/v1", OPENAI_API_KEY: "x", OPENAI_MODEL: "m" };
    const child = spawn(program, ["release", "try"], {
        env: { ...stage.aws.state.env, ...model, BRAINBYTES_DATA: data },
        cwd: stage.folder,
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code, 1);
    assert.match(said, /brainbytes: The answer is an error: The tutor's language model cannot be reached/);
    assert.match(said, /"event":"stopped"/);
});

test("verify looks at the stage, never at this machine, and its report is kept", async () => {
    const had = stage.reports.length;
    const good = await stage.run("verify", "--json");
    assert.deepEqual([good.code, stage.reports.length], [3, had + 1], good.said);
    const { probes, target } = JSON.parse(good.stdout);
    assert.equal(target, "staging");
    assert.ok(probes.every(({ name }) => name !== "a student for this" && name !== "migrations"));
    stage.well = false;
    const bad = await stage.run("verify");
    stage.well = true;
    assert.equal(bad.code, 1);
});

test("the boxes of a checklist ask the service, its ledger and its report", async () => {
    const release = `0.1.0-${"c".repeat(12)}`;
    stage.describe("bake = 1");
    const fine = { requests: 50, failed: 0, p95: 0.2 };
    stage.aws.tell({ traffic: { all: fine } });
    const box = async (phase, name) => {
        const { stdout } = await stage.run("checklist", phase, "--release", release, "--json");
        return JSON.parse(stdout).boxes.find((one) => one.box === name);
    };
    const before = await box("pre", "rollback");
    assert.deepEqual([before.result, /code only/.test(before.answer)], ["met", true], before.answer);
    assert.equal((await box("post", "complete")).result, "unmet");
    assert.equal((await stage.deploy(release, "--no-backup", "--no-verify")).code, 0);
    for (const [phase, name] of [
        ["during", "progress"],
        ["during", "metrics"],
        ["post", "complete"],
    ]) {
        const { result, answer } = await box(phase, name);
        assert.equal(result, "met", answer);
    }
    // The program that runs here is of another commit: the report says so.
    const looked = await stage.run("verify");
    assert.match(looked.said, /version: \S+ is served, and \S+-cccccccccccc was deployed/);
    const health = await box("during", "health");
    assert.deepEqual([health.result, /task: version: /.test(health.answer)], ["unmet", true], health.answer);
});
