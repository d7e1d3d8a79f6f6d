// Field names and types of what deploy/kubernetes renders, as TypeScript's compiler finds them against the types that
// Kubernetes publishes for its objects: a misspelt field is found without a cluster.
import { spawnSync } from "node:child_process";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";

import { root, temporaryFolder } from "./server.mjs";

/** What is wrong with the fields of these objects, as the compiler says it; empty: nothing. */
export function fieldFaults(objects) {
    const folder = temporaryFolder("bb-types");
    try {
        symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
        const lines = objects.map((one, i) => {
            // "networking.k8s.io/v1" is "networking/v1" there, and "v1" is "core/v1".
            const version = one.apiVersion.replace(".k8s.io", "");
            const module = `kubernetes-types/${version.includes("/") ? version : `core/${version}`}`;
            return `export const o${i}: import("${module}").${one.kind} = ${JSON.stringify(one)};`;
        });
        writeFileSync(path.join(folder, "objects.ts"), lines.join("\n"));
        const flags = "--noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext".split(
            " ",
        );
        const done = spawnSync(path.join(root, "node_modules/.bin/tsc"), [...flags, "objects.ts"], {
            cwd: folder,
            encoding: "utf8",
        });
        if (done.error) throw done.error;
        return done.status === 0 ? "" : done.stdout || done.stderr;
    } finally {
        rmSync(folder, { recursive: true });
    }
}
