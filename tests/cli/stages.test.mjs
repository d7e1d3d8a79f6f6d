// A stage of two hosts, reached by ssh: the first installation, releases under load, and what goes wrong.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Fleet, data, noFleet } from "../support/fleet.mjs";
import { Releases } from "../support/releases.mjs";
import { generousLimits, root } from "../support/server.mjs";

const why = noFleet() ?? false;
const here = (name) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
let fleet, releases, visits, first;

function describe(extra = "") {
    const hosts = fleet.hosts.map(({ address }) => `"${address}"`).join(", ");
    writeFileSync(
        fleet.at("brainbytes.toml"),
        `[stages.staging]
hosts = [${hosts}]
ssh_config = "ssh_config"
data = "${data}"
bake = 1
${extra}
[stages.staging.environment]
BRAINBYTES_LISTEN = "0.0.0.0:3000"
BRAINBYTES_START_SECONDS = "15"
OPENAI_BASE_URL = "http://10.77.0.1:9000/v1"
OPENAI_MODEL = "test-model"
BRAINBYTES_RATE_LIMITS = "${generousLimits}"
`,
    );
}
const stage = (...words) => fleet.command(...words, "--stage", "staging");
const kept = async () => {
    const { hosts } = JSON.parse((await stage("deploy", "status")).stdout);
    return hosts.map((one) => one.kept);
};
/** Releases that are a script say of themselves what the program in them is: that is no fault here. */
const deploy = ({ archive }, ...words) =>
    stage(
        "deploy",
        archive,
        "--json",
        "--no-backup",
        ...(archive === first?.archive ? [] : ["--no-verify"]),
        ...words,
    );
async function deployed(release, ...words) {
    const done = await deploy(release, ...words);
    assert.equal(done.code, 0, done.stdout + done.stderr);
    assert.deepEqual(
        await kept(),
        fleet.hosts.map(() => release.name),
    );
    return JSON.parse(done.stdout);
}
/** Refused, and every host has what it had. */
async function refused(release, step, reason) {
    const had = await kept();
    const done = await deploy(release);
    assert.equal(done.code, 1, done.stdout + done.stderr);
    const told = JSON.parse(done.stdout);
    assert.deepEqual([told.kept, told.failedStep], [false, step], told.reason);
    assert.match(told.reason, reason);
    assert.deepEqual(await kept(), had);
}

/** People on every host while `work` is done, each with a reply that streams: nothing fails. */
async function unnoticed(work) {
    const words = fleet.hosts.flatMap((host) => [`http://${host.address}:3000`, host.cookie, "3"]);
    visits = fleet.spawn(here("visits.mjs"), ...words);
    let said = "";
    visits.stdout.on("data", (chunk) => (said += chunk));
    visits.stdin.write("stream\n");
    await pause(500);
    try {
        await work();
    } finally {
        visits.stdin.write("end\n");
        await once(visits, "exit");
    }
    const { requests, faults, replies, broken } = JSON.parse(said);
    assert.deepEqual([faults, broken], [[], 0]);
    assert.ok(requests > 0 && replies === fleet.hosts.length);
}

before(async () => {
    if (why) return;
    fleet = new Fleet(2);
    await fleet.start();
    releases = new Releases(fleet.at("releases"));
    const model = fleet.spawn(here("model_at.mjs"), "10.77.0.1", "9000");
    await once(model.stdout, "data");
    describe();
});
after(() => fleet?.stop());

test("the example of a file of stages is right, and shows every key", { skip: why }, async () => {
    const example = readFileSync(path.join(root, "brainbytes.toml.example"), "utf8");
    writeFileSync(fleet.at("brainbytes.toml"), example);
    const checked = await fleet.command("config", "check");
    assert.equal(checked.code, 0, checked.stderr);
    writeFileSync(fleet.at("brainbytes.toml"), "[stages.staging]\nnothing = 1\n");
    const { code, stderr } = await fleet.command("config", "check");
    assert.equal(code, 2);
    assert.match(stderr, /brainbytes\.toml:2 "nothing" is no key of a stage/);
    const keys = /these are: (.*)/.exec(stderr)[1].split(", ");
    assert.ok(keys.length > 10);
    for (const key of keys)
        assert.match(example, new RegExp(`^(${key} =|\\[stages\\.\\w+\\.${key}\\])`, "m"), key);
    describe();
});

test("bare hosts get what they need by the same command", { skip: why }, async () => {
    first = releases.real();
    const without = await deploy(first);
    assert.match(JSON.parse(without.stdout).reason, /has no BrainBytes; name the key/);
    const plan = await stage("deploy", first.archive, "--dry-run");
    assert.match(plan.stdout, /has nothing yet: packages, account, program, service/);
    await deployed(first, "--trust", releases.key);
    for (const host of fleet.hosts) {
        assert.match(
            fleet.ssh(host, `stat -c %U:%a ${data} ${data}/.env.staging`),
            /brainbytes:700\nbrainbytes:600/,
        );
        const user = (words) =>
            fleet.ssh(
                host,
                `cd ${data} && BRAINBYTES_STAGE=staging BRAINBYTES_DATA=${data} brainbytes user ${words}`,
            );
        user("create ana@example.org");
        host.cookie = JSON.parse(user("session ana@example.org --json")).cookie;
    }
});

test("the look from all sides finds nothing against it, and is kept", { skip: why }, async () => {
    const looked = await stage("verify", "--json");
    const { probes, target } = JSON.parse(looked.stdout);
    assert.equal(target, "staging");
    const failed = probes.filter(({ result }) => result === "failed").map(({ name }) => name);
    assert.deepEqual(
        failed,
        fleet.hosts.map(({ address }) => `${address}: backup`),
        looked.stdout,
    );
    assert.match(looked.stderr, /backup: none was made/);
    const passed = new Set(probes.filter(({ result }) => result === "passed").map(({ name }) => name));
    const [{ address }] = fleet.hosts;
    for (const name of [
        "health",
        "version",
        "headers",
        "sign-in: e-mail code",
        "materials",
        "upload",
        "chat",
    ])
        assert.ok(passed.has(`${address}: ${name}`), name);
    assert.equal(readdirSync(fleet.at("operator", "verifications")).length, 1);
    // One that says it is another is not left in service.
    const other = releases.script();
    const done = await stage("deploy", other.archive, "--json", "--no-backup");
    assert.equal(done.code, 1, done.stderr);
    assert.match(JSON.parse(done.stdout).reason, /version: .* is served, and .* was deployed/);
    assert.deepEqual(await kept(), [first.name, first.name]);
});

test("a release comes into service on both hosts, and back, while people go on", { skip: why }, async () => {
    const next = releases.script();
    await unnoticed(() => deployed(next));
    await unnoticed(async () => {
        const asked = await stage("rollback", "--dry-run");
        assert.match(asked.stderr, /Code only/);
        const back = await stage("rollback");
        assert.equal(back.code, 0, back.stderr);
        assert.deepEqual(await kept(), [first.name, first.name]);
    });
    const steps = (await stage("deploy", "history", "--json")).stdout.trim().split("\n").map(JSON.parse);
    assert.ok(steps.some(({ step, result }) => step === "host" && result === "done"));
    assert.ok(steps.every(({ who, deployment }) => who && deployment));
});

test("what fails on the second host is undone on the first", { skip: why }, async () => {
    fleet.ssh(fleet.hosts[1], "touch /srv/bad");
    const bad = releases.script('[ "$1" = user ] && [ -e /srv/bad ] && exit 1');
    await unnoticed(() => refused(bad, "host", /10\.77\.0\.12: smoke test failed/));
    fleet.ssh(fleet.hosts[1], "rm /srv/bad");
});

test("hosts refuse what their key did not sign, and nothing changes", { skip: why }, async () => {
    const others = new Releases(fleet.at("foreign"));
    others.made = 500; // no name of ours
    await refused(others.script(), "install", /key/);
});

test("a lock keeps others out, and says who holds it and why", { skip: why }, async () => {
    const next = releases.script();
    assert.equal((await stage("deploy", "lock", "--reason", "exams", "--owner", "the office")).code, 0);
    await refused(next, "check", /keeps releases as they are until .*exams/);
    assert.equal((await stage("deploy", "unlock")).code, 0);
    await deployed(next);
});

test("hooks run before and after, and a failing one stops it", { skip: why }, async () => {
    const log = fleet.at("hooks");
    describe(`[stages.staging.hooks]
before-deploy = 'echo "before $BRAINBYTES_RELEASE" >>${log}'
after-host = 'echo "after $BRAINBYTES_HOST" >>${log}'
before-verify = "true"
`);
    const next = releases.script();
    await deployed(next);
    const lines = readFileSync(log, "utf8").trim().split("\n");
    assert.deepEqual(lines, [`before ${next.name}`, ...fleet.hosts.map(({ address }) => `after ${address}`)]);
    describe('[stages.staging.hooks]\nbefore-install = "echo no >&2; exit 3"\n');
    await refused(releases.script(), "install", /no/);
    describe();
});

test("when who deploys is killed, the hosts go on with what they had", { skip: why }, async () => {
    const had = await kept();
    describe("drain = 5");
    writeFileSync(
        fleet.at("brainbytes.toml"),
        readFileSync(fleet.at("brainbytes.toml"), "utf8").replace("bake = 1", "bake = 60"),
    );
    const running = deploy(releases.script());
    const [host] = fleet.hosts;
    const status = () => JSON.parse(fleet.ssh(host, `BRAINBYTES_DATA=${data} brainbytes deploy status`));
    for (const deadline = Date.now() + 60_000; !status().trial; await pause(200))
        assert.ok(Date.now() < deadline);
    fleet.last.kill("SIGKILL");
    await running;
    for (const deadline = Date.now() + 30_000; status().trial; await pause(200))
        assert.ok(Date.now() < deadline);
    describe();
    assert.deepEqual(await kept(), had);
    // Its lock is left, and says so.
    const next = releases.script();
    await refused(next, "check", /a deployment of/);
    assert.equal((await stage("deploy", "unlock")).code, 0);
    await deployed(next);
});
