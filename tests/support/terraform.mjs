// Terraform on a copy of deploy/aws, against an AWS that is emulated on this machine by moto.
//
//   const missing = whatIsMissing();                          // a reason to skip, or ""
//   const aws = await startAws();
//   const folder = await prepare(aws);                        // initialised, its state in the folder
//   const plan = await planned(folder, "production");         // as `terraform show -json` tells it
import { execFile, spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { freePort, programEnvironment, root, temporaryFolder } from "./server.mjs";

/** The account that moto plays. */
export const account = "123456789012";

const motoScript = fileURLToPath(new URL("moto_aws.py", import.meta.url));
const sources = path.join(root, "deploy/aws");

const entries = (folder) => {
    try {
        return readdirSync(folder);
    } catch {
        return [];
    }
};

/** The folder with providers that Terraform need not fetch: TERRAFORM_MIRROR, or one of the usual places. */
function findMirror() {
    const usual = ["/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"];
    usual.unshift(path.join(homedir(), ".terraform.d/plugins"));
    const folders = [
        process.env.TERRAFORM_MIRROR,
        ...usual,
        ...entries("/opt").map((name) => `/opt/${name}`),
    ];
    return folders.find(
        (folder) =>
            folder &&
            entries(folder).some((host) => entries(path.join(folder, host, "hashicorp")).includes("aws")),
    );
}

const mirror = findMirror();

/** Why this cannot be tested here, or nothing. */
export function whatIsMissing() {
    const works = (command, ...args) => spawnSync(command, args, { stdio: "ignore" }).status === 0;
    if (!works("terraform", "version")) return "terraform is not installed";
    if (!mirror) return "no folder with Terraform's provider for AWS (TERRAFORM_MIRROR) is here";
    if (!works("python3", motoScript)) return "moto is not installed for python3";
    return "";
}

/** An AWS without anything in it: { url, env, stop() }. */
export async function startAws() {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const child = spawn("python3", [motoScript, String(port)], {
        env: programEnvironment({ MOTO_ACM_VALIDATION_WAIT: 1 }),
        stdio: "ignore",
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const stop = async () => {
        if (child.exitCode === null && child.kill("SIGKILL")) await ended;
    };
    for (const deadline = Date.now() + 60_000; ; await pause(200)) {
        if ((await fetch(`${url}/moto-api/`).catch(() => undefined))?.ok) break;
        if (child.exitCode === null && Date.now() < deadline) continue;
        await stop();
        throw new Error("moto did not start");
    }
    const env = {
        AWS_ENDPOINT_URL: url,
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        AWS_REGION: "us-east-1",
        AWS_EC2_METADATA_DISABLED: "true",
    };
    return { url, env, stop };
}

/** Runs terraform, for ten minutes at most: { code, text }, never throws on a code. */
export function terraform(folder, ...args) {
    return new Promise((resolve) => {
        const options = { cwd: folder.path, env: folder.env, maxBuffer: 1 << 28 };
        Object.assign(options, { timeout: 600_000, killSignal: "SIGKILL" });
        execFile("terraform", args, options, (fault, stdout, stderr) => {
            const end = fault?.killed ? "\nterraform was killed: it ran for too long, or said too much" : "";
            resolve({ code: fault ? (fault.code ?? 1) : 0, text: stdout + stderr + end, stdout });
        });
    });
}

async function must(folder, ...args) {
    const done = await terraform(folder, ...args);
    if (done.code !== 0) throw new Error(`terraform ${args[0]}:\n${done.text.slice(-8000)}`);
    return done.stdout;
}

/** A copy of deploy/aws with its state beside it, initialised: { path, env, remove() }. */
export async function prepare(aws) {
    const top = temporaryFolder("bb-aws");
    const here = path.join(top, "deploy/aws");
    mkdirSync(here, { recursive: true });
    cpSync(sources, here, { recursive: true, filter: (file) => !/\.terraform|\.tfstate/.test(file) });
    cpSync(path.join(root, "monitoring"), path.join(top, "monitoring"), { recursive: true });
    writeFileSync(path.join(here, "backend_override.tf"), 'terraform {\n  backend "local" {}\n}\n');
    const config = path.join(top, "terraform.rc");
    writeFileSync(config, `provider_installation {\n  filesystem_mirror {\n    path = "${mirror}"\n  }\n}\n`);
    const env = programEnvironment({ ...aws.env, TF_CLI_CONFIG_FILE: config, TF_IN_AUTOMATION: 1 });
    const folder = { path: here, env, remove: () => rmSync(top, { recursive: true, force: true }) };
    await must(folder, "init", "-input=false", "-no-color");
    return folder;
}

/** Arguments of plan, apply and destroy for the installation of `file`, and further variables. */
export function variables(file, further = {}) {
    const all = { account, domain: "tutor.school.example", repository: "school/tutor", ...further };
    return [
        `-var-file=${file}.tfvars`,
        ...Object.entries(all).map(([name, value]) => `-var=${name}=${value}`),
        "-input=false",
        "-no-color",
    ];
}

/** What a plan for the installation of `file` would make. */
export async function planned(folder, file, further) {
    const out = path.join(folder.path, `${file}.tfplan`);
    await must(folder, "plan", "-lock=false", ...variables(file, further), `-out=${out}`);
    return JSON.parse(await must(folder, "show", "-json", out));
}
