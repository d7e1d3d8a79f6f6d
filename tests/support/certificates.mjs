// Certificates for servers of tests, signed by themselves.
import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import path from "node:path";

/** Writes NAME.crt and NAME.key into `folder`, for these alternative names: {certificate, key}. */
export function makeCertificate(folder, name, names) {
    const certificate = path.join(folder, `${name}.crt`);
    const key = path.join(folder, `${name}.key`);
    const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`];
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30"];
    const out = ["-keyout", key, "-out", certificate];
    execFileSync("openssl", ["req", "-x509", ...kind, ...subject, ...out], { stdio: "ignore" });
    for (const file of [certificate, key]) chmodSync(file, 0o644);
    return { certificate, key };
}
