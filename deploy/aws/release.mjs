#!/usr/bin/env node
// Brings an image that was pushed into service: release.mjs STAGE TAG
// Migrates first, as a task of its own; goes back by itself when the new task does not become healthy. Prints "before" and
// "serves" with the task definitions (ARN). One step at a time, as `brainbytes deploy --target aws` takes them:
//   release.mjs STAGE --running             prints which one serves, a tab, and the tag that it was registered for
//   release.mjs STAGE --register TAG        a task definition with that image; prints its ARN
//   release.mjs STAGE --task ARN WORD...    a command of that image as a task; prints what it printed, ends as it ended
//   release.mjs STAGE --revision ARN        changes the service to it: code only
//   release.mjs STAGE --traffic FROM TO     what the balancer measured in these minutes (RFC 3339), as JSON
import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

const seconds = Number(process.env.RELEASE_POLL_SECONDS ?? 10);
const longestChange = 1800;
const longestTask = 7000;
const longestCall = 300; // it tries again by itself
const mostPages = 1000; // of a log, each up to 1 MiB

/** One call of the AWS command line, with what it answers. */
async function aws(service, verb, input) {
    const words = [service, verb, "--output", "json", "--cli-input-json", JSON.stringify(input)];
    const bounds = { maxBuffer: 1 << 24, timeout: longestCall * 1000 };
    const { stdout } = await promisify(execFile)("aws", words, bounds);
    return JSON.parse(stdout || "{}");
}

const wordsOf = (fault) => fault.stderr?.trim() || fault.message;

/** Asks until `done` gives something. */
async function until(what, longest, done) {
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

// Under this name a definition tells the tag of its image, which stands there by its digest alone.
const label = "brainbytes.release";

/** A new revision of the newest task definition, with this image. */
async function register(name, tag) {
    const { taskDefinition } = await aws("ecs", "describe-task-definition", { taskDefinition: name });
    const ids = { repositoryName: name, imageIds: [{ imageTag: tag }] };
    const [{ imageDigest }] = (await aws("ecr", "describe-images", ids)).imageDetails;
    const containers = taskDefinition.containerDefinitions;
    const image = `${containers[0].image.split(/[:@]/)[0]}@${imageDigest}`;
    const change = (one) => ({ ...one, image, dockerLabels: { ...one.dockerLabels, [label]: tag } });
    const wanted = { ...taskDefinition, containerDefinitions: containers.map(change) };
    for (const field of told) delete wanted[field];
    const made = await aws("ecs", "register-task-definition", wanted);
    return made.taskDefinition.taskDefinitionArn;
}

async function tagOf(definition) {
    const { taskDefinition } = await aws("ecs", "describe-task-definition", { taskDefinition: definition });
    return taskDefinition.containerDefinitions[0].dockerLabels?.[label] ?? "";
}

/** All lines of a log stream. The newest may come a moment after the task has ended: read until no more come. */
async function linesOf(logGroupName, logStreamName) {
    for (let known = -1, tries = 0; ; tries += 1) {
        const lines = [];
        for (let nextToken, page, pages = 0; page?.nextForwardToken !== nextToken || !page;) {
            if ((pages += 1) > mostPages) throw new Error(`the log ${logStreamName} has no end`);
            nextToken = page?.nextForwardToken;
            const from = {
                logGroupName,
                logStreamName,
                startFromHead: true,
                ...(nextToken && { nextToken }),
            };
            page = await aws("logs", "get-log-events", from);
            lines.push(...page.events.map(({ message }) => message));
        }
        if ((lines.length > 0 && lines.length === known) || tries === 10) return lines;
        known = lines.length;
        await pause(Math.min(seconds, 2) * 1000);
    }
}

/** Runs a command of an image as a task of its own: { code, lines, why }, the last of which is for who has to look. */
async function run(name, service, taskDefinition, command) {
    const started = await aws("ecs", "run-task", {
        cluster: name,
        taskDefinition,
        launchType: "FARGATE",
        platformVersion: service.platformVersion,
        networkConfiguration: service.networkConfiguration,
        overrides: { containerOverrides: [{ name: "server", command }] },
    });
    const words = `"${command.join(" ")}"`;
    if (started.failures?.length) throw new Error(`${words} did not start: ${started.failures[0].reason}`);
    const [{ taskArn }] = started.tasks;
    const ended = await until(words, longestTask, async () => {
        const { tasks } = await aws("ecs", "describe-tasks", { cluster: name, tasks: [taskArn] });
        return tasks[0].lastStatus === "STOPPED" && tasks[0];
    });
    const stream = `server/server/${taskArn.split("/").pop()}`;
    const code = ended.containers.find((one) => one.name === "server").exitCode;
    const group = `/${name.replace("-", "/")}`;
    const lines = await linesOf(group, stream).catch((fault) => [`(no log: ${wordsOf(fault)})`]);
    const end = code === undefined ? ended.stoppedReason : `exit code ${code}: ${lines.slice(-5).join(" ")}`;
    return { code, lines, why: `${words} failed, ${end} (its log: ${stream})` };
}

/** Adds to the schema what the new release needs and the running one bears. */
async function migrate(name, service, taskDefinition) {
    const { code, why } = await run(name, service, taskDefinition, ["db", "migrate", "--phase", "expand"]);
    if (code !== 0) throw new Error(`the migration failed: ${why}; nothing was changed`);
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
    await until("the new task", longestChange, async () => {
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

const metrics = {
    requests: ["RequestCount", "Sum", true],
    failed: ["HTTPCode_Target_5XX_Count", "Sum", true],
    unanswered: ["HTTPCode_ELB_5XX_Count", "Sum", false], // by the balancer itself, as no server did
    p95: ["TargetResponseTime", "p95", true],
};

/** What the balancer measured in these minutes: { requests, failed, p95 }, in seconds; its mean by requests. */
async function traffic(service, from, to) {
    const minute = 60_000;
    const [start, end] = [Math.floor(Date.parse(from) / minute), Math.ceil(Date.parse(to) / minute)];
    const [{ targetGroupArn }] = service.loadBalancers;
    const arns = { TargetGroupArns: [targetGroupArn] };
    const [{ LoadBalancerArns }] = (await aws("elbv2", "describe-target-groups", arns)).TargetGroups;
    const balancer = { Name: "LoadBalancer", Value: LoadBalancerArns[0].split(":loadbalancer/").pop() };
    const group = { Name: "TargetGroup", Value: targetGroupArn.split(":").pop() };
    const query = ([Id, [MetricName, Stat, ofGroup]]) => {
        const Dimensions = ofGroup ? [group, balancer] : [balancer];
        const Metric = { Namespace: "AWS/ApplicationELB", MetricName, Dimensions };
        return { Id, MetricStat: { Metric, Period: 60, Stat } };
    };
    const { MetricDataResults } = await aws("cloudwatch", "get-metric-data", {
        MetricDataQueries: Object.entries(metrics).map(query),
        StartTime: new Date(start * minute).toISOString(),
        EndTime: new Date(end * minute).toISOString(),
    });
    const of = Object.fromEntries(MetricDataResults.map((one) => [one.Id, one]));
    const sum = (name) => of[name].Values.reduce((all, one) => all + one, 0);
    const inMinute = new Map(of.requests.Timestamps.map((at, place) => [at, of.requests.Values[place]]));
    const weights = of.p95.Timestamps.map((at) => inMinute.get(at) ?? 0);
    const weight = weights.reduce((all, one) => all + one, 0);
    const weighted = of.p95.Values.reduce((all, one, place) => all + one * weights[place], 0);
    const lost = sum("unanswered");
    return {
        requests: sum("requests") + lost,
        failed: sum("failed") + lost,
        p95: weight > 0 ? weighted / weight : 0,
    };
}

/** One step, as `brainbytes deploy --target aws` takes it. */
const steps = {
    "--running": async (name, { taskDefinition }) => `${taskDefinition}\t${await tagOf(taskDefinition)}`,
    "--register": (name, service, [tag]) => register(name, tag),
    "--revision": async (name, service, [revision]) => {
        await change(name, revision);
        return `serves\t${revision}`;
    },
    "--traffic": async (name, service, [from, to]) => JSON.stringify(await traffic(service, from, to)),
    "--task": async (name, service, [definition, ...command]) => {
        // Whoever reads this takes a long silence for an end.
        const alive = setInterval(() => process.stdout.write("\n"), 60_000);
        const { code, lines, why } = await run(name, service, definition, command).finally(() =>
            clearInterval(alive),
        );
        if (code !== 0) {
            console.error(`release: ${why}`);
            process.exitCode = 1;
        }
        return lines.join("\n");
    },
};
const wants = { "--register": 1, "--revision": 1, "--traffic": 2, "--task": 2 };

async function main([stage, tag, ...words]) {
    if (!/^(staging|production)$/.test(stage ?? "") || !tag || words.length < (wants[tag] ?? 0))
        throw new Error("usage: release.mjs STAGE TAG, or a step of it as its first lines say");
    const name = `brainbytes-${stage}`;
    const service = await serviceOf(name);
    if (steps[tag]) return console.log(await steps[tag](name, service, words));
    console.log(`before\t${service.taskDefinition}`);
    const taskDefinition = await register(name, tag);
    console.log(`migrate\t${taskDefinition.split("/").pop()}`);
    await migrate(name, service, taskDefinition);
    console.log("switch");
    await change(name, taskDefinition);
    console.log(`serves\t${taskDefinition}`);
}

main(process.argv.slice(2)).catch((fault) => {
    console.error(`release: ${wordsOf(fault)}`);
    process.exitCode = 1;
});
