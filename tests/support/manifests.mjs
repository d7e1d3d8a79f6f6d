// What deploy/kubernetes renders to, and the rules it is held to. A rule gets the objects of one stage and
// returns what is wrong with them, a sentence each.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { loadAll } from "js-yaml";

import { program, programEnvironment, root } from "./server.mjs";

/** The stages that there is an overlay for. */
export const stages = ["dev", "staging", "production"];

/** Whether `kubectl kustomize` can be run here. */
export const hasKubectl = () => spawnSync("kubectl", ["kustomize", "--help"]).status === 0;

/** The objects of a stage. */
export function render(stage) {
    const folder = path.join(root, "deploy/kubernetes/overlays", stage);
    const done = spawnSync("kubectl", ["kustomize", folder], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(done.stderr);
    return loadAll(done.stdout).filter(Boolean);
}

const brainbytes = (...args) =>
    spawnSync(program, args, { env: programEnvironment(), cwd: "/", encoding: "utf8" });
let known;
/** The options of the program by name: {secret}. */
export function options() {
    known ??= new Map(
        JSON.parse(brainbytes("config", "show", "--json").stdout).options.map((one) => [one.name, one]),
    );
    return known;
}

export const ofKind = (objects, ...kinds) => objects.filter((one) => kinds.includes(one.kind));
const template = (one) => (one.kind === "CronJob" ? one.spec.jobTemplate.spec.template : one.spec.template);
/** All that makes pods: {name, labels, spec, containers}. */
export const pods = (objects) =>
    ofKind(objects, "Deployment", "Job", "CronJob").map((one) => ({
        owner: one,
        name: `${one.kind} ${one.metadata.name}`,
        labels: template(one).metadata.labels,
        spec: template(one).spec,
        containers: [...(template(one).spec.initContainers ?? []), ...template(one).spec.containers],
    }));
/** The pod of the server. */
export const server = (objects) => pods(objects).find((pod) => pod.owner.kind === "Deployment");
/** What the ConfigMap sets. */
export const settings = (objects) => ofKind(objects, "ConfigMap")[0].data;

/** `look(container, say, pod)` for each container. */
function eachContainer(objects, look) {
    const wrong = [];
    for (const pod of pods(objects))
        for (const one of pod.containers)
            look(one, (words) => wrong.push(`${pod.name}, ${one.name}: ${words}`), pod);
    return wrong;
}
/** The sentences whose condition does not hold. */
export const unmet = (conditions) =>
    Object.entries(conditions).flatMap(([words, holds]) => (holds ? [] : [words]));
const matches = (selector, labels) =>
    Object.entries(selector.matchLabels ?? selector).every(([key, value]) => labels[key] === value);
const named = (objects, kind, name) => objects.some((one) => one.kind === kind && one.metadata.name === name);
const pinned = readFileSync(path.join(root, "VERSION"), "utf8").trim();
/** The value of a number among the options, as the server of these objects sees it. */
export const seconds = (objects, name) => Number(settings(objects)[name] ?? options().get(name).value);

/** What the program would not understand of a command. */
function commandFaults(words) {
    const others = words.findIndex((word) => /^(--|\/)/.test(word));
    const verbs = others < 0 ? words : words.slice(0, others);
    const { stdout } = brainbytes(...verbs, "--help");
    // A misspelt word answers with the help of the command before it, and exit code 0.
    const folder = words[others]?.startsWith("/") ? 1 : 0;
    const usage = `^Usage: brainbytes ${verbs.join(" ")} \\[OPTIONS\\]${folder ? " folder$" : "(?! SUB)"}`;
    if (!new RegExp(usage, "m").test(stdout)) return [`there is no command "${verbs.join(" ")}"`];
    const wrong = [];
    for (let i = verbs.length + folder; i < words.length; i += 2) {
        const line = stdout.split("\n").find((text) => text.trim().startsWith(`${words[i]} `));
        const allowed = /\{([^}]*)\}/.exec(line ?? "")?.[1].split(",");
        if (!line || (allowed && !allowed.includes(words[i + 1])))
            wrong.push(`"${words[i]} ${words[i + 1]}" is not understood`);
    }
    return wrong;
}

/** What holds for single pods. The rest stands in manifest_rules.mjs. */
export const rules = {
    "every pod and container is restricted": (objects) => [
        ...pods(objects).flatMap((pod) =>
            unmet({
                "runs as root": pod.spec.securityContext?.runAsNonRoot === true,
                "no account of its own": pod.spec.securityContext?.runAsUser >= 10000,
                "no seccomp profile": pod.spec.securityContext?.seccompProfile?.type === "RuntimeDefault",
                "shares the machine's namespaces":
                    !pod.spec.hostNetwork && !pod.spec.hostPID && !pod.spec.hostIPC,
                "mounts a folder of the machine": !pod.spec.volumes.some((volume) => volume.hostPath),
                "gets a token": pod.spec.automountServiceAccountToken === false,
                "gets variables of services": pod.spec.enableServiceLinks === false,
            }).map((words) => `${pod.name}: ${words}`),
        ),
        ...eachContainer(objects, ({ securityContext: context = {} }, say) =>
            unmet({
                "may gain rights": context.allowPrivilegeEscalation === false && !context.privileged,
                "writes to its root": context.readOnlyRootFilesystem === true,
                "keeps capabilities":
                    context.capabilities?.drop?.includes("ALL") && !context.capabilities.add,
                "runs as root": (context.runAsUser ?? 1) !== 0 && (context.runAsNonRoot ?? true),
            }).forEach(say),
        ),
    ],
    "every container says what it needs": (objects) =>
        eachContainer(objects, ({ resources }, say) => {
            if (!resources?.requests?.cpu || !resources.requests.memory) say("asks for nothing");
            if (!resources?.limits?.memory) say("has no bound");
        }),
    "images are of this version, never the latest": (objects) =>
        eachContainer(objects, ({ image }, say) => {
            if (!image.endsWith(`:${pinned}`)) say(image);
        }),
    "the server is asked whether it starts, lives and is ready": (objects) => {
        const [one] = server(objects).spec.containers;
        const asks = (probe, where) =>
            probe?.httpGet?.path === where && one.ports.some((port) => port.name === probe.httpGet.port);
        return unmet({
            "startup probe": asks(one.startupProbe, "/livez"),
            "liveness probe": asks(one.livenessProbe, "/livez"),
            "readiness probe": asks(one.readinessProbe, "/readyz"),
            "the port is another": settings(objects).BRAINBYTES_LISTEN.endsWith(
                `:${one.ports[0].containerPort}`,
            ),
        });
    },
    "a pod that goes has the time it needs": (objects) => {
        const { spec } = server(objects);
        const pause = spec.containers[0].lifecycle?.preStop?.sleep?.seconds ?? 0;
        const needed = pause + seconds(objects, "BRAINBYTES_DRAIN_SECONDS") + 10;
        return unmet({
            "no pause until nobody sends any more": pause >= 5,
            [`killed after ${spec.terminationGracePeriodSeconds} s, needs ${needed}`]:
                spec.terminationGracePeriodSeconds >= needed,
        });
    },
    "secrets are named, never written down": (objects) => {
        const isSecret = (name) => options().get(name)?.secret || ["DATABASE_URL", "SMTP_URL"].includes(name);
        return [
            ...ofKind(objects, "Secret").map((one) => `Secret ${one.metadata.name} is written down`),
            ...Object.keys(settings(objects)).filter(isSecret),
            ...eachContainer(objects, ({ env = [] }, say) =>
                env
                    .filter((one) => !one.valueFrom?.secretKeyRef)
                    .forEach((one) => say(`${one.name} is no reference`)),
            ),
            ...(JSON.stringify(objects).match(/\w+:\/\/[^/"\s]*:[^/"\s]*@/g) ?? []),
        ];
    },
    "every variable is an option of the program": (objects) => [
        ...Object.keys(settings(objects)).filter((name) => !options().has(name)),
        ...eachContainer(objects, ({ env = [] }, say) =>
            env.filter((one) => !options().has(one.name)).forEach((one) => say(one.name)),
        ),
    ],
    "every command is one of the program": (objects) =>
        eachContainer(objects, ({ command, args }, say) => {
            if (!command) commandFaults(args).forEach(say);
        }),
    "selectors find the pods that are meant": (objects) => {
        const { labels, owner, spec } = server(objects);
        const all = pods(objects);
        const only = (selector) => all.filter((pod) => matches(selector, pod.labels)).length === 1;
        return unmet({
            Deployment: matches(owner.spec.selector, labels) && only(owner.spec.selector),
            Service: ofKind(objects, "Service").every(
                (one) => matches(one.spec.selector, labels) && only(one.spec.selector),
            ),
            PodDisruptionBudget: ofKind(objects, "PodDisruptionBudget").every(
                (one) => matches(one.spec.selector, labels) && only(one.spec.selector),
            ),
            "topology spread":
                spec.topologySpreadConstraints?.length > 0 &&
                spec.topologySpreadConstraints.every((one) => matches(one.labelSelector, labels)),
            NetworkPolicy: ofKind(objects, "NetworkPolicy").every((one) =>
                all.some((pod) => matches(one.spec.podSelector, pod.labels)),
            ),
        });
    },
    "what is referred to is there": (objects) => {
        const [{ spec: service }] = ofKind(objects, "Service");
        const wrong = eachContainer(objects, (one, say, pod) => {
            for (const { configMapRef } of one.envFrom ?? [])
                if (!named(objects, "ConfigMap", configMapRef?.name)) say("no such ConfigMap");
            for (const mount of one.volumeMounts)
                if (!pod.spec.volumes.some((volume) => volume.name === mount.name))
                    say(`no volume ${mount.name}`);
        });
        for (const pod of pods(objects)) {
            if (!named(objects, "ServiceAccount", pod.spec.serviceAccountName))
                wrong.push(`${pod.name}: account`);
            for (const { persistentVolumeClaim: claim } of pod.spec.volumes)
                if (claim && !named(objects, "PersistentVolumeClaim", claim.claimName))
                    wrong.push(claim.claimName);
        }
        const backend = ofKind(objects, "Ingress")[0].spec.rules[0].http.paths[0].backend.service;
        return wrong.concat(
            unmet({
                "Ingress: no such Service": named(objects, "Service", backend.name),
                "Ingress: no such port": service.ports.some((port) => port.name === backend.port.name),
                "Service: no such port": service.ports.every((port) =>
                    server(objects).spec.containers[0].ports.some((one) => one.name === port.targetPort),
                ),
                "HorizontalPodAutoscaler: no such Deployment": ofKind(
                    objects,
                    "HorizontalPodAutoscaler",
                ).every(({ spec }) => named(objects, spec.scaleTargetRef.kind, spec.scaleTargetRef.name)),
            }),
        );
    },
};
