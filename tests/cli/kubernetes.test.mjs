// deploy/kubernetes as `kubectl kustomize` renders it, held to rules of our own; and what it relies on, tried with the
// real program. No cluster is here: what a cluster itself would say is not known.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";

import { startDatabase } from "../support/database.mjs";
import { rules } from "../support/manifest_rules.mjs";
import { fieldFaults } from "../support/manifest_types.mjs";
import {
    hasKubectl,
    ofKind,
    options,
    pods,
    render,
    server,
    settings,
    stages,
} from "../support/manifests.mjs";
import { startS3 } from "../support/s3.mjs";
import {
    folderOnAnotherDisk,
    program,
    programEnvironment,
    root,
    startServer,
    temporaryFolder,
} from "../support/server.mjs";

const skip = !hasKubectl() && "kubectl (with kustomize) is not here";
if (skip) console.log(`skipped: ${skip}`);

for (const stage of skip ? [] : stages)
    describe(stage, () => {
        const objects = render(stage);
        for (const [name, rule] of Object.entries(rules))
            test(name, () => assert.deepEqual(rule(objects), []));

        test("the program takes these settings", async () => {
            const secrets = Object.fromEntries(
                server(objects)
                    .spec.containers[0].env.filter((one) => !one.valueFrom.secretKeyRef.optional)
                    .map(({ name }) => [name, name === "DATABASE_URL" ? "postgresql://a@db.example/b" : "x"]),
            );
            const env = programEnvironment({ ...settings(objects), ...secrets, BACKUP_KEY_FILE: undefined });
            const { stdout, stderr } = await promisify(execFile)(program, ["config", "check"], {
                env,
                cwd: "/",
            });
            assert.match(stdout + stderr, /The configuration is right/);
            assert.doesNotMatch(stderr, /warning/);
        });
    });

test("every field is one that Kubernetes 1.30 knows, of its type", { skip }, () => {
    assert.equal(fieldFaults(stages.flatMap(render)), "");
    for (const [field, fault] of [
        ["replica", { replica: 2 }],
        ["type 'number'", { replicas: "2" }],
    ]) {
        const objects = render("dev");
        Object.assign(server(objects).owner.spec, fault);
        assert.ok(fieldFaults(objects).includes(field), field);
    }
});

test("production is larger than staging, waits longer, and has places of its own", { skip }, () => {
    const [dev, staging, production] = stages.map(render);
    const [autoscaler, smaller] = [production, staging].map(
        (one) => ofKind(one, "HorizontalPodAutoscaler")[0].spec,
    );
    assert.ok(autoscaler.minReplicas > smaller.minReplicas && autoscaler.minReplicas >= 3);
    assert.ok(
        Number(settings(production).BRAINBYTES_DRAIN_SECONDS) >=
            Number(options().get("BRAINBYTES_MODEL_TOTAL_SECONDS").value),
    );
    for (const name of ["BRAINBYTES_STAGE", "BRAINBYTES_URL", "BACKUP_TO"])
        assert.equal(new Set([dev, staging, production].map((one) => settings(one)[name])).size, 3, name);
    assert.deepEqual(ofKind(dev, "Job", "CronJob", "HorizontalPodAutoscaler", "PodDisruptionBudget"), []);
});

// What each rule must see: the rule, and what breaks it.
const container = (objects) => server(objects).spec.containers[0];
const find = (objects, kind, name) =>
    ofKind(objects, kind).find((one) => !name || one.metadata.name === name);
const faults = {
    "every pod and container is restricted": [
        (objects) => delete container(objects).securityContext,
        (objects) => (container(objects).securityContext.readOnlyRootFilesystem = false),
        (objects) => (container(objects).securityContext.capabilities.add = ["NET_ADMIN"]),
        (objects) => delete pods(objects).at(-1).spec.securityContext.seccompProfile,
        (objects) => (pods(objects)[0].containers[0].securityContext.runAsUser = 0),
        (objects) => server(objects).spec.volumes.push({ name: "host", hostPath: { path: "/" } }),
        (objects) => delete pods(objects).at(-1).spec.automountServiceAccountToken,
    ],
    "every container says what it needs": [
        (objects) => delete pods(objects).at(-1).containers[0].resources.limits,
    ],
    "images are of this version, never the latest": [
        (objects) => (container(objects).image = "brainbytes:latest"),
        (objects) => (pods(objects).at(-1).containers[0].image = "brainbytes"),
    ],
    "the server is asked whether it starts, lives and is ready": [
        (objects) => delete container(objects).startupProbe,
        (objects) => (container(objects).readinessProbe.httpGet.path = "/livez"),
        (objects) => (settings(objects).BRAINBYTES_LISTEN = "0.0.0.0:3001"),
    ],
    "a pod that goes has the time it needs": [
        (objects) => (server(objects).spec.terminationGracePeriodSeconds = 30),
        (objects) => delete container(objects).lifecycle,
    ],
    "secrets are named, never written down": [
        (objects) => objects.push({ kind: "Secret", metadata: { name: "brainbytes" }, data: {} }),
        (objects) => (settings(objects).OPENAI_API_KEY = "sk"),
        (objects) => container(objects).env.push({ name: "BRAINBYTES_STAGE", value: "dev" }),
        (objects) => (settings(objects).OPENAI_BASE_URL = "https://user:word@model.example"),
    ],
    "every variable is an option of the program": [
        (objects) => (settings(objects).BRAINBYTES_DRAIN = "30"),
        (objects) => (container(objects).env[0].name = "OPENAI_KEY"),
    ],
    "every command is one of the program": [
        (objects) => (find(objects, "Job").spec.template.spec.containers[0].args = ["db", "migrat"]),
        (objects) => (find(objects, "Job").spec.template.spec.containers[0].args = ["backup"]),
        (objects) => (find(objects, "Job").spec.template.spec.containers[0].args[3] = "expanding"),
        (objects) => (find(objects, "Job").spec.template.spec.containers[0].args[2] = "--phases"),
    ],
    "selectors find the pods that are meant": [
        (objects) => (find(objects, "Service").spec.selector = { "app.kubernetes.io/name": "brainbytes" }),
        (objects) => (server(objects).labels["app.kubernetes.io/component"] = "web"),
        (objects) => (find(objects, "PodDisruptionBudget").spec.selector.matchLabels.tier = "front"),
        (objects) => (find(objects, "NetworkPolicy", "to-dns").spec.podSelector.matchLabels.tier = "front"),
    ],
    "what is referred to is there": [
        (objects) => (find(objects, "HorizontalPodAutoscaler").spec.scaleTargetRef.name = "server"),
        (objects) => (container(objects).envFrom[0].configMapRef.name = "other"),
        (objects) => container(objects).volumeMounts.push({ name: "cache", mountPath: "/cache" }),
        (objects) => (find(objects, "Service").spec.ports[0].targetPort = "web"),
        (objects) => (find(objects, "PersistentVolumeClaim").metadata.name = "other"),
    ],
    "nothing is reachable but what is named": [
        (objects) => objects.splice(objects.indexOf(find(objects, "NetworkPolicy", "default-deny")), 1),
        (objects) =>
            (find(objects, "NetworkPolicy", "from-ingress").spec.ingress[0].from = [
                { namespaceSelector: {} },
            ]),
        (objects) => delete find(objects, "NetworkPolicy", "to-internet").spec.egress[0].ports,
        (objects) => delete find(objects, "NetworkPolicy", "to-internet").spec.egress[0].to[0].ipBlock.except,
        (objects) => objects.splice(objects.indexOf(find(objects, "NetworkPolicy", "to-database")), 1),
    ],
    "the namespace lets in restricted pods alone": [
        (objects) =>
            (find(objects, "Namespace").metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline"),
        (objects) => (find(objects, "Service").metadata.namespace = "default"),
    ],
    "no two servers share a data folder": [
        (objects) => (server(objects).spec.volumes.find((one) => one.name === "data").emptyDir = undefined),
        (objects) => (server(objects).owner.spec.replicas = 2),
        (objects) => delete server(objects).spec.securityContext.fsGroupChangePolicy,
        (objects) => (server(objects).owner.spec.strategy.rollingUpdate.maxUnavailable = 1),
    ],
    "several servers share their uploaded files and secret": [
        (objects) => (find(objects, "PersistentVolumeClaim").spec.accessModes = ["ReadWriteOnce"]),
        (objects) => container(objects).env.forEach((one) => (one.valueFrom.secretKeyRef.optional = true)),
        (objects) => objects.splice(objects.indexOf(find(objects, "PodDisruptionBudget")), 1),
    ],
    "backups leave the cluster, and are looked at": [
        (objects) => (settings(objects).BACKUP_TO = "/backups"),
        (objects) => objects.splice(objects.indexOf(find(objects, "CronJob", "brainbytes-backup-verify")), 1),
        (objects) => (find(objects, "CronJob", "brainbytes-backup").spec.concurrencyPolicy = "Allow"),
    ],
    "answers stream through the ingress": [
        (objects) =>
            delete find(objects, "Ingress").metadata.annotations[
                "nginx.ingress.kubernetes.io/proxy-buffering"
            ],
        (objects) => (settings(objects).BRAINBYTES_URL = "https://elsewhere.example"),
    ],
};

const told = (fault) => String(fault).replace(/\s+/g, " ").replace("(objects) => ", "");

describe("each rule sees what breaks it", { skip }, () => {
    test("there are faults for every rule", () =>
        assert.deepEqual(Object.keys(faults).sort(), Object.keys(rules).sort()));
    const rendered = skip ? "" : JSON.stringify(render("production"));
    for (const [name, list] of Object.entries(faults))
        for (const fault of list)
            test(`${name}: ${told(fault)}`, () => {
                const objects = JSON.parse(rendered);
                assert.deepEqual(rules[name](objects), []);
                fault(objects);
                assert.notDeepEqual(rules[name](objects), []);
            });
});

describe("two pods on one database", { skip }, () => {
    let database, s3, folder, files, env, original;
    const running = [];
    const account = { uid: 10001, gid: 10001 };
    const objects = skip ? [] : render("production");
    const asPod = process.getuid() === 0 ? account : {};

    /** What the init container does, with folders of this machine for its volumes; the data folder. */
    const prepare = (name) => {
        const volume = path.join(folder, name);
        mkdirSync(volume);
        chmodSync(volume, 0o777);
        const [init] = server(objects).spec.initContainers;
        const data = path.join(volume, "brainbytes");
        const done = spawnSync(
            program,
            init.args.map((word) => word.replace(/^\/files/, files)),
            { ...asPod, env: programEnvironment({ BRAINBYTES_DATA: data }), cwd: "/", encoding: "utf8" },
        );
        assert.equal(done.status, 0, done.stderr);
        return data;
    };

    before(async () => {
        folder = temporaryFolder("bb-pods");
        // On another filesystem than the data, as volumes are.
        files = folderOnAnotherDisk(folder, "bb-files") ?? temporaryFolder("bb-files");
        chmodSync(files, 0o777);
        database = await startDatabase();
        s3 = await startS3();
        const made = spawnSync(program, ["backup", "keygen", path.join(folder, "backup.key")], {
            env: programEnvironment(),
            encoding: "utf8",
        });
        assert.equal(made.status, 0, made.stderr);
        chmodSync(folder, 0o777); // the key is removed by who restores
        chmodSync(path.join(folder, "backup.key"), 0o644);
        const [open] = /^public .*$/m.exec(readFileSync(path.join(folder, "backup.key"), "utf8"));
        writeFileSync(path.join(folder, "backup.pub"), `${open}\n`);
        env = {
            ...settings(objects),
            ...s3.env,
            BRAINBYTES_DATA: undefined,
            BRAINBYTES_LISTEN: undefined,
            BRAINBYTES_URL: undefined, // sessions by plain http
            DATABASE_URL: database.url,
            BRAINBYTES_SECRET: "the-same-for-all-of-them",
            BACKUP_TO: s3.place,
            BACKUP_KEY_FILE: path.join(folder, "backup.pub"),
        };
        for (const key of Object.keys(env)) if (env[key] === undefined) delete env[key];
        for (const name of ["one", "two"])
            running.push(await startServer({ dataFolder: prepare(name), env }));
    });
    after(async () => {
        for (const one of running) await one.stop();
        await s3?.stop();
        await database?.stop();
        for (const one of [folder, files]) rmSync(one, { recursive: true, force: true });
    });

    test("what one is given the other shows", async () => {
        const [one, two] = running;
        const ana = await one.as("ana@example.org");
        const made = await ana.request("/api/materials", { method: "POST", json: { title: "Shared" } });
        const form = new FormData();
        form.append("file", new Blob(["Cells divide."]), "cells.txt");
        const place = `/api/materials/${made.json.id}/files`;
        const sent = await ana.request(place, { method: "POST", body: form });
        assert.equal(sent.status, 201, sent.text);
        original = () => two.request(`${place}/${sent.json.id}/content`, { cookie: ana.cookie });
        assert.equal((await original()).text, "Cells divide.");
    });

    test("the commands of the Job and the CronJobs do their work in a pod of their own", async () => {
        const data = prepare("three");
        const run = async (words) =>
            promisify(execFile)(program, words, {
                ...asPod,
                env: programEnvironment({ ...env, BRAINBYTES_DATA: data }),
                cwd: folder,
            });
        const words = (kind, name) =>
            pods(objects)
                .find(({ owner }) => owner.kind === kind && owner.metadata.name === name)
                .containers.filter((one) => one.name !== "data")
                .map((one) => one.args);
        const [migrate] = words("Job", "brainbytes-migrate");
        await run(migrate);
        const [create, prune] = words("CronJob", "brainbytes-backup");
        assert.match((await run(create)).stderr, / rows and 1 files /);
        await run(prune);
        const [verify] = words("CronJob", "brainbytes-backup-verify");
        await run(verify);
    });

    test("a restore as docs/kubernetes.md says brings rows and files back", async () => {
        const [, words, key] = /-c server -- brainbytes (backup restore .*) <(\S+)$/m.exec(
            readFileSync(path.join(root, "docs/kubernetes.md"), "utf8"),
        );
        for (const entry of readdirSync(path.join(files, "brainbytes")))
            rmSync(path.join(files, "brainbytes", entry), { recursive: true });
        assert.notEqual((await original()).status, 200);
        const done = spawnSync(
            program,
            words.split(" ").map((word) => word.replace(/^\/files/, files)),
            {
                ...asPod,
                input: readFileSync(path.join(folder, key)),
                env: programEnvironment({ ...env, BRAINBYTES_DATA: running[0].dataFolder }),
                cwd: folder,
                encoding: "utf8",
            },
        );
        assert.equal(done.status, 0, done.stderr);
        const deadline = Date.now() + 30_000; // connections were cut for a moment
        let answer = await original();
        while (answer.status === 503 && Date.now() < deadline) {
            await new Promise((resolve) => setTimeout(resolve, 200));
            answer = await original();
        }
        assert.equal(answer.text, "Cells divide.");
        assert.deepEqual(readdirSync(files), ["brainbytes"], "what was unpacked is not left behind");
    });
});
