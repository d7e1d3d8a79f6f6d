// A stage "staging" on hosts of a fleet, with a model among them, and the people who use it.
import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { Fleet, data } from "./fleet.mjs";
import { Releases } from "./releases.mjs";
import { generousLimits } from "./server.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

export class Stage {
    constructor(hosts) {
        this.fleet = new Fleet(hosts);
        this.hosts = this.fleet.hosts;
    }

    async start() {
        await this.fleet.start();
        this.releases = new Releases(this.fleet.at("releases"));
        this.first = this.releases.real();
        const model = this.fleet.spawn(here("model_at.mjs"), "10.77.0.1", "9000");
        await once(model.stdout, "data");
        this.describe();
    }

    stop() {
        this.fleet.stop();
    }

    /** Writes brainbytes.toml; `keys` and `options` {name: value} replace what is usual, `extra` follows as text. */
    describe(keys = {}, extra = "", options = {}) {
        const usual = {
            hosts: this.hosts.map(({ address }) => address),
            ssh_config: "ssh_config",
            data,
            bake: 1,
        };
        const lines = Object.entries({ ...usual, ...keys }).map(
            ([key, value]) => `${key} = ${JSON.stringify(value)}`,
        );
        const environment = {
            BRAINBYTES_LISTEN: "0.0.0.0:3000",
            BRAINBYTES_START_SECONDS: "15",
            OPENAI_BASE_URL: "http://10.77.0.1:9000/v1",
            OPENAI_MODEL: "test-model",
            BRAINBYTES_RATE_LIMITS: generousLimits,
            ...options,
        };
        const pairs = Object.entries(environment).map(([name, value]) => `${name} = "${value}"`);
        const parts = ["[stages.staging]", ...lines, extra, "[stages.staging.environment]", ...pairs, ""];
        writeFileSync(this.fleet.at("brainbytes.toml"), parts.join("\n"));
    }

    /** A command of the program for the stage: {code, stdout, stderr, seconds}. */
    command(...words) {
        return this.fleet.command(...words, "--stage", "staging");
    }

    /** Which release each host keeps; "" for one that cannot be reached. */
    async kept() {
        const { hosts } = JSON.parse((await this.command("deploy", "status")).stdout);
        return hosts.map((one) => one.kept);
    }

    /** Has a bare fleet get the program under test, and somebody with an account and a session on each host. */
    async install() {
        await this.deployed(this.first, "--trust", this.releases.key);
        const environment = `BRAINBYTES_STAGE=staging BRAINBYTES_DATA=${data}`;
        for (const host of this.hosts) {
            const user = (words) =>
                this.fleet.ssh(host, `cd ${data} && ${environment} brainbytes user ${words}`);
            user("create ana@example.org");
            host.cookie = JSON.parse(user("session ana@example.org --json")).cookie;
        }
    }

    /** Releases that are a script say of themselves what the program in them is: that is no fault here. */
    deploy({ archive }, ...words) {
        const verify = archive === this.first?.archive ? [] : ["--no-verify"];
        return this.command("deploy", archive, "--json", "--no-backup", ...verify, ...words);
    }

    async deployed(release, ...words) {
        const done = await this.deploy(release, ...words);
        assert.equal(done.code, 0, done.stdout + done.stderr);
        assert.deepEqual(
            await this.kept(),
            this.hosts.map(() => release.name),
        );
        return JSON.parse(done.stdout);
    }

    /** Refused, and every host has what it had. */
    async refused(release, step, reason, ...words) {
        const had = await this.kept();
        const done = await this.deploy(release, ...words);
        assert.equal(done.code, 1, done.stdout + done.stderr);
        const told = JSON.parse(done.stdout);
        assert.deepEqual([told.kept, told.failedStep], [false, step], told.reason);
        assert.match(told.reason, reason);
        assert.deepEqual(await this.kept(), had);
        return told;
    }

    /** What a host says of its release. */
    at(host) {
        return JSON.parse(this.fleet.ssh(host, `BRAINBYTES_DATA=${data} brainbytes deploy status`));
    }

    /** Waits until a host is (or is not) about to change its release. */
    async untilTrial(host, wanted = true, seconds = 60) {
        for (const deadline = Date.now() + seconds * 1000; this.at(host).trial !== wanted; await pause(200))
            assert.ok(Date.now() < deadline, JSON.stringify(this.at(host)));
    }

    /** So many people on every host, and a reply that streams, while `work` is done; what they met, by host. */
    async visited(work, people = 3) {
        const words = this.hosts.flatMap((host) => [
            `http://${host.address}:3000`,
            host.cookie,
            String(people),
        ]);
        const visits = this.fleet.spawn(here("visits.mjs"), ...words);
        let said = "";
        visits.stdout.on("data", (chunk) => (said += chunk));
        await pause(1000);
        visits.stdin.write("stream\n");
        await pause(300);
        visits.stdin.write("phase during\n");
        try {
            await work();
        } finally {
            visits.stdin.write("phase after\n");
            await pause(1000);
            visits.stdin.write("end\n");
            await once(visits, "exit");
        }
        return JSON.parse(said);
    }

    /** The same; nothing fails and every reply comes whole. */
    async unnoticed(work) {
        const met = await this.visited(work);
        for (const { url, requests, faults, replies, broken } of met)
            assert.deepEqual([faults, broken, replies, requests > 0], [[], 0, 1, true], url);
        return met;
    }
}
