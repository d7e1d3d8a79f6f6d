// A host of production: what is deployed on it itself passes the boxes of the plan, too.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, test } from "node:test";

import { keepRelease, statusOf } from "../support/kept_release.mjs";
import { startModel } from "../support/model.mjs";
import { program, startServer } from "../support/server.mjs";

let model, server;

before(async () => {
    model = await startModel();
    server = await startServer({ verb: "supervise", env: { ...model.env, BRAINBYTES_STAGE: "production" } });
});
after(async () => {
    await server?.stop();
    await model?.close();
});

const deploy = (name, ...words) =>
    server.command("deploy", name, "--no-backup", "--bake", "0", "--json", ...words);
const waive = (...boxes) => boxes.flatMap((box) => ["--waive", `${box}=nobody works with it yet`]);
const history = async () =>
    (await server.command("deploy", "history", "--json")).stdout.split("\n").filter(Boolean).map(JSON.parse);

test("a deployment on the host itself is held back by unmet boxes, whatever its shell says", async () => {
    const name = keepRelease(server, {});
    const unmet =
        /left as it is: what is unmet \(review, tests, security, performance, rollback, stakeholders\)/;
    for (const words of [[], ["--stage", "production"], ["--stage", "dev"]]) {
        const held = await deploy(name, ...words);
        assert.equal(held.code, 1, words.join());
        assert.match(held.stderr, unmet);
    }
    const elsewhere = { ...server.env };
    delete elsewhere.BRAINBYTES_STAGE;
    const held = await new Promise((resolve) =>
        execFile(program, ["deploy", name], { env: elsewhere, cwd: "/" }, (fault, stdout, stderr) =>
            resolve(stderr),
        ),
    );
    assert.match(held, unmet);
    assert.equal((await statusOf(server)).kept, "program");
    const dry = await deploy(name, "--dry-run", ...waive("review"));
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /^box\treview\twould be waived\t/m);
    assert.match(dry.stdout, /^blocked\tby tests, security, performance, rollback, stakeholders:/m);
    assert.match(dry.stdout, /^smoke test\t/m);
    assert.ok(!(await history()).some(({ step }) => step === "waive"));
});

test("a first installation says what it needs, and goes in by name and reason", async () => {
    const name = keepRelease(server, {});
    const person = ["--stage", "production", "--release", name, "--by", "Ana", "--note", "read by two"];
    for (const words of [
        ["sign", "review"],
        ["waive", "security"],
    ])
        assert.equal((await server.command("checklist", ...words, ...person)).code, 0);
    const done = await deploy(name, ...waive("tests", "performance", "rollback", "stakeholders"));
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.equal((await statusOf(server)).kept, name);
    const waived = (await history()).filter(({ step, release }) => step === "waive" && release === name);
    assert.equal(waived.length, 5);
    assert.ok(waived.some(({ detail }) => /^security=Ana, \S+@\S+: read by two$/.test(detail)));
    const { stdout } = await server.command("audit", "list", "--action", "operator.noted", "--json");
    const { details } = JSON.parse(stdout.trim().split("\n").at(-1));
    assert.match(details.note, /waived: tests=nobody works with it yet;.*waived: security=Ana, /);
});

test("with a release to go back to that box is met; the deployment of a stage was let through before", async () => {
    const name = keepRelease(server, {});
    const held = await deploy(name);
    assert.match(held.stderr, /what is unmet \(review, tests, security, performance, stakeholders\)/);
    const begun = await deploy(name, "--by-deployment");
    assert.equal(begun.code, 0, begun.stdout + begun.stderr);
    const back = await server.command("rollback");
    assert.equal(back.code, 0, back.stderr); // in an emergency no box is asked for
});
