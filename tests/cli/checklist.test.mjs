// The checklists of the deployment plan: evidence meets a box, a person signs what only a person can say, and what is
// unmet keeps a release from production.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { freePort, program, programEnvironment, root, temporaryFolder } from "../support/server.mjs";

let folder, commit, release;
const { version } = JSON.parse(execFileSync(program, ["release", "about"], { encoding: "utf8" }));

/** Programs of others that answer as theirs do, first on the PATH. */
function standIns(tools) {
    mkdirSync(path.join(folder, "tools"), { recursive: true });
    for (const [name, text] of Object.entries(tools))
        writeFileSync(path.join(folder, "tools", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

function run(...words) {
    const env = programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data") });
    env.PATH = `${path.join(folder, "tools")}:${env.PATH ?? process.env.PATH}`;
    return new Promise((resolve) =>
        execFile(program, words, { env, cwd: folder, timeout: 60_000 }, (fault, stdout, stderr) =>
            resolve({ code: fault ? fault.code : 0, stdout, stderr }),
        ),
    );
}
/** {box: {result, answer}} of a phase. */
async function boxes(phase, ...words) {
    const asked = ["checklist", phase, "--stage", "production", "--json", ...words];
    const { code, stdout, stderr } = await run(...asked);
    assert.ok(stdout, stderr);
    const report = JSON.parse(stdout);
    assert.equal(code, report.met ? 0 : 1, stderr);
    return Object.fromEntries(report.boxes.map((one) => [one.box, one]));
}
function record(name, given = {}) {
    const at = new Date().toISOString().replace(/Z$/, "000Z");
    const one = { commit, changed: false, at, result: "passed", detail: "12 passed, 0 failed", ...given };
    writeFileSync(path.join(folder, "build/evidence", `${name}.json`), JSON.stringify(one));
}

before(async () => {
    folder = temporaryFolder();
    const git = (...words) =>
        execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.org", ...words], {
            cwd: folder,
            encoding: "utf8",
        });
    mkdirSync(path.join(folder, "build/evidence"), { recursive: true });
    writeFileSync(path.join(folder, "CHANGELOG.md"), "# Changelog\n");
    git("init", "-q");
    git("add", "CHANGELOG.md");
    git("commit", "-q", "-m", "Begin");
    commit = git("rev-parse", "HEAD").trim();
    release = `${version}-${commit.slice(0, 12)}`;
    // Nobody listens there: what has to be asked of a host is unmet, at once.
    writeFileSync(
        path.join(folder, "ssh_config"),
        `Host app1\n  HostName 127.0.0.1\n  Port ${await freePort()}\n`,
    );
    writeFileSync(
        path.join(folder, "brainbytes.toml"),
        '[stages.production]\nhosts = ["app1"]\nssh_config = "ssh_config"\n',
    );
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("without evidence nothing is met but what the program finds itself", async () => {
    const found = await boxes("pre");
    assert.deepEqual(
        Object.values(found).map(({ box, result }) => `${box} ${result}`),
        [
            "review unmet",
            "tests unmet",
            "security unmet",
            "performance unmet",
            "migrations met",
            "rollback unmet",
            "stakeholders unmet",
        ],
    );
    assert.match(found.tests.answer, /no record here: make test/);
    assert.match(found.rollback.answer, /app1: .*refused/);
    assert.match(
        found.review.answer,
        new RegExp(`checklist sign review --stage production --release ${release}`),
    );
});

test("a stage that is not described is named", async () => {
    for (const words of [["deploy", "x"], ["rollback"], ["verify"], ["checklist", "pre"]]) {
        const { code, stderr } = await run(...words, "--stage", "staging");
        assert.deepEqual(
            [code, stderr],
            [1, "brainbytes: brainbytes.toml has no stage staging.\n"],
            words.join(" "),
        );
    }
});

test("a record counts for its commit, whole, passed, and not too old", async () => {
    record("tests", { commit: "1".repeat(40) });
    assert.match((await boxes("pre")).tests.answer, /the release is of [0-9a-f]{12}: make test/);
    record("tests", { changed: true });
    assert.match((await boxes("pre")).tests.answer, /files were changed that are not committed/);
    record("tests", { result: "failed", detail: "11 passed, 1 failed" });
    assert.match((await boxes("pre")).tests.answer, /11 passed, 1 failed/);
    record("tests");
    record("security", { at: "2020-01-01T00:00:00.000000Z" });
    let found = await boxes("pre");
    assert.deepEqual([found.tests.result, found.security.result], ["met", "unmet"]);
    assert.match(found.security.answer, /too old/);
    record("security", { commit: "1".repeat(40) });
    record("load-test");
    found = await boxes("pre");
    assert.deepEqual([found.security.result, found.performance.result], ["met", "met"]);
});

test("a person signs what only a person can say, and nothing else", async () => {
    const sign = (box, ...words) =>
        run(
            "checklist",
            "sign",
            box,
            "--stage",
            "production",
            "--by",
            "the office",
            "--note",
            "read",
            ...words,
        );
    assert.equal((await sign("review")).code, 0);
    const { review } = await boxes("pre");
    assert.equal(review.result, "met");
    assert.match(review.answer, /the office, .*@.*: read/);
    assert.equal((await boxes("pre", "--release", `${version}-${"2".repeat(12)}`)).review.result, "unmet");
    const tests = await sign("tests");
    assert.deepEqual([tests.code, /decided by evidence/.test(tests.stderr)], [1, true]);
    const nothing = await sign("nothing");
    assert.deepEqual([nothing.code, /is no box/.test(nothing.stderr)], [1, true]);
});

test("every box is either signed and counts it, or probed and refuses it", async () => {
    const other = `${version}-${"4".repeat(12)}`;
    const signed = [];
    for (const phase of ["setup", "pre", "during", "post"]) {
        const all = async () => boxes(phase, ...(phase === "setup" ? [] : ["--release", other]));
        const had = await all();
        for (const box of Object.keys(had)) {
            const words = ["--stage", "production", "--release", other, "--by", "the office", "--note", "so"];
            const { code, stderr } = await run("checklist", "sign", box, ...words);
            if (code === 0) signed.push(box);
            else assert.match(stderr, /is probed: it is decided by evidence, and nobody can sign it/, box);
        }
        for (const [box, { result }] of Object.entries(await all()))
            assert.equal(result, signed.includes(box) ? "met" : had[box].result, box);
    }
    assert.deepEqual(signed, ["review", "stakeholders", "team", "retrospective"]);
});

test("what was waived stands in the ledger at once, and again with the deployment that rests on it", async () => {
    const other = `${version}-${"6".repeat(12)}`;
    const waived = async () => {
        const { stdout } = await run("deploy", "history", "--stage", "production", "--json");
        const steps = stdout.trim().split("\n").map(JSON.parse);
        return steps.filter(({ step, release }) => step === "waive" && release === other);
    };
    const boxesOfPre = Object.keys(await boxes("pre")).filter(
        (box) => !["migrations", "security"].includes(box),
    );
    for (const box of boxesOfPre) {
        const words = ["--stage", "production", "--release", other, "--by", "Ana", "--note", "only a text"];
        assert.equal((await run("checklist", "waive", box, ...words)).code, 0);
    }
    const [first] = await waived();
    assert.equal(first.detail, "review=only a text");
    assert.match(first.who, /^Ana, \S+@\S+$/);
    const had = (await waived()).length;
    assert.equal(had, boxesOfPre.length);
    const gone = await run("deploy", other, "--stage", "production");
    assert.match(gone.stderr, /check FAILED: app1: .*refused/); // it was let through
    const carried = (await waived()).slice(had);
    assert.equal(carried.length, had);
    assert.match(carried[0].detail, /^review=Ana, \S+@\S+: only a text$/);
});

test("unmet boxes keep a release from production until they are waived by name and reason", async () => {
    const deploy = (...words) => run("deploy", release, "--stage", "production", ...words);
    const kept = await deploy();
    assert.equal(kept.code, 1);
    assert.match(kept.stderr, /unmet: Rollback plan documented/);
    assert.match(kept.stderr, /Production is left as it is/);
    assert.match((await deploy("--waive", "rollback")).stderr, /--waive wants BOX=REASON/);
    assert.match((await deploy("--waive", "nothing=no")).stderr, /is no box/);
    const gone = await deploy("--waive", "rollback=first installation", "--waive", "stakeholders=nobody yet");
    assert.equal(gone.code, 1);
    assert.match(gone.stderr, /check FAILED: app1: .*refused/); // it has begun
    assert.doesNotMatch(gone.stderr, /left as it is/);
    const found = await boxes("pre");
    assert.deepEqual([found.rollback.result, found.stakeholders.result], ["waived", "waived"]);
    assert.match(found.rollback.answer, /first installation/);
});

test("a dry run says what would hold it back and every step, and keeps nothing", async () => {
    const other = `${version}-${"5".repeat(12)}`;
    const words = ["deploy", other, "--stage", "production", "--dry-run", "--waive", "review=read before"];
    const had = readFileSync(path.join(folder, "data/stages/production.checks.jsonl"), "utf8");
    const { code, stdout } = await run(...words);
    assert.equal(code, 0);
    assert.match(stdout, /^box\treview\twould be waived\t/m);
    assert.match(stdout, /^box\trollback\tunmet\tapp1: .*refused/m);
    assert.match(stdout, /^blocked\tby tests, performance, rollback, stakeholders: /m);
    const steps = stdout.match(/^(check|lock|install|host|verify|prune)\t/gm).map((one) => one.trim());
    assert.deepEqual(steps, ["check", "lock", "install", "host", "verify", "prune"]);
    assert.equal(readFileSync(path.join(folder, "data/stages/production.checks.jsonl"), "utf8"), had);
});

test("during and after, the ledger and what was looked at speak", async () => {
    const during = await boxes("during");
    assert.equal(during.started.result, "met");
    assert.match(during.progress.answer, /check: app1: .*refused/);
    assert.match(during.metrics.answer, /check: app1: .*refused/);
    assert.match(during.experience.answer, /not looked at since: brainbytes verify --stage production/);
    const post = await boxes("post");
    assert.match(post.complete.answer, /refused/);
    assert.equal(post.documentation.result, "met");
    // One of the same commit was there before: nothing is written down since.
    const ledger = path.join(folder, "data/stages/production.jsonl");
    const at = "2026-01-01T00:00:00.000000Z";
    const before = { at, release: `0.0.9-${commit.slice(0, 12)}`, step: "host", result: "done" };
    writeFileSync(ledger, JSON.stringify(before) + "\n" + readFileSync(ledger, "utf8"));
    assert.match((await boxes("post")).documentation.answer, /no commit since .* changes CHANGELOG/);
    assert.equal(post.retrospective.result, "unmet");
    // What was not watched, or was put back, is nothing to be calm about.
    const steps = (...given) => {
        const lines = given.map(([step, detail]) => ({
            release,
            deployment: "d",
            step,
            detail,
            result: "done",
        }));
        const later = new Date(Date.now() + 1000).toISOString().replace(/Z$/, "000Z");
        writeFileSync(ledger, lines.map((one) => JSON.stringify({ at: later, ...one }) + "\n").join(""));
    };
    const host = (seconds) => ["host", `app1: ${release} serves after 3.0 s, watched for ${seconds} s`];
    steps(["check", ""]);
    assert.match((await boxes("during")).metrics.answer, /0 of 1 hosts have watched it/);
    steps(["check", ""], host(0));
    assert.match((await boxes("during")).metrics.answer, /it was not watched/);
    steps(["check", ""], host(120));
    assert.equal((await boxes("during")).metrics.result, "met");
    steps(["check", ""], host(120), ["put back", "app1"]);
    assert.deepEqual(
        Object.values(await boxes("during")).map(({ result }) => result),
        ["met", "unmet", "unmet", "unmet", "unmet", "unmet"],
    );
});

/** "ACTION on RESOURCE if CONDITION" that AWS was asked about. */
function simulated(asked) {
    const calls = asked.split("\n").filter((line) => line.includes("simulate-principal-policy"));
    const of = (line) => {
        const words = (option) => new RegExp(`--${option} (.*?)(?= --|$)`).exec(line)?.[1] ?? "";
        const context = /ContextKeyName=([^,]+),ContextKeyType=string,ContextKeyValues=(\S+)/.exec(line);
        const condition = context ? ` if ${context[1]} is ${context[2]}` : "";
        return words("action-names")
            .split(" ")
            .map((action) => `${action} on ${words("resource-arns") || "*"}${condition}`);
    };
    return calls.flatMap(of).sort();
}

/** The same as the role of deploy/aws is granted. */
function granted() {
    const read = (name) => readFileSync(path.join(root, "deploy/aws", name), "utf8");
    const known = {
        "var.stage": "production",
        "var.account": "123456789012",
        "var.primary_region": "us-east-1",
    };
    const filled = (text) => text.replace(/\$\{([\w.]+)\}/g, (whole, name) => known[name] ?? whole);
    for (const [, name, text] of read("locals.tf").matchAll(/^ {2}(\w+) += "(.*)"$/gm))
        known[`local.${name}`] = filled(text);
    const [, policy] = /data "aws_iam_policy_document" "release" \{\n([^]*?)\n\}\n/.exec(read("pipeline.tf"));
    const list = (text) =>
        text
            .split(",")
            .map((one) => one.trim())
            .filter(Boolean)
            .map((one) => (one.startsWith('"') ? filled(one.slice(1, -1)) : known[one]));
    return policy
        .split("statement {")
        .slice(1)
        .flatMap((one) => {
            const part = (name) => list(new RegExp(`${name} += \\[([^\\]]*)\\]`).exec(one)[1]);
            const variable = /variable = "(.*)"/.exec(one)?.[1];
            const condition = variable ? ` if ${variable} is ${part("values")[0]}` : "";
            return part("actions").flatMap((action) =>
                part("resources").map(
                    (on) => `${action} on ${on === "*" ? on : on.replace(/\*$/, "1")}${condition}`,
                ),
            );
        })
        .sort();
}

test("what there must be before the first deployment is asked of the thing itself", async () => {
    const asked = path.join(folder, "asked");
    const arn = "arn:aws:sts::123456789012:assumed-role/office/ana";
    standIns({
        aws: `echo "$@" >>${asked}
case "$1 $2" in
"--version ") echo aws-cli/2.15.0 ;;
"sts get-caller-identity") echo ${arn} ;;
"iam simulate-principal-policy") echo None ;;
"iam get-role") echo arn:aws:iam::123456789012:role/$4 ;;
"ec2 describe-regions") echo us-east-1 us-west-2 ;;
esac`,
        gh: `case "$1 $2" in
"repo view") echo https://github.com/school/tutor ;;
"api "*) printf '1\\ttest,build\\n' ;;
"workflow list") printf '.github/workflows/%s\\n' test.yml deploy.yml dependency-update.yml ;;
"secret list") printf '%s\\n' RELEASE_KEY DEPLOY_SSH_KEY DEPLOY_KNOWN_HOSTS ;;
esac`,
        docker: "echo Docker version 19.03.1",
        terraform: "echo Terraform v1.10.5",
    });
    record("lint");
    cpSync(path.join(root, "deploy/aws/versions.tf"), path.join(folder, "deploy/aws/versions.tf"));
    let found = await boxes("setup");
    const met = Object.values(found)
        .filter(({ result }) => result === "met")
        .map(({ box }) => box);
    for (const box of ["aws-account", "aws-cli", "aws-roles", "aws-regions", "aws", "node", "npm", "git"])
        assert.ok(met.includes(box), `${box}: ${found[box].answer}`);
    for (const box of ["repository", "protection", "secrets", "eslint", "prettier", "typescript"])
        assert.ok(met.includes(box), `${box}: ${found[box].answer}`);
    const role = "arn:aws:iam::123456789012:role/brainbytes-production-us-east-1-release";
    assert.equal(found["aws-roles"].answer, role);
    assert.match(readFileSync(asked, "utf8"), new RegExp(`--policy-source-arn ${role} `));
    assert.deepEqual(simulated(readFileSync(asked, "utf8")), granted());
    for (const [box, why] of [
        ["workflows", /lacks security-scan\.yml/],
        ["docker", /19\.03\.1: at least 20 is asked for/],
        ["terraform", /v1\.10\.5: at least 1\.11 is asked for/],
        ["hooks", /make hooks/],
        ["coverage", /no record here: make coverage/],
        ["domain", /brainbytes\.toml names no domain of production/],
        ["certificates", /names no domain/],
        ["cloudflare", /CLOUDFLARE_API_TOKEN/],
        ["database", /app1: .*refused/],
        ["openai", /app1: .*refused/],
        ["github-oauth", /not looked at since/],
    ]) {
        assert.equal(found[box].result, "unmet", box);
        assert.match(found[box].answer, why, box);
    }
    standIns({
        aws: `case "$*" in *simulate*office*ecs:RunTask*) echo ecs:RunTask ;;
*simulate*) ;; *get-role*) exit 254 ;; *identity*) echo ${arn} ;; *) echo us-east-1 ;; esac`,
        terraform: "echo Terraform v1.11.0",
        gh: "printf '0\\t\\n'",
    });
    found = await boxes("setup");
    const task = "arn:aws:ecs:us-east-1:123456789012:task-definition/brainbytes-production:1";
    const office = "arn:aws:iam::123456789012:role/office";
    assert.equal(found["aws-account"].answer, `${office} may not: ecs:RunTask on ${task}`);
    assert.equal(found.terraform.result, "met");
    assert.match(found["aws-regions"].answer, /lacks us-west-2/);
    assert.match(found.protection.answer, /without a review/);
    const words = ["--stage", "production", "--by", "the office", "--note", "our own machines"];
    assert.equal((await run("checklist", "waive", "aws-regions", ...words)).code, 0);
    assert.match((await run("checklist", "sign", "domain", ...words)).stderr, /decided by evidence/);
    found = await boxes("setup");
    assert.deepEqual([found["aws-regions"].result, found["aws-account"].result], ["waived", "unmet"]);
});

test("what nobody was asked is not met", async () => {
    const file = path.join(folder, "brainbytes.toml");
    const withHosts = readFileSync(file, "utf8");
    writeFileSync(file, '[stages.production]\nsecrets = ["OPENAI_API_KEY"]\n');
    try {
        const setup = await boxes("setup");
        for (const box of ["database", "openai", "github-oauth", "monitoring", "environment"])
            assert.match(setup[box].answer, /has no hosts/, box);
        const another = `${version}-${"3".repeat(12)}`; // of this one the box was waived above
        assert.match((await boxes("pre", "--release", another)).rollback.answer, /has no hosts/);
    } finally {
        writeFileSync(file, withHosts);
    }
});
