#!/usr/bin/env node
// release-papers.mjs PROGRAM FOLDER compiled|prebuilt: writes what goes with a release, of the clone it stands in:
// sbom.json (CycloneDX 1.5: Debian's packages that the program is linked with or made of, npm's that are in the page),
// provenance.json (in-toto, SLSA provenance v1), NOTES.md (the newest part of CHANGELOG.md) and LICENSE.
// The same commit and packages give the same bytes.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const [program, folder, how] = process.argv.slice(2);
if (!folder || !["compiled", "prebuilt"].includes(how)) {
    console.error("usage: release-papers.mjs PROGRAM FOLDER compiled|prebuilt");
    process.exit(2);
}
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const read = (name) => fs.readFileSync(path.join(root, name), "utf8");
const say = (command, ...args) =>
    execFileSync(command, args, { encoding: "utf8", cwd: root, stdio: ["ignore", "pipe", "pipe"] }).trim();
const sha256 = (file) => createHash("sha256").update(fs.readFileSync(file)).digest("hex");
const version = read("VERSION").trim();
const commit = say("git", "-c", "safe.directory=*", "rev-parse", "HEAD");
const committedAt = new Date(
    Number(say("git", "-c", "safe.directory=*", "show", "-s", "--format=%ct", "HEAD")) * 1000,
);

/** The packages that files belong to; Debian knows some files by the name before /usr was merged. */
function debianPackages(files) {
    const names = files
        .map((file) => fs.realpathSync(file))
        .flatMap((file) => [file, file.replace(/^\/usr/, "")]);
    // Half of the names are not known: that is no failure.
    const { stdout } = spawnSync("dpkg-query", ["-S", ...new Set(names)], { encoding: "utf8" });
    const owners = new Map(
        stdout
            .trim()
            .split("\n")
            .map((line) => line.split(": ").reverse()),
    );
    for (const file of files) {
        const real = fs.realpathSync(file);
        if (!owners.has(real) && !owners.has(real.replace(/^\/usr/, "")))
            throw new Error(`${file} belongs to no package`);
    }
    return [...new Set(owners.values())].sort();
}

/** Those of which nothing is seen in a linked program. */
function debianPackagesCompiledIn() {
    return read("packages/compiled-in.txt")
        .split("\n")
        .filter((line) => line && !line.startsWith("#"));
}

function debianComponents() {
    const libraries = [...say("ldd", program).matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, file]) => file);
    const format = "${Package} ${Architecture} ${Version}\n";
    const packages = [...debianPackages(libraries), ...debianPackagesCompiledIn()].sort();
    const lines = say("dpkg-query", "-W", "-f", format, ...packages).split("\n");
    return lines.map((line) => {
        const [name, architecture, version] = line.split(" ");
        const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
        return { type: "library", name, version, purl };
    });
}

// A compiler that leaves parts of itself in the page.
const compiledIn = ["node_modules/svelte"];

function npmComponents() {
    const { packages } = JSON.parse(read("web/package-lock.json"));
    return Object.entries(packages)
        .filter(
            ([place, one]) =>
                compiledIn.includes(place) || (place && !one.dev && !one.devOptional && !one.optional),
        )
        .map(([place, one]) => {
            const name = place.replace(/^.*node_modules\//, "");
            const [algorithm, digest] = one.integrity.split(/-(.*)/s);
            return {
                type: "library",
                name,
                version: one.version,
                purl: `pkg:npm/${name.replace("@", "%40")}@${one.version}`,
                hashes: [
                    {
                        alg: algorithm.replace("sha", "SHA-"),
                        content: Buffer.from(digest, "base64").toString("hex"),
                    },
                ],
                ...(one.license ? { licenses: [{ license: { name: one.license } }] } : {}),
            };
        });
}

const sbom = {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: {
        timestamp: committedAt.toISOString(),
        component: {
            type: "application",
            name: "brainbytes",
            version,
            licenses: [{ license: { id: "MIT" } }],
            hashes: [{ alg: "SHA-256", content: sha256(program) }],
        },
    },
    components: [...debianComponents(), ...npmComponents()],
};

const inputs = [
    "package-lock.json",
    "web/package-lock.json",
    "packages/build.txt",
    "packages/run.txt",
    "packages/compiled-in.txt",
    "CMakePresets.json",
];
const provenance = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "brainbytes", digest: { sha256: sha256(program) } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
        buildDefinition: {
            buildType: `brainbytes-release/1#${how}`,
            externalParameters: { preset: "release", commit },
            resolvedDependencies: [
                { uri: "git:brainbytes", digest: { gitCommit: commit } },
                ...inputs.map((name) => ({
                    uri: `file:${name}`,
                    digest: { sha256: sha256(path.join(root, name)) },
                })),
            ],
        },
        runDetails: {
            builder: {
                id: "scripts/build",
                version: Object.fromEntries(
                    ["g++", "cmake", "node"].map((name) => [name, say(name, "--version").split("\n")[0]]),
                ),
            },
            metadata: { compiledByThisRun: how === "compiled" },
        },
    },
};

const notes = read("CHANGELOG.md").split(/^## /m)[1] ?? "";
const write = (name, text) => fs.writeFileSync(path.join(folder, name), text);
write("sbom.json", `${JSON.stringify(sbom, null, 2)}\n`);
write("provenance.json", `${JSON.stringify(provenance, null, 2)}\n`);
write("NOTES.md", `# ${notes.trim()}\n`);
write("LICENSE", read("LICENSE"));
