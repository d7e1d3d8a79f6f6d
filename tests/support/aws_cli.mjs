// A stand-in for the AWS command line with one service of ECS, a Parameter Store and a CloudWatch. moto runs no tasks: here
// a task is a process of the program, with a data folder of its own.
//
//   const aws = new AwsCli(folder, { env });       // folder/aws, to be first on the PATH; env: of the tasks
//   aws.tell({ tasks: { "backup create": { code: 1, lines: ["no room"] } } });   // instead of a process
//   aws.calls("ecs run-task");                     // the inputs of these calls so far
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { program } from "./server.mjs";

const base = "arn:aws:ecs:us-east-1:123456789012:task-definition/brainbytes-staging";
const balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012";

const server = { name: "server", image: "repository/brainbytes-staging:first", command: ["serve"] };
const first = { family: "brainbytes-staging", cpu: "2048", containerDefinitions: [server] };

export class AwsCli {
    constructor(folder, { env = {} } = {}) {
        this.file = path.join(folder, "aws.json");
        mkdirSync(path.join(folder, "tasks"), { recursive: true });
        const state = {
            serves: `${base}:1`,
            definitions: [first],
            parameters: {},
            tasks: {},
            ran: [],
            calls: [],
        };
        Object.assign(state, { program, env, folder, circuit: false, traffic: {}, denied: [] });
        writeFileSync(this.file, JSON.stringify(state));
        const script = path.join(folder, "aws");
        const self = fileURLToPath(import.meta.url).replace(/aws_cli\.mjs$/, "aws_cli_answers.mjs");
        writeFileSync(script, `#!/bin/sh\nexec "${process.execPath}" "${self}" "${this.file}" "$@"\n`);
        chmodSync(script, 0o755);
    }

    get state() {
        return JSON.parse(readFileSync(this.file, "utf8"));
    }

    tell(change) {
        writeFileSync(this.file, JSON.stringify({ ...this.state, ...change }));
    }

    /** Calls of one kind since `forget`. */
    calls(name) {
        return this.state.calls.filter(({ call }) => !name || call === name);
    }

    forget() {
        this.tell({ calls: [], ran: [] });
    }

    /** The ARN of a revision. */
    static arn(revision) {
        return `${base}:${revision}`;
    }
}

export { balancer, base };
