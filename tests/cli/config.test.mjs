// What `config show|check` print, how values are found, and that .env.example is complete.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { program, programEnvironment, temporaryFolder } from "../support/server.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const folder = temporaryFolder("bb-config");
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program in an empty folder: {code, stdout, stderr}. */
function brainbytes(args, env = {}) {
    return new Promise((resolve) => {
        execFile(program, args, { cwd: folder, env: programEnvironment(env) }, (fault, stdout, stderr) =>
            resolve({ code: fault ? fault.code : 0, stdout, stderr }),
        );
    });
}

const shown = async (env) => {
    const { code, stdout } = await brainbytes(["config", "show", "--json"], env);
    assert.equal(code, 0);
    return Object.fromEntries(JSON.parse(stdout).options.map((option) => [option.name, option]));
};

test("show prints every option with value and origin", async () => {
    const options = await shown({ BRAINBYTES_LISTEN: "127.0.0.1:4000" });
    assert.equal(options.BRAINBYTES_LISTEN.value, "127.0.0.1:4000");
    assert.equal(options.BRAINBYTES_LISTEN.origin, "environment");
    assert.equal(options.BRAINBYTES_DATA.value, "./var");
    assert.equal(options.BRAINBYTES_DATA.origin, "default");
    assert.equal(options.DATABASE_URL.value, null);
    const { stdout } = await brainbytes(["config", "show"]);
    for (const name of Object.keys(options)) assert.match(stdout, new RegExp(`^${name} `, "m"));
});

test("show hides secrets", async () => {
    const env = { OPENAI_API_KEY: "sk-hidden", DATABASE_URL: "postgresql://me:hidden@db/x" };
    for (const args of [
        ["config", "show"],
        ["config", "show", "--json"],
    ]) {
        const { stdout, stderr } = await brainbytes(args, env);
        assert.doesNotMatch(stdout + stderr, /hidden/);
    }
    assert.equal((await shown(env)).OPENAI_API_KEY.set, true);
});

test("a wrong value is named with its fault and an example, and nothing starts", async () => {
    for (const args of [["config", "check"], ["serve"], ["db", "status"]]) {
        const { code, stdout, stderr } = await brainbytes(args, {
            BRAINBYTES_LISTEN: "3000",
            OPENAI_BASE_URL: "x",
        });
        assert.equal(code, 2);
        assert.equal(stdout, "");
        assert.match(
            stderr,
            /BRAINBYTES_LISTEN .*must be an address and a port\. Example: BRAINBYTES_LISTEN=/,
        );
        assert.match(stderr, /OPENAI_BASE_URL .*Example: /);
    }
});

test("half of an OAuth app is told, and its secret is never shown", async () => {
    for (const [one, other] of [
        ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"],
        ["GITHUB_CLIENT_SECRET", "GITHUB_CLIENT_ID"],
    ]) {
        const { code, stderr } = await brainbytes(["config", "check"], { [one]: "hidden" });
        assert.equal(code, 2);
        assert.match(stderr, new RegExp(`${other} must be set too, as ${one} is`));
    }
    const env = { GITHUB_CLIENT_ID: "Iv1.shown", GITHUB_CLIENT_SECRET: "hidden" };
    const options = await shown(env);
    assert.equal(options.GITHUB_CLIENT_ID.value, "Iv1.shown");
    assert.equal(options.GITHUB_CLIENT_SECRET.set, true);
    assert.doesNotMatch((await brainbytes(["config", "show"], env)).stdout, /hidden/);
    assert.doesNotMatch(JSON.stringify(options), /hidden/);
});

test("check says that all is right", async () => {
    assert.equal((await brainbytes(["config", "check"])).code, 0);
});

test("a misspelt option is noted with the nearest name", async () => {
    const { code, stderr } = await brainbytes(["config", "check"], { BRAINBYTES_LISEN: "x" });
    assert.equal(code, 0);
    assert.match(stderr, /BRAINBYTES_LISEN .*BRAINBYTES_LISTEN/);
});

test("--stage selects the .env file", async () => {
    writeFileSync(path.join(folder, ".env.staging"), "OPENAI_MODEL=of-staging\n");
    const { stdout } = await brainbytes(["config", "show", "--json", "--stage", "staging"]);
    const model = JSON.parse(stdout).options.find((option) => option.name === "OPENAI_MODEL");
    assert.deepEqual([model.value, model.origin], ["of-staging", ".env.staging"]);
    assert.equal((await brainbytes(["config", "show", "--stage", "moon"])).code, 2);
});

test(".env.example lists every option with its default and nothing else", async () => {
    const text = readFileSync(path.join(root, ".env.example"), "utf8");
    const listed = [...text.matchAll(/^# ([A-Z][A-Z0-9_]+)=(.*)$/gm)].map((line) => [line[1], line[2]]);
    const options = Object.values(await shown());
    assert.deepEqual(
        listed.map(([name]) => name),
        options.map((option) => option.name),
        "make it anew with: bin/brainbytes config example > .env.example",
    );
    assert.equal((await brainbytes(["config", "example"])).stdout, text);
});

test("wrong words on the command line exit 2 and leave stdout empty", async () => {
    for (const args of [[], ["nonsense"], ["db"], ["db", "nonsense"], ["config", "show", "--nonsense"]]) {
        const { code, stdout, stderr } = await brainbytes(args);
        assert.equal(code, 2, args.join(" "));
        assert.equal(stdout, "");
        assert.notEqual(stderr, "");
    }
});

test("--help and --version answer on stdout", async () => {
    assert.match((await brainbytes(["--help"])).stdout, /serve/);
    assert.match((await brainbytes(["--version"])).stdout, /^\d+\.\d+\.\d+/);
});

test("help for what is no command says so", async () => {
    const wrong = await brainbytes(["WRONG", "--help"]);
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /there is no command "WRONG"/);
    const right = await brainbytes(["config", "--help"]);
    assert.equal(right.code, 0);
    assert.match(right.stdout, /^ {2}check /m);
});
