// The workflows of .github: valid, with few rights, and calling nothing that is not there. Each rule is also shown to
// find what breaks it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { validateWorkflow } from "@action-validator/core";
import { load } from "js-yaml";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const folder = path.join(root, ".github/workflows");
const files = readdirSync(folder).filter((name) => name.endsWith(".yml"));
const textOf = (name) => readFileSync(path.join(folder, name), "utf8");
const read = (relative) => readFileSync(path.join(root, relative), "utf8");
const workflows = Object.fromEntries(files.map((name) => [name, load(textOf(name))]));
const npmScripts = JSON.parse(read("package.json")).scripts;
const makefile = read("Makefile");
const pipeline = read("scripts/pipeline");

function isProgram(file) {
    try {
        accessSync(path.join(root, file), constants.X_OK);
        return true;
    } catch {
        return false;
    }
}

/** What a script of a step calls that is not there. */
function missing(script) {
    const found = [];
    for (const [, target] of script.matchAll(/(?:^|[;&|]\s*)make ([a-z-]+)/gm))
        if (!new RegExp(`^${target}:`, "m").test(makefile)) found.push(`make ${target}`);
    for (const [, name] of script.matchAll(/\bnpm run ([\w:-]+)/g))
        if (!npmScripts[name]) found.push(`npm run ${name}`);
    for (const [file] of script.matchAll(/(?:scripts|\.ci|bin)\/[\w.-]+/g))
        if (!file.startsWith("bin/") && !isProgram(file)) found.push(file);
    for (const [, step] of script.matchAll(/scripts\/pipeline ([a-z]+)/g))
        if (!pipeline.includes(`\n${step}() {\n`)) found.push(`scripts/pipeline ${step}`);
    return found;
}

/** What is wrong with a workflow: a list of sentences. */
function faults(workflow) {
    const found = [];
    if (JSON.stringify(workflow.permissions) !== "{}") found.push("rights are not taken away for all jobs");
    for (const [name, job] of Object.entries(workflow.jobs)) {
        const say = (text) => found.push(`${name}: ${text}`);
        if (!job.permissions || typeof job.permissions !== "object") say("no permissions of its own");
        if (!job.uses && !(job["timeout-minutes"] > 0)) say("no timeout");
        if (job.uses && !existsSync(path.join(root, job.uses))) say(`no file ${job.uses}`);
        for (const step of job.steps ?? []) {
            if (!step.name) say("a step without a name");
            if (step.uses && !/^[\w-]+\/[\w-]+@(v\d+(\.\d+)*|[0-9a-f]{40})$/.test(step.uses))
                say(`${step.uses} is not pinned`);
            // What a person, a branch or a secret holds would be part of the script. By `env` it stays a value.
            if (/\$\{\{/.test(step.run ?? "")) say(`an expression in the script of "${step.name}"`);
            for (const thing of missing(step.run ?? "")) say(`there is no ${thing}`);
            // The token would lie in the clone's settings, for every program that a later step runs.
            const writes =
                Object.values(job.permissions ?? {}).includes("write") &&
                job.permissions.contents === "write";
            if (
                /^actions\/checkout@/.test(step.uses) &&
                !writes &&
                step.with?.["persist-credentials"] !== false
            )
                say("the checkout keeps its token");
        }
    }
    return found;
}

test("the plan's workflows are there", () => {
    for (const name of ["test.yml", "deploy.yml", "dependency-update.yml", "security-scan.yml"])
        assert.ok(workflows[name], name);
});

for (const name of files) {
    test(`${name} is a valid workflow`, () => {
        const { errors } = validateWorkflow(textOf(name));
        assert.deepEqual(errors, []);
    });

    test(`${name} has few rights, an end, pinned actions, and calls what is there`, () =>
        assert.deepEqual(faults(workflows[name]), []));
}

test("the validator finds a key that does not exist", () => {
    const { errors } = validateWorkflow(textOf("test.yml").replace("runs-on:", "runs-upon:"));
    assert.ok(errors.length > 0);
});

for (const [what, from, to, fault] of [
    [
        "rights for all jobs",
        "permissions: {}",
        "permissions: { contents: write }",
        "rights are not taken away",
    ],
    ["no rights of its own", "    permissions:\n      contents: read\n", "", "test: no permissions"],
    ["no timeout", "    timeout-minutes: 90\n", "", "test: no timeout"],
    ["an action on a branch", "checkout@v5", "checkout@main", "test: actions/checkout@main is not pinned"],
    ["an action without a version", "checkout@v5", "checkout", "test: actions/checkout is not pinned"],
    [
        "a title in a script",
        ".ci/run\n",
        'echo "${{ github.event.pull_request.title }}"\n',
        "test: an expression in",
    ],
    ["a script that is gone", ".ci/run\n", "scripts/no-such\n", "test: there is no scripts/no-such"],
    ["a target that is gone", ".ci/run\n", "make hay\n", "test: there is no make hay"],
    ["a script of npm that is gone", ".ci/run\n", "npm run fly\n", "test: there is no npm run fly"],
    [
        "a step of ours that is gone",
        ".ci/run\n",
        "scripts/pipeline fly\n",
        "test: there is no scripts/pipeline fly",
    ],
    ["a token left behind", "        with: { persist-credentials: false }\n", "", "test: the checkout keeps"],
])
    test(`${what} would be found`, () => {
        const changed = textOf("test.yml").replace(from, to);
        assert.notEqual(changed, textOf("test.yml"));
        assert.ok(
            faults(load(changed)).some((one) => one.startsWith(fault)),
            faults(load(changed)).join("\n"),
        );
    });

test("the steps of a deployment are the plan's, in order", () => {
    const { deploy, notify } = workflows["deploy-stage.yml"].jobs;
    const names = [workflows["deploy.yml"].jobs.check, deploy, notify]
        .flatMap((job) => job.steps)
        .map((step) => step.name);
    const plan = ["Checkout code", "Install dependencies", "Run tests", "Run linting", "Build application"];
    plan.push("Configure AWS credentials", "Deploy", "Verify deployment", "Notify team");
    const places = plan.map((name) => names.indexOf(name));
    assert.ok(!places.includes(-1), names.join(", "));
    assert.deepEqual(
        places,
        [...places].sort((a, b) => a - b),
    );
});

test("the team is told however a deployment ended, and whether it hears changes nothing", () => {
    const { notify } = workflows["deploy-stage.yml"].jobs;
    assert.deepEqual([notify.needs, notify.if, notify["continue-on-error"]], ["deploy", "always()", true]);
    assert.equal(notify.environment, undefined);
    assert.equal(notify.steps.at(-1).env.STATUS, "${{ needs.deploy.result }}");
});

test("what waits for nobody's word: secrets are read in the deployment of a stage alone", () => {
    const readers = files.filter((name) => /\$\{\{ *secrets\./.test(textOf(name)));
    assert.deepEqual(readers, ["deploy-stage.yml"]);
    const { deploy, notify } = workflows["deploy-stage.yml"].jobs;
    assert.equal(deploy.environment, "${{ inputs.stage }}");
    assert.deepEqual(JSON.stringify(notify).match(/secrets\.\w+/g), ["secrets.NOTIFY_WEBHOOK"]);
    assert.deepEqual(workflows["deploy.yml"].on.workflow_dispatch.inputs.stage.options, [
        "staging",
        "production",
    ]);
});

test("schedules are the plan's", () => {
    assert.deepEqual(workflows["dependency-update.yml"].on.schedule, [{ cron: "0 2 * * 1" }]);
    assert.deepEqual(workflows["security-scan.yml"].on.schedule, [{ cron: "0 3 * * *" }]);
});

test("the branch protection asks for a job that test.yml has", () => {
    const rules = JSON.parse(read(".github/branch-protection.json"));
    const jobs = Object.entries(workflows["test.yml"].jobs).map(([id, job]) => job.name ?? id);
    assert.ok(rules.required_status_checks.checks.length > 0);
    for (const { context } of rules.required_status_checks.checks) assert.ok(jobs.includes(context), context);
});

test("the document names every secret and variable that the workflows read, and no other", () => {
    const text = read("docs/pipelines.md");
    const used = new Set();
    for (const name of files)
        for (const [, kind, key] of textOf(name).matchAll(/\b(secrets|vars)\.([A-Z_]+)/g))
            used.add(`${kind} ${key}`);
    const told = new Set(
        [...text.matchAll(/^\| `([A-Z_]+)` \| (secret|variable) /gm)].map(
            ([, key, kind]) => `${kind === "secret" ? "secrets" : "vars"} ${key}`,
        ),
    );
    assert.deepEqual([...told].sort(), [...used].sort());
});

test("scripts of the pipelines have no fault that shellcheck knows", (t) => {
    if (spawnSync("shellcheck", ["--version"]).status !== 0) return t.skip("shellcheck is not installed");
    const scripts = ["pipeline", "scan-deploy", "image-root"];
    scripts.push("update-packages", "propose-update", "load-test");
    const done = spawnSync(
        "shellcheck",
        scripts.map((name) => `scripts/${name}`),
        { cwd: root, encoding: "utf8" },
    );
    assert.equal(done.status, 0, done.stdout);
});
