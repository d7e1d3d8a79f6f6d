// The cluster's passwords, and the certificates by which its parts know each other. Made once and kept: each
// is a file of mode 0600 that can be put there by hand before, and none is ever a word on a command line.
import { execFileSync } from "node:child_process";
import { randomBytes, X509Certificate } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { Faults } from "./read.mjs";

const passwords = ["superuser", "replication", "rewind", "application", "backup"];
const years = (count) => String(count * 365);
const renewDays = 180;

function openssl(args, input) {
    try {
        return execFileSync("openssl", args, { input, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });
    } catch (fault) {
        if (fault.code === "ENOENT") throw new Faults(["openssl is missing: apt-get install openssl."]);
        throw new Faults([`openssl ${args[0]} failed: ${fault.stderr}`]);
    }
}

/** Writes what nobody else may read; an empty or wrong file that stands there already is told, not replaced. */
function keep(file, make) {
    if (!existsSync(file)) writeFileSync(file, make(), { mode: 0o600 });
    if ((statSync(file).mode & 0o077) !== 0) {
        throw new Faults([`${file} can be read by others: chmod 600 it, and change what it holds.`]);
    }
    const text = readFileSync(file, "utf8").trim();
    if (text === "") throw new Faults([`${file} is empty: write the secret into it, or remove it.`]);
    return text;
}

function password(folder, name) {
    const file = path.join(folder, `${name}.password`);
    const text = keep(file, () => `${randomBytes(24).toString("base64url")}\n`);
    // It goes into YAML, an URL, a userlist and SQL: what means something there is refused rather than quoted.
    if (!/^[A-Za-z0-9_-]{16,100}$/.test(text))
        throw new Faults([`${file}: 16 to 100 of A-Z, a-z, 0-9, _ and - are needed.`]);
    return text;
}

const newKey = () => openssl(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);

function authority(folder, scope) {
    const key = path.join(folder, "ca.key");
    const file = path.join(folder, "ca.crt");
    keep(key, newKey);
    if (!existsSync(file)) {
        const subject = ["-subj", `/CN=${scope} authority`, "-days", years(20)];
        openssl(["req", "-x509", "-new", "-key", key, ...subject, "-out", file]);
    }
    return { key, file, certificate: readFileSync(file, "utf8") };
}

/** Good for this machine still, and for a while. */
function isGood(file, names, issuer) {
    if (!existsSync(file)) return false;
    const certificate = new X509Certificate(readFileSync(file));
    const left = (new Date(certificate.validTo) - Date.now()) / 86_400_000;
    const shown = (certificate.subjectAltName ?? "").split(", ");
    const named = names.every(([kind, name]) => shown.includes(`${kind}:${name}`));
    return left > renewDays && named && certificate.verify(new X509Certificate(issuer).publicKey);
}

/** A machine's key and certificate. It names 127.0.0.1 too: that is where its programs reach every primary. */
function identity(folder, machine, ca) {
    const key = path.join(folder, `${machine.name}.key`);
    const file = path.join(folder, `${machine.name}.crt`);
    keep(key, newKey);
    const shown = [
        ["IP Address", machine.address],
        ["DNS", machine.name],
    ];
    if (!isGood(file, shown, ca.certificate)) {
        const request = openssl(["req", "-new", "-key", key, "-subj", `/CN=${machine.name}`]);
        const names = `IP:${machine.address},IP:127.0.0.1,DNS:${machine.name},DNS:localhost`;
        const extensions = path.join(folder, `${machine.name}.ext`);
        writeFileSync(extensions, `basicConstraints=CA:FALSE\nsubjectAltName=${names}\n`, { mode: 0o600 });
        const signed = ["-req", "-CA", ca.file, "-CAkey", ca.key, "-CAcreateserial", "-days", years(5)];
        openssl(["x509", ...signed, "-extfile", extensions, "-out", file], request);
    }
    const certificate = readFileSync(file, "utf8");
    const until = new Date(new X509Certificate(certificate).validTo).toISOString().slice(0, 10);
    return { key: readFileSync(key, "utf8"), certificate, until };
}

/** {superuser, ..., server, ca, of: Map(name -> {key, certificate, until})}; makes what is missing in `folder`. */
export function secretsOf(cluster, folder) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const found = Object.fromEntries(passwords.map((name) => [name, password(folder, name)]));
    found.server = keep(
        path.join(folder, "server.secret"),
        () => `${randomBytes(32).toString("base64url")}\n`,
    );
    const ca = authority(folder, cluster.scope);
    found.ca = ca.certificate;
    found.of = new Map(
        [...cluster.hosts, ...cluster.nodes].map((machine) => [machine.name, identity(folder, machine, ca)]),
    );
    return found;
}
