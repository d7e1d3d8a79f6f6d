// A stage of two hosts, reached by ssh: the first installation, releases under load, and what goes wrong.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { data, noFleet } from "../support/fleet.mjs";
import { Releases } from "../support/releases.mjs";
import { root } from "../support/server.mjs";
import { Stage } from "../support/stage.mjs";

const why = noFleet() ?? false;
let stage, fleet, releases;
const environmentFile = `${data}/.env.staging`;

before(async () => {
    if (why) return;
    stage = new Stage(2);
    await stage.start();
    ({ fleet, releases } = stage);
});
after(() => stage?.stop());

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
    stage.describe();
});

test("bare hosts get what they need by the same command", { skip: why }, async () => {
    const without = await stage.deploy(stage.first);
    assert.match(JSON.parse(without.stdout).reason, /has no BrainBytes; name the key/);
    const plan = await stage.command("deploy", stage.first.archive, "--dry-run");
    assert.match(plan.stdout, /has nothing yet: packages, account, program, service/);
    await stage.install();
    for (const host of fleet.hosts)
        assert.match(
            fleet.ssh(host, `stat -c %U:%a ${data} ${environmentFile}`),
            /brainbytes:700\nbrainbytes:600/,
        );
});

test("the look from all sides finds nothing against it, and is kept", { skip: why }, async () => {
    const looked = await stage.command("verify", "--json");
    const { probes, target } = JSON.parse(looked.stdout);
    assert.equal(target, "staging");
    const failed = probes.filter(({ result }) => result === "failed").map(({ name }) => name);
    assert.deepEqual(
        failed,
        fleet.hosts.flatMap(({ address }) => [`${address}: alarms armed`, `${address}: backup`]),
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
    const done = await stage.command("deploy", other.archive, "--json", "--no-backup");
    assert.equal(done.code, 1, done.stderr);
    assert.match(JSON.parse(done.stdout).reason, /version: .* is served, and .* was deployed/);
    assert.deepEqual(await stage.kept(), [stage.first.name, stage.first.name]);
});

test(
    "a secret goes to every host that has a database of its own, by its standard input",
    { skip: why },
    async () => {
        const setting = stage.command("secret", "set", "METRICS_TOKEN");
        fleet.last.stdin.end("a-token-of-the-stage\n");
        const done = await setting;
        assert.equal(done.code, 0, done.stderr);
        for (const { address } of fleet.hosts)
            assert.match(done.stderr, new RegExp(`^${address}\tMETRICS_TOKEN is kept`, "m"));
        const { hosts } = JSON.parse((await stage.command("secret", "list", "--json")).stdout);
        assert.deepEqual(
            hosts.map(({ host, answer }) => [host, answer.secrets.map(({ name }) => name)]),
            fleet.hosts.map(({ address }) => [address, ["METRICS_TOKEN"]]),
        );
        const listed = await stage.command("secret", "list");
        assert.match(listed.stdout, /^10\.77\.0\.12\tMETRICS_TOKEN\t.*kept$/m);
        assert.equal((await stage.command("secret", "rotate")).code, 0);
        assert.equal((await stage.command("secret", "remove", "METRICS_TOKEN")).code, 0);
        const nothing = stage.command("secret", "set", "METRICS_TOKEN");
        fleet.last.stdin.end();
        assert.match((await nothing).stderr, /No value came on the standard input/);
        assert.ok(!existsSync(fleet.at("operator", "postgres")), "nothing here was touched");
    },
);

test("a release comes into service on both hosts, and back, while people go on", { skip: why }, async () => {
    const next = releases.script();
    await stage.unnoticed(() => stage.deployed(next));
    await stage.unnoticed(async () => {
        const hooked = fleet.at("hooked");
        stage.describe({}, `[stages.staging.hooks]\nbefore-rollback = "touch ${hooked}"\n`);
        const ledger = () => readFileSync(fleet.at("operator/stages/staging.jsonl"), "utf8");
        const written = ledger();
        const asked = await stage.command("rollback", "--dry-run");
        assert.match(asked.stderr, /Code only/);
        assert.match(asked.stdout, new RegExp(`would go back to ${stage.first.name}`));
        assert.deepEqual([existsSync(hooked), ledger()], [false, written]);
        stage.describe();
        const back = await stage.command("rollback", "--accept-data-loss", "5");
        assert.equal(back.code, 0, back.stderr);
        assert.doesNotMatch(back.stderr, /backup/, "code alone needs none");
        assert.deepEqual(await stage.kept(), [stage.first.name, stage.first.name]);
    });
    const steps = (await stage.command("deploy", "history", "--json")).stdout
        .trim()
        .split("\n")
        .map(JSON.parse);
    assert.ok(steps.some(({ step, result }) => step === "host" && result === "done"));
    assert.ok(steps.every(({ who, deployment }) => who && deployment));
});

test("what fails on the second host is undone on the first", { skip: why }, async () => {
    fleet.ssh(fleet.hosts[1], "touch /srv/bad");
    const bad = releases.script('[ "$1" = user ] && [ -e /srv/bad ] && exit 1');
    await stage.unnoticed(() => stage.refused(bad, "host", /10\.77\.0\.12: smoke test failed/));
    fleet.ssh(fleet.hosts[1], "rm /srv/bad");
});

test("hosts refuse what their key did not sign, and nothing changes", { skip: why }, async () => {
    const others = new Releases(fleet.at("foreign"));
    others.made = 500; // no name of ours
    await stage.refused(others.script(), "install", /key/);
    // Nor another archive of a name that they keep, though it is signed well.
    releases.made -= 1;
    const repacked = releases.script("# other content");
    await stage.refused(repacked, "install", /Another archive of .* is kept here, with other content/);
});

test("a lock keeps others out, and says who holds it and why", { skip: why }, async () => {
    const next = releases.script();
    assert.equal(
        (await stage.command("deploy", "lock", "--reason", "exams", "--owner", "the office")).code,
        0,
    );
    await stage.refused(next, "lock", /the office keeps releases as they are until .*exams/);
    assert.equal((await stage.command("deploy", "unlock")).code, 0);
    const { stdout } = await stage.command("deploy", "history", "--json");
    const past = stdout.trim().split("\n").map(JSON.parse);
    const traces = past.filter(({ step }) => step.endsWith("lock") && step !== "lock FAILED");
    const [taken] = traces.filter(({ detail }) => /the office keeps 2 hosts .*: exams$/.test(detail));
    assert.ok(taken?.who && taken.result === "done", JSON.stringify(traces));
    const ended = traces.filter(({ step, detail }) => step === "unlock" && / has ended$/.test(detail));
    assert.deepEqual(
        ended.map(({ detail }) => detail),
        fleet.hosts.map(({ address }) => `${address}: the lock of the office has ended`),
    );
    const there = fleet.ssh(fleet.hosts[0], `BRAINBYTES_DATA=${data} brainbytes deploy history`);
    assert.match(there, /\tunlock\t.*\t\S+@\S+ has ended the lock of the office until .*: exams\n/);
    await stage.deployed(next);
    // Who holds the lock deploys under it, and it stays.
    const held = await stage.command("deploy", "lock", "--reason", "exams", "--id", "exams-1");
    assert.match(held.stdout, /^exams-1\t/);
    await stage.deployed(releases.script(), "--lock", "exams-1");
    for (const host of fleet.hosts) assert.match(stage.at(host).lock, /exams/);
    assert.equal((await stage.command("deploy", "unlock", "--id", "exams-1")).code, 0);
});

test("hooks run before and after each step, and a failing one stops it", { skip: why }, async () => {
    const log = fleet.at("hooks");
    const here = [
        "check",
        "lock",
        "deploy",
        "install",
        "host",
        "verify",
        "rollback",
        "put-back",
        "prune",
        "unlock",
    ];
    const there = "backup migrate rest schema restore start smoke-test switch bake keep".split(" ");
    const both = (steps) => steps.flatMap((step) => [`before-${step}`, `after-${step}`]);
    stage.describe({}, '[stages.staging.hooks]\nbefore-lunch = "true"\n');
    const { code, stderr } = await fleet.command("config", "check");
    assert.equal(code, 2);
    const known = both([...here, ...there]).join(", ");
    assert.ok(stderr.includes(`"before-lunch" is no hook; these are: ${known}`), stderr);
    for (const file of ["docs/stages.md", "brainbytes.toml.example"])
        for (const step of [...here, ...there])
            assert.match(readFileSync(path.join(root, file), "utf8"), new RegExp(`\\b${step}\\b`), file);

    const line = 'echo "$0 $BRAINBYTES_HOST $BRAINBYTES_RELEASE $BRAINBYTES_STAGE" >>';
    const hooks = [
        ...both(here).map((name) => [name, `set ${name}; ${line.replace("$0", "$1")}${log}`]),
        ...both(there).map((name) => [name, `set ${name}; ${line.replace("$0", "$1")}${data}/hooks`]),
    ].map(([name, command]) => `${name} = '${command}'`);
    const described = ["[stages.staging.hooks]", ...hooks, ""].join("\n");
    stage.describe({}, described);
    const next = releases.script();
    await stage.deployed(next);
    const lines = () => readFileSync(log, "utf8").trim().split("\n");
    const all = `${next.name} staging`;
    const of = (step, host = "") => [`before-${step} ${host} ${all}`, `after-${step} ${host} ${all}`];
    const addresses = fleet.hosts.map(({ address }) => address);
    assert.deepEqual(lines(), [
        ...of("check"),
        ...of("lock"),
        of("deploy")[0],
        ...of("install"),
        ...addresses.flatMap((address) => of("host", address)),
        ...of("prune"),
        of("deploy")[1],
        ...of("unlock"),
    ]);
    for (const host of fleet.hosts) {
        const steps = ["migrate", "start", "smoke-test", "switch", "bake", "keep"];
        assert.deepEqual(
            fleet.ssh(host, `cat ${data}/hooks; rm ${data}/hooks`).trim().split("\n"),
            steps.flatMap((step) => of(step, host.address)),
        );
    }

    stage.describe({}, '[stages.staging.hooks]\nbefore-install = "echo no >&2; exit 3"\n');
    await stage.refused(releases.script(), "install", /the hook before-install failed: .*no/);
    // One on a host undoes it as any failing step does, and those of putting back stop nothing.
    const failing = '[stages.staging.hooks]\nbefore-switch = "exit 3"\nbefore-put-back = "exit 4"\n';
    stage.describe({}, failing);
    await stage.refused(releases.script(), "host", /switch failed: the hook before-switch failed/);
    // What is kept is kept.
    stage.describe({}, '[stages.staging.hooks]\nafter-keep = "exit 5"\n');
    await stage.deployed(releases.script());
    stage.describe();
    const typed = await stage.command("deploy", next.name, "--hook", "before-lunch=true");
    assert.match(typed.stderr, /"before-lunch" is no hook/);
});

test("a step that takes longer than a silence may is waited for", { skip: why }, async () => {
    await stage.deployed(releases.script('[ "$1" = db ] && sleep 17'));
});

test("options go back with the release, and those that nobody deployed stay", { skip: why }, async () => {
    const options = () => fleet.hosts.map((host) => fleet.ssh(host, `cat ${environmentFile}`));
    const had = options();
    stage.describe({}, "", { BRAINBYTES_LOG_LEVEL: "warn" });
    await stage.refused(releases.script('[ "$1" = user ] && exit 1'), "host", /smoke test failed/);
    assert.deepEqual(options(), had);
    await stage.deployed(releases.script());
    assert.match(options()[1], /^BRAINBYTES_LOG_LEVEL='warn'$/m);
    stage.describe();
    const [, second] = fleet.hosts;
    const text = fleet.ssh(
        second,
        `cat ${environmentFile}; echo BRAINBYTES_LOG_LEVEL=info >${environmentFile}`,
    );
    await stage.refused(releases.script(), "install", /\.12: .*holds options that no deployment has written/);
    assert.equal(fleet.ssh(second, `cat ${environmentFile}`), "BRAINBYTES_LOG_LEVEL=info\n");
    writeFileSync(path.join(second.folder, environmentFile), text);
});

test("what no host keeps, or what one host decides, is refused", { skip: why }, async () => {
    const none = await stage.command("deploy", "9.9.9-none", "--json");
    assert.match(JSON.parse(none.stdout).reason, /10\.77\.0\.12: keeps no release 9\.9\.9-none/);
    const limits = await stage.command("deploy", stage.first.archive, "--bake", "3");
    assert.equal(limits.code, 2);
    assert.match(limits.stderr, /brainbytes\.toml/);
});

test("a host that vanishes goes back by itself, and the others do too", { skip: why }, async () => {
    const [first, second] = fleet.hosts;
    const had = await stage.kept();
    stage.describe({ bake: 60 });
    const running = stage.deploy(releases.script());
    await stage.untilTrial(first);
    fleet.cut(first);
    await pause(20_000); // longer than either end goes on without the other
    fleet.cut(first, true);
    const done = await running;
    assert.equal(done.code, 1, done.stdout + done.stderr);
    assert.match(JSON.parse(done.stdout).reason, /10\.77\.0\.11: /);
    await stage.untilTrial(first, false, 30);
    stage.describe();
    assert.deepEqual(await stage.kept(), had);
    assert.equal(stage.at(second).serving.release, had[1]);
    await stage.command("deploy", "unlock");
    await stage.deployed(releases.script());
});

test("when who deploys is killed, the hosts go on with what they had", { skip: why }, async () => {
    const had = await stage.kept();
    stage.describe({ drain: 5, bake: 60 });
    const running = stage.deploy(releases.script());
    await stage.untilTrial(fleet.hosts[0]);
    fleet.last.kill("SIGKILL");
    await running;
    const left = (await stage.command("deploy", "history")).stdout;
    assert.match(left, /\thost\tbroken off\t.*10\.77\.0\.11/, left);
    assert.match(left, /\tdeploy\tbroken off\t/);
    await stage.untilTrial(fleet.hosts[0], false, 30);
    stage.describe();
    assert.deepEqual(await stage.kept(), had);
    const back = await stage.command("rollback");
    assert.equal(back.code, 1);
    assert.match(back.stderr, /was broken off before a host kept it/);
    assert.deepEqual(await stage.kept(), had);
    await stage.deployed(releases.script());
});

/** Has the first host keep a release, and who deploys be killed while the second tries it. */
async function brokenOff(...lines) {
    const next = releases.script(...lines);
    const [first, second] = fleet.hosts;
    stage.describe({ bake: 15 }, "", { BRAINBYTES_LOG_LEVEL: "warn" });
    const running = stage.deploy(next);
    await stage.untilTrial(second);
    assert.equal(stage.at(first).kept, next.name);
    fleet.last.kill("SIGKILL");
    await running;
    return next;
}

test("a deployment that was broken off is gone on with", { skip: why }, async () => {
    const next = await brokenOff();
    await stage.unnoticed(() => stage.deployed(next));
    const steps = (await stage.command("deploy", "history")).stdout;
    assert.match(steps, /host\tdone\t.*10\.77\.0\.11: as before: .* watched for 15 s/);
    // One that fails when it is gone on with is undone as a whole.
    const bad = await brokenOff('[ -e /srv/bad ] && [ "$1" = user ] && exit 1');
    fleet.ssh(fleet.hosts[1], "touch /srv/bad");
    const again = await stage.deploy(bad);
    fleet.ssh(fleet.hosts[1], "rm /srv/bad");
    assert.equal(again.code, 1, again.stdout + again.stderr);
    assert.match(again.stderr, /the lock there is taken over: the command that held it was killed/);
    assert.match(JSON.parse(again.stdout).reason, /10\.77\.0\.12: smoke test failed/);
    assert.deepEqual(await stage.kept(), [next.name, next.name]);
});

test("or gone back from, and hosts that never got it stay", { skip: why }, async () => {
    const options = () => fleet.hosts.map((host) => fleet.ssh(host, `cat ${environmentFile}`));
    const [had, written] = [await stage.kept(), options()];
    const next = await brokenOff();
    await stage.untilTrial(fleet.hosts[1], false, 30);
    assert.deepEqual(await stage.kept(), [next.name, had[1]]);
    const plan = await stage.command("rollback", "--dry-run");
    assert.equal(plan.code, 0, plan.stderr);
    assert.match(plan.stderr, new RegExp(`10\\.77\\.0\\.11\tgoes back from ${next.name} to ${had[0]}`));
    assert.match(plan.stderr, new RegExp(`10\\.77\\.0\\.12\t${had[1]} is there; it stays`));
    await stage.unnoticed(async () => {
        const back = await stage.command("rollback");
        assert.equal(back.code, 0, back.stderr);
    });
    assert.deepEqual(await stage.kept(), had);
    assert.deepEqual(options(), written);
    stage.describe();
});

test("the checklist asks the hosts how to go back, and has them tell people", { skip: why }, async () => {
    const { name } = releases.script();
    const boxes = async () => {
        const { stdout } = await stage.command("checklist", "pre", "--release", name, "--json");
        return Object.fromEntries(JSON.parse(stdout).boxes.map((one) => [one.box, one]));
    };
    const { rollback } = await boxes();
    assert.equal(rollback.result, "met", rollback.answer);
    const [has] = await stage.kept();
    assert.match(
        rollback.answer,
        new RegExp(
            `10\\.77\\.0\\.12 to ${has}: Code only: the database stays as it is, and ${has} runs on it`,
        ),
    );
    const words = ["stakeholders", "--release", name, "--by", "the office", "--note", "on Monday"];
    const alone = await stage.command("checklist", "sign", ...words);
    assert.match(alone.stdout, /on Monday; nobody was told: .*there is no contact/, alone.stderr);
    const environment = `BRAINBYTES_STAGE=staging BRAINBYTES_DATA=${data}`;
    fleet.ssh(
        fleet.hosts[0],
        `cd ${data} && ${environment} brainbytes user create head@example.org --role administrator`,
    );
    const told = await stage.command("checklist", "sign", ...words);
    assert.match(told.stdout, /on Monday; sent to 1 of 1: 1 by mail/, told.stderr);
    assert.match((await boxes()).stakeholders.answer, /on Monday; sent to 1 of 1/);
});
