// deploy/aws/release.mjs before a stand-in for the AWS command line, which notes each call and answers what the test
// says: moto runs no tasks, so that no migration would end and no service change there. aws_deploy.test.mjs has the whole.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { programEnvironment, root, temporaryFolder } from "../support/server.mjs";

const standIn = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const [service, verb, , , , input] = process.argv.slice(2);
const folder = require("node:path").dirname(__filename);
appendFileSync(folder + "/calls", JSON.stringify({ call: service + " " + verb, input: JSON.parse(input) }) + "\\n");
const answer = JSON.parse(readFileSync(folder + "/answers.json", "utf8"))[service + " " + verb];
if (answer === undefined) { console.error("An error occurred (AccessDenied)"); process.exit(254); }
console.log(JSON.stringify(input.includes("nextToken") ? { ...answer, events: [] } : answer));
`;

const newArn = "arn:aws:ecs:us-east-1:123456789012:task-definition/brainbytes-production:8";
const network = { awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"] } };
const deployment = { taskDefinition: newArn, status: "PRIMARY", rolloutState: "COMPLETED" };
const service = {
    status: "ACTIVE",
    taskDefinition: newArn,
    platformVersion: "1.4.0",
    networkConfiguration: network,
    deployments: [deployment],
};
const server = {
    name: "server",
    image: "repository/brainbytes-production:first",
    command: ["serve"],
    user: "10001",
};
const definition = {
    taskDefinitionArn: newArn.replace(/8$/, "7"),
    family: "brainbytes-production",
    revision: 7,
    status: "ACTIVE",
    requiresAttributes: [],
    compatibilities: ["FARGATE"],
    registeredAt: 1,
    registeredBy: "arn:aws:iam::123456789012:root",
    cpu: "2048",
    containerDefinitions: [{ ...server, name: "data" }, server],
};
const stopped = (exitCode) => ({
    tasks: [
        {
            lastStatus: "STOPPED",
            containers: [
                { name: "data", exitCode: 0 },
                { name: "server", exitCode },
            ],
        },
    ],
});
const good = {
    "ecs describe-services": { services: [service] },
    "ecs describe-task-definition": { taskDefinition: definition },
    "ecr describe-images": { imageDetails: [{ imageDigest: "sha256:abc" }] },
    "ecs register-task-definition": { taskDefinition: { taskDefinitionArn: newArn } },
    "ecs run-task": {
        tasks: [{ taskArn: "arn:aws:ecs:us-east-1:123456789012:task/brainbytes-production/77" }],
    },
    "ecs describe-tasks": stopped(0),
    "ecs update-service": {},
    "logs get-log-events": { events: [{ message: "one" }, { message: "two" }], nextForwardToken: "f/1" },
};

/** What the release says, and which calls it made. */
function release(answers, ...words) {
    const folder = temporaryFolder("bb-release");
    try {
        writeFileSync(path.join(folder, "aws"), standIn);
        chmodSync(path.join(folder, "aws"), 0o755);
        writeFileSync(path.join(folder, "answers.json"), JSON.stringify(answers));
        writeFileSync(path.join(folder, "calls"), "");
        const env = programEnvironment({ PATH: `${folder}:${process.env.PATH}`, RELEASE_POLL_SECONDS: 0 });
        const script = path.join(root, "deploy/aws/release.mjs");
        const done = spawnSync(process.execPath, [script, ...words], {
            env,
            encoding: "utf8",
            timeout: 60_000,
        });
        const calls = readFileSync(path.join(folder, "calls"), "utf8")
            .split("\n")
            .filter(Boolean)
            .map(JSON.parse);
        return { ...done, calls, call: (name) => calls.find(({ call }) => call === name)?.input };
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

test("a release is registered by its digest, migrates, and then serves", () => {
    const done = release(good, "production", "v2");
    assert.equal(done.status, 0, done.stderr);
    const { containerDefinitions, ...rest } = done.call("ecs register-task-definition");
    assert.deepEqual(rest, { family: "brainbytes-production", cpu: "2048" });
    const image = "repository/brainbytes-production@sha256:abc";
    const dockerLabels = { "brainbytes.release": "v2" };
    assert.deepEqual(containerDefinitions, [
        { ...server, name: "data", image, dockerLabels },
        { ...server, image, dockerLabels },
    ]);
    const run = done.call("ecs run-task");
    assert.equal(run.taskDefinition, newArn);
    assert.deepEqual(run.networkConfiguration, network);
    const [override] = run.overrides.containerOverrides;
    assert.deepEqual(override, { name: "server", command: ["db", "migrate", "--phase", "expand"] });
    const order = done.calls.map(({ call }) => call);
    assert.ok(order.indexOf("ecs update-service") > order.indexOf("ecs describe-tasks"));
    assert.equal(done.call("ecs update-service").taskDefinition, newArn);
});

test("a migration that fails leaves the service alone", () => {
    for (const [name, answer] of [
        ["ecs describe-tasks", stopped(1)],
        ["ecs run-task", { tasks: [], failures: [{ reason: "RESOURCE:CPU" }] }],
    ]) {
        const done = release({ ...good, [name]: answer }, "production", "v2");
        assert.equal(done.status, 1);
        assert.match(done.stderr, /db migrate/);
        assert.equal(done.call("ecs update-service"), undefined);
    }
});

test("a task that does not become healthy is a failure", () => {
    const failed = { ...deployment, rolloutState: "FAILED", rolloutStateReason: "circuit breaker" };
    const former = { ...deployment, taskDefinition: definition.taskDefinitionArn };
    for (const deployments of [[failed], [former]]) {
        const answers = { ...good, "ecs describe-services": { services: [{ ...service, deployments }] } };
        const done = release(answers, "production", "v2");
        assert.equal(done.status, 1);
        assert.match(done.stderr, /did not become healthy/);
    }
});

test("what serves is told, and comes back without a migration", () => {
    assert.equal(release(good, "production", "--running").stdout, `${newArn}\t\n`);
    const labels = { dockerLabels: { "brainbytes.release": "v7" } };
    const labelled = { ...definition, containerDefinitions: [{ ...server, ...labels }] };
    const told = { ...good, "ecs describe-task-definition": { taskDefinition: labelled } };
    assert.equal(release(told, "production", "--running").stdout, `${newArn}\tv7\n`);
    const back = release(good, "production", "--revision", newArn);
    assert.equal(back.status, 0, back.stderr);
    assert.equal(back.call("ecs update-service").taskDefinition, newArn);
    assert.equal(back.call("ecs run-task"), undefined);
});

test("a command runs as a task, and what it printed and how it ended are told", () => {
    const done = release(good, "production", "--task", newArn, "db", "status");
    assert.deepEqual([done.status, done.stdout], [0, "one\ntwo\n"], done.stderr);
    const run = done.call("ecs run-task");
    assert.deepEqual(
        [run.taskDefinition, run.overrides.containerOverrides[0].command],
        [newArn, ["db", "status"]],
    );
    const from = done.call("logs get-log-events");
    assert.deepEqual([from.logGroupName, from.logStreamName], ["/brainbytes/production", "server/server/77"]);
    assert.equal(done.call("ecs update-service"), undefined);
    const bad = release(
        { ...good, "ecs describe-tasks": stopped(3) },
        "production",
        "--task",
        newArn,
        "verify",
    );
    assert.deepEqual([bad.status, bad.stdout], [1, "one\ntwo\n"]);
    assert.match(bad.stderr, /"verify" failed, exit code 3: one two \(its log: server\/server\/77\)/);
    const never = {
        tasks: [
            { lastStatus: "STOPPED", stoppedReason: "CannotPullContainer", containers: [{ name: "server" }] },
        ],
    };
    const unseen = release(
        { ...good, "ecs describe-tasks": never },
        "production",
        "--task",
        newArn,
        "verify",
    );
    assert.match(unseen.stderr, /"verify" failed, CannotPullContainer/);
    // A task that went well is none that failed because its log cannot be read.
    const { "logs get-log-events": gone, ...without } = good;
    assert.ok(gone);
    assert.equal(release(without, "production", "v2").status, 0);
});

test("what the balancer measured is added up by minutes", () => {
    const balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012";
    const loadBalancers = [{ targetGroupArn: `${balancer}:targetgroup/brainbytes-production/1` }];
    const series = (Id, ...Values) => ({ Id, Timestamps: ["t1", "t2"].slice(0, Values.length), Values });
    const answers = {
        ...good,
        "ecs describe-services": { services: [{ ...service, loadBalancers }] },
        "elbv2 describe-target-groups": {
            TargetGroups: [{ LoadBalancerArns: [`${balancer}:loadbalancer/app/brainbytes-production/2`] }],
        },
        "cloudwatch get-metric-data": {
            MetricDataResults: [
                series("requests", 30, 10),
                series("failed", 2),
                series("unanswered", 1),
                series("p95", 0.1, 0.5),
            ],
        },
    };
    const ask = (...between) => release(answers, "production", "--traffic", ...between);
    const done = ask("2026-01-01T00:00:30Z", "2026-01-01T00:05:10Z");
    assert.deepEqual(JSON.parse(done.stdout), { requests: 41, failed: 3, p95: 0.2 }, done.stderr);
    const asked = done.call("cloudwatch get-metric-data");
    assert.deepEqual(
        [asked.StartTime, asked.EndTime],
        ["2026-01-01T00:00:00.000Z", "2026-01-01T00:06:00.000Z"],
    );
    assert.deepEqual(asked.MetricDataQueries[0].MetricStat.Metric.Dimensions, [
        { Name: "TargetGroup", Value: "targetgroup/brainbytes-production/1" },
        { Name: "LoadBalancer", Value: "app/brainbytes-production/2" },
    ]);
});

test("what is wrong is said, and nothing is changed", () => {
    assert.match(release(good, "prod", "v2").stderr, /usage/);
    assert.match(release(good, "production").stderr, /usage/);
    for (const step of ["--register", "--revision", "--traffic", "--task"])
        assert.match(release(good, "production", step).stderr, /usage/);
    assert.match(release({}, "production", "v2").stderr, /AccessDenied/);
    const none = release({ ...good, "ecs describe-services": { services: [] } }, "production", "v2");
    assert.match(none.stderr, /no service/);
    assert.equal(none.call("ecs register-task-definition"), undefined);
});
