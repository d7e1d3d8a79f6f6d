// Signed releases: made, checked by minisign itself, refused when anything is wrong with them, kept and pruned.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { execFile } from "node:child_process";
import {
    chmodSync,
    copyFileSync,
    existsSync,
    mkdirSync,
    readFileSync,
    readdirSync,
    rmSync,
    statSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { program, programEnvironment, root, temporaryFolder } from "../support/server.mjs";

let folder, data, built, about;
const at = (...names) => path.join(folder, ...names);
const release = (...words) => releaseOn(data, ...words);
const releaseOn = (where, ...words) =>
    new Promise((resolve) => {
        const env = programEnvironment({ BRAINBYTES_DATA: where });
        execFile(
            program,
            ["release", ...words],
            { env, cwd: root, timeout: 60_000 },
            (fault, stdout, stderr) => resolve({ code: fault ? fault.code : 0, stdout, stderr }),
        );
    });
const good = async (...words) => {
    const { code, stdout, stderr } = await release(...words);
    assert.equal(code, 0, stderr);
    return stdout;
};
const refused = async (...words) => {
    const { code, stderr } = await release(...words);
    assert.equal(code, 1, stderr);
    return stderr;
};
/** Packs the program under test, which was built from the commit it names. */
const pack = async (out, key = at("keys", "release.key")) =>
    JSON.parse(
        await good(
            "build",
            "--out",
            out,
            "--key",
            key,
            "--commit",
            about.commit,
            "--prebuilt",
            program,
            "--json",
        ),
    );

before(async () => {
    folder = temporaryFolder("bb-release");
    chmodSync(folder, 0o755);
    data = at("data");
    mkdirSync(data);
    about = JSON.parse(await good("about"));
    await good("keygen", at("keys"));
    built = await pack(at("out"));
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the program says what it is", () => {
    assert.match(about.commit, /^[0-9a-f]{12}$/);
    assert.match(about.target, /^linux-(x86_64|aarch64)$/);
    assert.ok(about.schemaMin > 0 && about.schemaMax >= about.schemaMin);
});

test("a key is written once, for its owner alone", async () => {
    assert.equal(statSync(at("keys", "release.key")).mode & 0o777, 0o600);
    assert.match(await refused("keygen", at("keys")), /is there already, and is left as it is/);
});

test("minisign finds the signature good, and that of a changed archive bad", () => {
    assert.ok(path.isAbsolute(built.path));
    const verify = (file) =>
        execFileSync("minisign", ["-V", "-p", at("keys", "release.pub"), "-m", file], {
            stdio: "pipe",
        }).toString();
    assert.match(
        verify(built.path),
        new RegExp(`verified[^]*brainbytes ${about.version}-${about.commit}.*${built.sha256}`),
    );
    const changed = at("changed.tar.zst");
    const bytes = readFileSync(built.path);
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(changed, bytes);
    copyFileSync(`${built.path}.minisig`, `${changed}.minisig`);
    assert.throws(() => verify(changed));
});

test("a key that minisign made signs too", async () => {
    mkdirSync(at("theirs"));
    const pair = ["-p", at("theirs", "pub"), "-s", at("theirs", "key")];
    execFileSync("minisign", ["-G", "-W", ...pair], { stdio: "pipe" });
    const signed = await pack(at("by-theirs"), at("theirs", "key"));
    execFileSync("minisign", ["-V", "-p", at("theirs", "pub"), "-m", signed.path], { stdio: "pipe" });
});

test("the same program gives the same bytes", async () => {
    const again = await pack(at("again"));
    assert.equal(again.sha256, built.sha256);
    assert.equal(again.version, `${about.version}-${about.commit}`);
    assert.deepEqual([again.schemaMin, again.schemaMax], [about.schemaMin, about.schemaMax]);
});

test("a host runs only what a key that it trusts has signed", async () => {
    assert.match(await refused("install", built.path), /No key of releases is trusted here yet/);
    await good("keygen", at("other"));
    await good("trust", at("other", "release.pub"));
    assert.match(
        await refused("install", built.path),
        /signed with the key [0-9A-F]{16}, which is not trusted here/,
    );
    const id = (await good("trust", at("keys", "release.pub"))).trim();
    assert.match(await good("trust"), new RegExp(id));
    await good("verify", built.path);
    await good("install", built.path);
    await good("install", built.path);
    const { releases } = JSON.parse(await good("list", "--json"));
    assert.equal(releases.length, 1);
    assert.equal(releases[0].prebuilt, true);
    const sum = execFileSync("b2sum", [built.path]).toString().slice(0, 128);
    assert.deepEqual([releases[0].blake2b, releases[0].trusted], [sum, true]);
    for (const name of ["brainbytes", "release.json", "sbom.json", "provenance.json", "NOTES.md", "LICENSE"])
        assert.ok(existsSync(path.join(releases[0].path, name)), name);
    const shown = JSON.parse(await good("show", about.commit.slice(0, 8)));
    const said = execFileSync(path.join(shown.path, "brainbytes"), ["--version"]).toString();
    assert.equal(said.trim(), about.version);
    // The key is changed: what the old one signed is refused.
    await good("trust", id, "--remove");
    assert.match(await refused("verify", built.path), /not trusted here/);
    assert.equal(JSON.parse(await good("show", built.version)).trusted, false);
    // Signed anew with another key, it is the same release.
    const again = at("again.tar.zst");
    copyFileSync(built.path, again);
    execFileSync("minisign", ["-S", "-s", at("other", "release.key"), "-m", again], { stdio: "pipe" });
    await good("install", again);
    assert.equal(JSON.parse(await good("show", built.version)).trusted, true);
    assert.match(await refused("trust", id, "--remove"), new RegExp(`No key ${id} is trusted here`));
    await good("trust", at("keys", "release.pub"));
});

test("what is changed, cut off, unsigned, or no release at all is refused with the reason", async () => {
    const copy = (name, change) => {
        const file = at(name);
        writeFileSync(file, change(readFileSync(built.path)));
        return file;
    };
    const bytes = readFileSync(built.path);
    for (const place of [0, 100, bytes.length >> 1, bytes.length - 1]) {
        const file = copy("bad.tar.zst", (all) => {
            all[place] ^= 4;
            return all;
        });
        copyFileSync(`${built.path}.minisig`, `${file}.minisig`);
        assert.match(await refused("install", file), /is not what was signed: it was changed or is cut off/);
    }
    const short = copy("short.tar.zst", (all) => all.subarray(0, all.length - 100));
    assert.match(
        await refused("install", short),
        /is not signed: there is no short\.tar\.zst\.minisig beside it/,
    );
    copyFileSync(`${built.path}.minisig`, `${short}.minisig`);
    assert.match(await refused("install", short), /cut off/);
    writeFileSync(`${short}.minisig`, "hello\n");
    assert.match(await refused("install", short), /none as minisign writes it/);
    assert.match(await refused("install", at("nowhere")), /There is no file/);
    // Signed by a trusted key, and still no release.
    const other = copy("letter.tar.zst", () => "Dear host");
    execFileSync("minisign", ["-S", "-s", at("keys", "release.key"), "-m", other], { stdio: "pipe" });
    assert.match(await refused("install", other), /is no release/);
});

test("an older release, and one for another processor, are refused", async () => {
    const edit = (change, notes) => {
        const work = at("edited");
        rmSync(work, { recursive: true, force: true });
        mkdirSync(work);
        execFileSync("tar", ["--zstd", "-xf", built.path, "-C", work]);
        const file = path.join(work, "release.json");
        writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), ...change }));
        if (notes) writeFileSync(path.join(work, "NOTES.md"), notes);
        const names = ["release.json", "brainbytes", "sbom.json", "provenance.json", "NOTES.md", "LICENSE"];
        const out = at("edited.tar.zst");
        execFileSync("tar", ["--zstd", "-cf", out, "-C", work, ...names]);
        execFileSync("minisign", ["-S", "-s", at("keys", "release.key"), "-m", out], { stdio: "pipe" });
        return out;
    };
    assert.match(
        await refused("install", edit({ target: "linux-riscv64" })),
        /is for linux-riscv64, and this host is/,
    );
    const older = edit({ commit: "00000000000a", committedAt: "2020-01-02T03:04:05.000000Z" });
    assert.match(await refused("install", older), /is older than .*, which is kept here/);
    await good("install", older, "--older");
    assert.equal(JSON.parse(await good("list", "--json")).releases.length, 2);
    // The same name, other content, a good signature.
    await good("install", older, "--older");
    const repacked = edit({ commit: "00000000000a", committedAt: "2020-01-02T03:04:05.000000Z" }, "other");
    await good("verify", repacked);
    assert.match(
        await refused("install", repacked, "--older"),
        /Another archive of .* is kept here, with other content/,
    );
    for (const name of ["../../etc/x", "."])
        assert.match(await refused("install", edit({ commit: name })), /has a name that is none/);
    // What was installed last stays.
    const kept = async () => JSON.parse(await good("list", "--json")).releases.map(({ version }) => version);
    assert.match(
        await good("prune", "--keep", "1", "--dry-run"),
        new RegExp(`^${built.version}\twould go\n$`),
    );
    assert.equal((await kept()).length, 2);
    // Nor does that go to which a rollback would lead.
    const [current, ledger] = ["current", "ledger.jsonl"].map((name) => path.join(data, "releases", name));
    const step = (name) =>
        JSON.stringify({ at: "2026-01-01T00:00:00.000000Z", release: name, step: "keep", result: "done" });
    writeFileSync(
        ledger,
        [built.version, `${about.version}-00000000000a`].map((name) => step(name) + "\n").join(""),
    );
    symlinkSync(`${about.version}-00000000000a`, current);
    assert.equal(await good("prune", "--keep", "1", "--dry-run"), "");
    for (const file of [current, ledger]) rmSync(file);
    await good("prune", "--keep", "1");
    assert.deepEqual(await kept(), [`${about.version}-00000000000a`]);
    assert.equal((await release("prune", "--keep", "0")).code, 2);
    await good("install", built.path);
    assert.deepEqual(
        readdirSync(path.join(data, "releases")).filter((name) => name.startsWith(".unfinished")),
        [],
    );
});

test("the papers name what is inside", async () => {
    const shown = JSON.parse(await good("show", built.version));
    const read = (name) => JSON.parse(readFileSync(path.join(shown.path, name), "utf8"));
    const sbom = read("sbom.json");
    assert.equal(sbom.bomFormat, "CycloneDX");
    const names = sbom.components.map(({ name }) => name);
    const packages = (list) =>
        readFileSync(path.join(root, "packages", `${list}.txt`), "utf8").match(/^[a-z]\S*/gm);
    const compiledIn = packages("compiled-in");
    for (const name of ["libboost1.81-dev", "libcli11-dev", "libxxhash-dev"])
        assert.ok(compiledIn.includes(name), name);
    for (const name of compiledIn) {
        assert.ok(packages("build").includes(name), `${name} is installed for building`);
        const version = execFileSync("dpkg-query", ["-W", "-f", "${Version}", name]).toString();
        assert.equal(sbom.components.find((one) => one.name === name)?.version, version, name);
    }
    for (const name of ["libpq5", "libsodium23", "marked", "dompurify", "katex", "svelte"])
        assert.ok(names.includes(name), `${name} in ${names.join(" ")}`);
    assert.ok(!names.includes("eslint"));
    for (const one of sbom.components) assert.match(one.purl, /^pkg:(deb\/debian|npm)\/\S+@\S+/);
    const provenance = read("provenance.json");
    const { externalParameters, buildType } = provenance.predicate.buildDefinition;
    assert.ok(externalParameters.commit.startsWith(about.commit));
    assert.match(buildType, /#prebuilt$/);
    const sum = execFileSync("sha256sum", [path.join(shown.path, "brainbytes")])
        .toString()
        .slice(0, 64);
    assert.equal(provenance.subject[0].digest.sha256, sum);
    assert.match(readFileSync(path.join(shown.path, "NOTES.md"), "utf8"), /^# \d+\.\d+\.\d+/);
});

test("a key with a password, and what is no key, are refused", async () => {
    writeFileSync(at("letter"), "Dear key\n");
    assert.match(
        await refused("build", "--out", at("none"), "--key", at("letter"), "--prebuilt", program),
        /letter is no key that signs releases/,
    );
    assert.match(await refused("trust", at("letter")), /letter is no public key of releases/);
    assert.ok(!existsSync(at("none")));
});
