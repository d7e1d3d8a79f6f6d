// Rules for what deploy/kubernetes renders to, continued: the network, the namespace, how pods are replaced.
import { ofKind, pods, rules as first, seconds, server, settings, unmet } from "./manifests.mjs";

const anywhere = (peer) => peer.ipBlock?.cidr === "0.0.0.0/0";
const scaled = (objects) => ofKind(objects, "HorizontalPodAutoscaler").length > 0;
const volume = (objects, name) => server(objects).spec.volumes.find((one) => one.name === name);
const claim = (objects, name) =>
    ofKind(objects, "PersistentVolumeClaim").find(
        (one) => one.metadata.name === volume(objects, name)?.persistentVolumeClaim?.claimName,
    );

const more = {
    "nothing is reachable but what is named": (objects) => {
        const policies = ofKind(objects, "NetworkPolicy");
        const incoming = policies.flatMap((one) => one.spec.ingress ?? []);
        const outgoing = policies.flatMap((one) => one.spec.egress ?? []);
        return unmet({
            "no policy denies everything by default": policies.some(
                ({ spec }) =>
                    Object.keys(spec.podSelector).length === 0 &&
                    ["Ingress", "Egress"].every((type) => spec.policyTypes.includes(type)) &&
                    !spec.ingress &&
                    !spec.egress,
            ),
            "somebody may come in from anywhere":
                incoming.length > 0 &&
                incoming.every(
                    (one) =>
                        one.ports?.length && one.from?.every((peer) => peer.namespaceSelector?.matchLabels),
                ),
            "something may go out to anything": outgoing.every((one) => one.ports?.length && one.to?.length),
            "the machines' own networks are open": outgoing
                .flatMap((one) => one.to ?? [])
                .filter(anywhere)
                .every((peer) =>
                    ["10.0.0.0/8", "169.254.0.0/16"].every((net) => peer.ipBlock.except?.includes(net)),
                ),
            "names cannot be looked up": outgoing.some((one) => one.ports.some((port) => port.port === 53)),
            "the database cannot be reached":
                !scaled(objects) || outgoing.some((one) => one.ports.some((port) => port.port === 5432)),
        });
    },
    "the namespace lets in restricted pods alone": (objects) => {
        const [space] = ofKind(objects, "Namespace");
        return unmet({
            "not enforced": space.metadata.labels["pod-security.kubernetes.io/enforce"] === "restricted",
            "an object is elsewhere": objects.every(
                (one) => one === space || one.metadata.namespace === space.metadata.name,
            ),
        });
    },
    "no two servers share a data folder": (objects) => {
        const { strategy, replicas } = server(objects).owner.spec;
        const alone = strategy.type === "Recreate" && replicas === 1 && !scaled(objects);
        return unmet({
            "a volume for several servers": alone || Boolean(volume(objects, "data").emptyDir),
            "data that is lost with the pod":
                !alone || Boolean(volume(objects, "data").persistentVolumeClaim),
            "replaced before the next is ready": alone || strategy.rollingUpdate.maxUnavailable === 0,
            "the volume's rights are given anew at each start":
                server(objects).spec.securityContext.fsGroupChangePolicy === "OnRootMismatch",
            "both the autoscaler and the Deployment say how many": !scaled(objects) || replicas === undefined,
        });
    },
    "several servers share their uploaded files and secret": (objects) => {
        if (!scaled(objects)) return [];
        const { containers } = server(objects).spec;
        const required = (name) =>
            containers[0].env.some((one) => one.name === name && !one.valueFrom.secretKeyRef.optional);
        return unmet({
            "files that others do not see": claim(objects, "files")?.spec.accessModes.includes(
                "ReadWriteMany",
            ),
            "no DATABASE_URL": required("DATABASE_URL"),
            "no BRAINBYTES_SECRET": required("BRAINBYTES_SECRET"),
            "no PodDisruptionBudget": ofKind(objects, "PodDisruptionBudget").length === 1,
        });
    },
    "backups leave the cluster, and are looked at": (objects) => {
        if (!scaled(objects)) return [];
        const runs = (...words) =>
            pods(objects).some(
                ({ owner, containers }) =>
                    owner.kind === "CronJob" &&
                    owner.spec.concurrencyPolicy === "Forbid" &&
                    containers.some((one) => String(one.args) === String(words)),
            );
        return unmet({
            "not in S3": settings(objects).BACKUP_TO?.startsWith("s3://"),
            "none is made": runs("backup", "create"),
            "old ones stay": runs("backup", "prune"),
            "none is read back": runs("backup", "verify"),
        });
    },
    "answers stream through the ingress": (objects) => {
        const [{ metadata, spec }] = ofKind(objects, "Ingress");
        const annotation = (name) => metadata.annotations[`nginx.ingress.kubernetes.io/${name}`];
        const host = new URL(settings(objects).BRAINBYTES_URL).host;
        return unmet({
            "answers are held back": annotation("proxy-buffering") === "off",
            "cut while they are being written":
                Number(annotation("proxy-read-timeout")) >=
                seconds(objects, "BRAINBYTES_MODEL_TOTAL_SECONDS"),
            "another host than BRAINBYTES_URL": spec.rules[0].host === host && spec.tls[0].hosts[0] === host,
        });
    },
};

/** All rules by name. */
export const rules = { ...first, ...more };
