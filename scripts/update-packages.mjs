// update-packages.mjs FOLDER...: see scripts/update-packages. package.json pins exact versions, which npm never changes by
// itself: they are opened to their major version, npm resolves anew, and what it found is pinned again.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const kinds = ["dependencies", "devDependencies"];
const exact = /^\d+\.\d+\.\d+$/;

function mapVersions(manifest, change) {
    const mapped = { ...manifest };
    for (const kind of kinds)
        if (manifest[kind])
            mapped[kind] = Object.fromEntries(
                Object.entries(manifest[kind]).map(([name, version]) => [
                    name,
                    exact.test(version) ? change(name, version) : version,
                ]),
            );
    return mapped;
}

/** The same manifest with each exact version opened to what is compatible; aliases and ranges stay. */
export const loosen = (manifest) => mapVersions(manifest, (name, version) => `^${version}`);

/** The manifest with each exact version as the lock resolved it. */
export const pin = (manifest, lock) =>
    mapVersions(manifest, (name, version) => lock.packages[`node_modules/${name}`]?.version ?? version);

/** What differs between two manifests: ["name old -> new"]. */
export const changes = (before, after) =>
    kinds.flatMap((kind) =>
        Object.entries(after[kind] ?? {})
            .filter(([name, version]) => before[kind][name] !== version)
            .map(([name, version]) => `${name} ${before[kind][name]} -> ${version}`),
    );

function update(folder) {
    const file = path.join(folder, "package.json");
    const read = (name) => JSON.parse(readFileSync(path.join(folder, name), "utf8"));
    const write = (manifest) => writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
    // The lock names no registry, as it always did: whose npm has another one uses that.
    const options = ["--package-lock-only", "--omit-lockfile-registry-resolved", "--no-audit", "--no-fund"];
    const npm = (verb) =>
        execFileSync("npm", [verb, ...options, "--loglevel=error"], {
            cwd: folder,
            stdio: ["ignore", "ignore", "inherit"],
        });
    const before = read("package.json");
    let after = before;
    try {
        write(loosen(before));
        npm("update");
        after = pin(before, read("package-lock.json"));
    } finally {
        write(after);
    }
    npm("install");
    for (const line of changes(before, after)) console.log(`${folder}: ${line}`);
    if (changes(before, after).length === 0) console.log(`${folder}: nothing is newer`);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href)
    for (const folder of process.argv.slice(2)) update(folder);
