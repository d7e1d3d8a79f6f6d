// deploy/aws/release.mjs before a stand-in for the AWS command line, which notes each call and answers what the test
// says: moto runs no tasks, so that no migration would end and no service change there.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import https from "node:https";
import path from "node:path";
import { test } from "node:test";

import { makeCertificate } from "../support/certificates.mjs";
import { program, programEnvironment, root, startServer, temporaryFolder } from "../support/server.mjs";

const standIn = `#!${process.execPath}
const { appendFileSync, readFileSync } = require("node:fs");
const [service, verb, , , , input] = process.argv.slice(2);
const folder = require("node:path").dirname(__filename);
appendFileSync(folder + "/calls", JSON.stringify({ call: service + " " + verb, input: JSON.parse(input) }) + "\\n");
const answer = JSON.parse(readFileSync(folder + "/answers.json", "utf8"))[service + " " + verb];
if (answer === undefined) { console.error("An error occurred (AccessDenied)"); process.exit(254); }
console.log(JSON.stringify(answer));
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
    assert.deepEqual(containerDefinitions, [
        { ...server, name: "data", image },
        { ...server, image },
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
        assert.match(done.stderr, /migration/);
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
    assert.equal(release(good, "production", "--running").stdout, `${newArn}\n`);
    const back = release(good, "production", "--revision", newArn);
    assert.equal(back.status, 0, back.stderr);
    assert.equal(back.call("ecs update-service").taskDefinition, newArn);
    assert.equal(back.call("ecs run-task"), undefined);
    assert.match(release(good, "production", "--revision").stderr, /wants the ARN/);
});

test("what is wrong is said, and nothing is changed", () => {
    assert.match(release(good, "prod", "v2").stderr, /usage/);
    assert.match(release(good, "production").stderr, /usage/);
    assert.match(release({}, "production", "v2").stderr, /AccessDenied/);
    const none = release({ ...good, "ecs describe-services": { services: [] } }, "production", "v2");
    assert.match(none.stderr, /no service/);
    assert.equal(none.call("ecs register-task-definition"), undefined);
});

test("deploy --target aws looks at the domain, and goes back when it is not well", async () => {
    const folder = temporaryFolder("bb-aws");
    const { certificate, key } = makeCertificate(folder, "localhost", "DNS:localhost");
    const server = await startServer({ env: { BRAINBYTES_URL: "https://localhost" } });
    let well = true;
    const files = { cert: readFileSync(certificate), key: readFileSync(key) };
    const peer = https.createServer(files, async (request, response) => {
        const answer = await server.request(request.url, {
            headers: { accept: request.headers.accept ?? "*/*" },
        });
        response.writeHead(well ? answer.status : 500, Object.fromEntries(answer.headers)).end(answer.text);
    });
    await new Promise((resolve) => peer.listen(0, "127.0.0.1", resolve));
    const lines = ["[stages.staging]", `domain = "localhost:${peer.address().port}"`, ""];
    writeFileSync(path.join(folder, "brainbytes.toml"), lines.join("\n"));
    writeFileSync(path.join(folder, "aws"), standIn, { mode: 0o755 });
    writeFileSync(path.join(folder, "answers.json"), JSON.stringify(good));
    writeFileSync(path.join(folder, "calls"), "");
    const env = programEnvironment({
        BRAINBYTES_DATA: path.join(folder, "data"),
        SSL_CERT_FILE: certificate,
        RELEASE_POLL_SECONDS: 0,
    });
    env.PATH = `${folder}:${path.dirname(process.execPath)}:${process.env.PATH}`;
    const run = (...words) =>
        new Promise((resolve) => {
            const child = spawn(program, [...words, "--target", "aws", "--stage", "staging"], {
                env,
                cwd: folder,
            });
            let said = "";
            for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
            child.once("close", (code) => resolve({ code, said }));
        });
    try {
        const outside = await run("deploy", "v1");
        assert.deepEqual([outside.code, /Run it in a clone/.test(outside.said)], [1, true], outside.said);
        cpSync(path.join(root, "deploy/aws/release.mjs"), path.join(folder, "deploy/aws/release.mjs"));
        for (const tag of ["v1", "v2"]) {
            const done = await run("deploy", tag);
            assert.equal(done.code, 0, done.said);
            assert.match(done.said, /verify passed: health/);
        }
        well = false;
        const bad = await run("deploy", "v3");
        assert.equal(bad.code, 1);
        assert.match(bad.said, /v3 is not in service: verify failed: .*health.*; \S+:8 serves again/);
        const back = await run("rollback");
        assert.equal(back.code, 0, back.said);
        assert.match(back.said, /rollback: serves\t\S+:8/);
        const images = readFileSync(path.join(folder, "calls"), "utf8")
            .split("\n")
            .filter(Boolean)
            .map(JSON.parse)
            .filter(({ call }) => call === "ecr describe-images")
            .map(({ input }) => input.imageIds[0].imageTag);
        assert.deepEqual(images, ["v1", "v2", "v3", "v1"]);
        assert.match((await run("rollback", "--dry-run")).said, /No release was in service before/);
        well = true;
        assert.equal((await run("deploy", "v4")).code, 0);
        // Somebody else has brought another one meanwhile.
        const other = { ...service, taskDefinition: `${newArn}1` };
        writeFileSync(
            path.join(folder, "answers.json"),
            JSON.stringify({ ...good, "ecs describe-services": { services: [other] } }),
        );
        const foreign = await run("rollback");
        assert.equal(foreign.code, 1);
        assert.match(foreign.said, /:81 serves, which was not brought from here/);
    } finally {
        peer.close();
        await server.stop();
        rmSync(folder, { recursive: true, force: true });
    }
});
