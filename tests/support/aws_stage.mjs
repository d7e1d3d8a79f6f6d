// A stage on AWS as whoever deploys sees it: brainbytes.toml, the AWS command line (a stand-in: aws_cli.mjs), a server that
// serves behind a balancer with TLS, and the program.
//
//   const stage = new AwsStage();
//   await stage.start();
//   const { code, said, stdout } = await stage.deploy("v1", "--no-backup");
import { spawn } from "node:child_process";
import {
    chmodSync,
    cpSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import http from "node:http";
import https from "node:https";
import path from "node:path";

import { AwsCli } from "./aws_cli.mjs";
import { makeCertificate } from "./certificates.mjs";
import { startDatabase } from "./database.mjs";
import {
    freePort,
    generousLimits,
    program,
    programEnvironment,
    root,
    startServer,
    temporaryFolder,
} from "./server.mjs";

export class AwsStage {
    folder = temporaryFolder("bb-aws");
    data = path.join(this.folder, "data");
    well = true;

    async start() {
        chmodSync(this.folder, 0o777);
        mkdirSync(this.data);
        const port = await freePort();
        const { certificate, key } = makeCertificate(this.folder, "localhost", "DNS:localhost");
        this.database = await startDatabase();
        const shared = {
            DATABASE_URL: this.database.url,
            BRAINBYTES_SECRET: "a".repeat(40),
            BRAINBYTES_URL: `https://localhost:${port}`,
            BRAINBYTES_RATE_LIMITS: generousLimits,
            METRICS_TOKEN: "b".repeat(40),
        };
        this.server = await startServer({ env: shared });
        await this.#balance({ cert: readFileSync(certificate), key: readFileSync(key) }, port);
        const ofTasks = { ...shared, SSL_CERT_FILE: certificate, BRAINBYTES_LOG_FORMAT: "json" };
        ofTasks.BRAINBYTES_LISTEN = `127.0.0.1:${await freePort()}`;
        this.aws = new AwsCli(this.folder, { env: programEnvironment(ofTasks) });
        chmodSync(path.join(this.folder, "tasks"), 0o777);
        const own = { BRAINBYTES_DATA: this.data, SSL_CERT_FILE: certificate, RELEASE_POLL_SECONDS: 0 };
        this.env = programEnvironment(own);
        this.env.PATH = `${this.folder}:${path.dirname(process.execPath)}:${process.env.PATH}`;
        this.describe("bake = 0");
    }

    async stop() {
        this.balancer?.close();
        await this.server?.stop();
        await this.database?.stop();
        rmSync(this.folder, { recursive: true, force: true });
    }

    /** What stands in front of the server; while the stage is not `well` it answers 500. */
    async #balance(files, port) {
        this.balancer = https.createServer(files, (request, response) => {
            if (!this.well) return response.writeHead(500).end();
            const { method, headers, url } = request;
            const inner = http.request({ port: this.server.port, method, path: url, headers }, (answer) => {
                response.writeHead(answer.statusCode, answer.headers);
                answer.pipe(response);
            });
            request.pipe(inner);
        });
        await new Promise((resolve) => this.balancer.listen(port, "127.0.0.1", resolve));
    }

    /** brainbytes.toml, with these lines more. */
    describe(...lines) {
        const domain = `domain = "localhost:${this.balancer.address().port}"`;
        const text = ["[stages.staging]", 'target = "aws"', domain, ...lines, ""];
        writeFileSync(path.join(this.folder, "brainbytes.toml"), text.join("\n"));
    }

    /** What a clone has, as far as it is asked for. */
    clone() {
        cpSync(path.join(root, "deploy/aws/release.mjs"), path.join(this.folder, "deploy/aws/release.mjs"));
    }

    run(...words) {
        return new Promise((resolve) => {
            const options = { env: this.env, cwd: this.folder };
            const child = spawn(program, [...words, "--stage", "staging"], options);
            let said = "";
            let stdout = "";
            child.stdout.on("data", (chunk) => (stdout += chunk));
            for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
            child.once("close", (code) => resolve({ code, said, stdout }));
        });
    }

    deploy(tag, ...words) {
        return this.run("deploy", tag, "--target", "aws", ...words);
    }

    rollback(...words) {
        return this.run("rollback", "--target", "aws", ...words);
    }

    async history() {
        const { stdout } = await this.run("deploy", "history", "--json");
        return stdout.split("\n").filter(Boolean).map(JSON.parse);
    }

    /** The steps of the newest change. */
    async newest() {
        const all = await this.history();
        return all.filter((one) => one.deployment === all.at(-1).deployment);
    }

    get serves() {
        return this.aws.state.serves;
    }

    /** The names of the reports that were kept. */
    get reports() {
        const kept = path.join(this.data, "verifications");
        return existsSync(kept) ? readdirSync(kept).sort() : [];
    }
}
