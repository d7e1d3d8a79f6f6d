#!/usr/bin/env node
// Brings an image that was pushed into service: release.mjs STAGE TAG
// Migrates first, as a task of its own; goes back by itself when the new task does not become healthy. Prints "before" and
// "serves" with the task definitions (ARN).
//   release.mjs STAGE --running         prints which one serves
//   release.mjs STAGE --revision ARN    goes back to one that served before: code only
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const seconds = Number(process.env.RELEASE_POLL_SECONDS ?? 10);
const longest = 1800;

/** One call of the AWS command line, with what it answers. */
async function aws(service, verb, input) {
    const words = [service, verb, "--output", "json", "--cli-input-json", JSON.stringify(input)];
    const { stdout } = await promisify(execFile)("aws", words, { maxBuffer: 1 << 24 });
    return JSON.parse(stdout || "{}");
}

/** Asks until `done` gives something. */
async function until(what, done) {
    for (let waited = 0; waited < longest; waited += seconds || 1) {
        const answer = await done();
        if (answer) return answer;
        await pause(seconds * 1000);
    }
    throw new Error(`${what} took longer than ${longest} seconds`);
}

// What describes a task definition, and must not be said when one is registered.
const told = ["taskDefinitionArn", "revision", "status", "requiresAttributes", "compatibilities"];
told.push("registeredAt", "registeredBy", "deregisteredAt");

/** A new revision of the newest task definition, with this image. */
async function register(name, tag) {
    const { taskDefinition } = await aws("ecs", "describe-task-definition", { taskDefinition: name });
    const ids = { repositoryName: name, imageIds: [{ imageTag: tag }] };
    const [{ imageDigest }] = (await aws("ecr", "describe-images", ids)).imageDetails;
    const containers = taskDefinition.containerDefinitions;
    const image = `${containers[0].image.split(/[:@]/)[0]}@${imageDigest}`;
    const wanted = { ...taskDefinition, containerDefinitions: containers.map((one) => ({ ...one, image })) };
    for (const field of told) delete wanted[field];
    const made = await aws("ecs", "register-task-definition", wanted);
    return made.taskDefinition.taskDefinitionArn;
}

/** Adds to the schema what the new release needs and the running one bears. */
async function migrate(name, service, taskDefinition) {
    const command = ["db", "migrate", "--phase", "expand"];
    const started = await aws("ecs", "run-task", {
        cluster: name,
        taskDefinition,
        launchType: "FARGATE",
        platformVersion: service.platformVersion,
        networkConfiguration: service.networkConfiguration,
        overrides: { containerOverrides: [{ name: "server", command }] },
    });
    if (started.failures?.length)
        throw new Error(`the migration did not start: ${started.failures[0].reason}`);
    const [{ taskArn }] = started.tasks;
    const ended = await until("the migration", async () => {
        const { tasks } = await aws("ecs", "describe-tasks", { cluster: name, tasks: [taskArn] });
        return tasks[0].lastStatus === "STOPPED" && tasks[0];
    });
    if (ended.containers.find((one) => one.name === "server").exitCode !== 0)
        throw new Error(
            `the migration failed (its log: server/server/${taskArn.split("/").pop()}); nothing was changed`,
        );
}

async function serviceOf(name) {
    const { services } = await aws("ecs", "describe-services", { cluster: name, services: [name] });
    if (services?.[0]?.status !== "ACTIVE") throw new Error(`there is no service ${name}`);
    return services[0];
}

/** Changes to the task definition, and sees whether it stays. */
async function change(name, taskDefinition) {
    await aws("ecs", "update-service", { cluster: name, service: name, taskDefinition });
    let unseen = 0;
    await until("the new task", async () => {
        const { deployments } = await serviceOf(name);
        const ours = deployments.find((one) => one.taskDefinition === taskDefinition);
        // For a moment after the change it may not be told yet; later it is gone because it was taken back.
        if (!ours && (unseen += 1) <= 3) return false;
        if (!ours || ours.rolloutState === "FAILED")
            throw new Error(
                `the new task did not become healthy: ${ours?.rolloutStateReason ?? "the former one runs"}`,
            );
        return ours.status === "PRIMARY" && ours.rolloutState === "COMPLETED";
    });
}

async function main([stage, tag, revision]) {
    if (!/^(staging|production)$/.test(stage ?? "") || !tag)
        throw new Error("usage: release.mjs STAGE TAG | --running | --revision ARN");
    const name = `brainbytes-${stage}`;
    const service = await serviceOf(name);
    if (tag === "--running") return console.log(service.taskDefinition);
    if (tag === "--revision") {
        if (!revision) throw new Error("--revision wants the ARN of a task definition");
        await change(name, revision);
        return console.log(`serves\t${revision}`);
    }
    console.log(`before\t${service.taskDefinition}`);
    const taskDefinition = await register(name, tag);
    console.log(`migrate\t${taskDefinition.split("/").pop()}`);
    await migrate(name, service, taskDefinition);
    console.log("switch");
    await change(name, taskDefinition);
    console.log(`serves\t${taskDefinition}`);
}

main(process.argv.slice(2)).catch((fault) => {
    console.error(`release: ${fault.stderr?.trim() || fault.message}`);
    process.exitCode = 1;
});
