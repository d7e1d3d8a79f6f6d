// The program behind aws_cli.mjs: FILE SERVICE VERB --output json --cli-input-json INPUT
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { balancer, base } from "./aws_cli.mjs";

const [file, service, verb, , , , input] = process.argv.slice(2);
const state = JSON.parse(readFileSync(file, "utf8"));
const given = JSON.parse(input);

function refuse(kind) {
    writeFileSync(file, JSON.stringify(state));
    console.error(`An error occurred (${kind}) when calling ${verb}`);
    process.exit(254);
}

const revision = (arn) => state.definitions[(arn.split(":").pop() | 0 || state.definitions.length) - 1];

/** A task, to its end: what was told of it, or the program with a data folder of its own. */
function run(command) {
    const words = command.join(" ");
    const told = Object.entries(state.tasks).find(([name]) => words.startsWith(name));
    if (told?.[1].hangs) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30_000);
        process.exit(1);
    }
    if (told) return told[1];
    const data = mkdtempSync(path.join(state.folder, "tasks/"));
    chmodSync(data, 0o777);
    const env = { ...state.env, BRAINBYTES_DATA: path.join(data, "data") };
    const done = spawnSync(state.program, command, { env, cwd: data, encoding: "utf8", timeout: 120_000 });
    const lines = (done.stderr + done.stdout).split("\n").filter(Boolean);
    return { code: done.status, lines };
}

function measured({ MetricDataQueries, StartTime }) {
    const values = state.traffic[state.serves] ?? state.traffic.all ?? {};
    return MetricDataQueries.map(({ Id }) => {
        const value = values[Id];
        return {
            Id,
            Timestamps: value === undefined ? [] : [StartTime],
            Values: value === undefined ? [] : [value],
        };
    });
}

const answers = {
    "ecs describe-services": () => {
        const deployments = [{ taskDefinition: state.serves, status: "PRIMARY", rolloutState: "COMPLETED" }];
        const targetGroupArn = `${balancer}:targetgroup/brainbytes-staging/1`;
        const loadBalancers = [{ targetGroupArn }];
        const one = { status: "ACTIVE", taskDefinition: state.serves, platformVersion: "1.4.0" };
        return {
            services: [
                { ...one, networkConfiguration: { awsvpcConfiguration: {} }, deployments, loadBalancers },
            ],
        };
    },
    "ecs describe-task-definition": () => ({ taskDefinition: revision(given.taskDefinition) }),
    "ecr describe-images": () => ({
        imageDetails: [{ imageDigest: `sha256:${given.imageIds[0].imageTag}` }],
    }),
    "ecs register-task-definition": () => {
        state.definitions.push(given);
        return { taskDefinition: { taskDefinitionArn: `${base}:${state.definitions.length}` } };
    },
    "ecs run-task": () => {
        const { command } = given.overrides.containerOverrides[0];
        const locked = Object.values(state.parameters).length > 0;
        const serves = state.serves;
        state.ran.push({
            words: command.join(" "),
            by: given.taskDefinition,
            serves,
            locked,
            ...run(command),
        });
        return { tasks: [{ taskArn: `arn:aws:ecs:us-east-1:123456789012:task/x/${state.ran.length - 1}` }] };
    },
    "ecs describe-tasks": () => {
        const { code } = state.ran[given.tasks[0].split("/").pop()];
        return { tasks: [{ lastStatus: "STOPPED", containers: [{ name: "server", exitCode: code }] }] };
    },
    "logs get-log-events": () => {
        const { lines } = state.ran[given.logStreamName.split("/").pop()];
        const page = given.nextToken ? [] : lines;
        return { events: page.map((message) => ({ message })), nextForwardToken: "f/end" };
    },
    "ecs update-service": () => {
        // The circuit breaker takes it back at once.
        if (!state.circuit) state.serves = given.taskDefinition;
        return {};
    },
    "ssm put-parameter": () => {
        if (state.parameters[given.Name] !== undefined && !given.Overwrite) refuse("ParameterAlreadyExists");
        state.parameters[given.Name] = given.Value;
        return { Version: 1 };
    },
    "ssm get-parameter": () => {
        if (state.parameters[given.Name] === undefined) refuse("ParameterNotFound");
        return { Parameter: { Value: state.parameters[given.Name] } };
    },
    "ssm delete-parameter": () => {
        if (state.parameters[given.Name] === undefined) refuse("ParameterNotFound");
        delete state.parameters[given.Name];
        return {};
    },
    "elbv2 describe-target-groups": () => ({
        TargetGroups: [{ LoadBalancerArns: [`${balancer}:loadbalancer/app/brainbytes-staging/2`] }],
    }),
    "cloudwatch get-metric-data": () => ({ MetricDataResults: measured(given) }),
};

const call = `${service} ${verb}`;
state.calls.push({ call, input: given });
if (!answers[call] || state.denied.includes(call)) refuse("AccessDenied");
const answer = answers[call]();
writeFileSync(file, JSON.stringify(state));
console.log(JSON.stringify(answer));
