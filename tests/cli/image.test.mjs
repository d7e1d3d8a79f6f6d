// The Dockerfile, read instruction by instruction and by dockerfilelint. Nothing is built here.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";

import { options } from "../support/manifests.mjs";
import { program, programEnvironment, root, temporaryFolder } from "../support/server.mjs";

const text = (name) => readFileSync(path.join(root, name), "utf8");
const dockerfile = text("Dockerfile");

/** The instructions: {word, rest}, with lines that go on joined and comments left out. */
const parse = (file) =>
    file
        .replace(/^#.*\n/gm, "")
        .replace(/\\\n/g, " ")
        .split("\n")
        .filter((line) => line.trim())
        .map((line) => /^(\w+)\s+(.*)$/.exec(line).slice(1))
        .map(([word, rest]) => ({ word, rest }));
const of = (file, word) =>
    parse(file)
        .filter((one) => one.word === word)
        .map((one) => one.rest);
/** The stage that becomes the image. */
const last = (file) => file.slice(file.lastIndexOf("\nFROM ") + 1);
/** Whether a list stands as JSON: no shell between it and the program. */
const isList = (rest) => /^\[("[^"]*"(, )?)+\]$/.test(rest ?? "");

/** Which patterns of a .dockerignore let a path into the build, the last that fits deciding; "**" alone is a wildcard. */
function goesIn(ignore, file) {
    let inside = true;
    for (const line of ignore.split("\n").filter((one) => one && !one.startsWith("#"))) {
        const pattern = line.replace(/^!/, "");
        const words = pattern
            .replace(/[.+]/g, "\\$&")
            .replace(/\*\*\//g, "<any>")
            .replace(/\*/g, "[^/]*")
            .replace(/<any>/g, "(.*/)?");
        if (new RegExp(`^${words}(/|$)`).test(file)) inside = line.startsWith("!");
    }
    return inside;
}

const rules = {
    "the base is pinned by a tag": (file) =>
        of(file, "FROM")
            .slice(0, -1)
            .every((rest) => /^debian:12(\.\d+)?-slim AS \w+$/.test(rest)),
    "the image is what scripts/image-root made, and nothing else": (file) =>
        of(file, "FROM").at(-1) === "scratch" &&
        of(last(file), "RUN").length === 0 &&
        of(last(file), "COPY").join() === "--from=root /image /" &&
        of(file, "RUN").includes("scripts/image-root /image /brainbytes"),
    "what it is made of has the fixes of its day": (file) =>
        of(file, "RUN").some((rest) => rest.startsWith("scripts/packages --upgrade run image ")),
    "it runs as a number that is not root": (file) => {
        const [uid, gid] = (of(last(file), "USER").at(-1) ?? "0:0").split(":").map(Number);
        return uid >= 10000 && gid >= 10000 && text("scripts/image-root").includes(`\naccount=${uid}\n`);
    },
    "nothing is fetched by address": (file) =>
        of(file, "ADD").length === 0 && !/\b(curl|wget)\b|https?:/.test(of(file, "RUN").join()),
    "no lists and no archives of packages stay": (file) =>
        of(file, "RUN")
            .filter((rest) => /scripts\/packages|apt-get/.test(rest))
            .every((rest) => /rm -rf .*\/var\/lib\/apt\/lists\/\*.* \/var\/cache\/apt\/archives/.test(rest)),
    "no secret is given to the build": (file) =>
        [...of(file, "ARG"), ...of(file, "ENV")].every((rest) =>
            rest
                .split(" ")
                .every(
                    (one) => !options().get(one.split("=")[0])?.secret && !/KEY|TOKEN|PASS|SECRET/.test(one),
                ),
        ),
    "what is set are options of the program": (file) =>
        of(file, "ENV")
            .flatMap((rest) => rest.split(" "))
            .map((one) => one.split("=")[0])
            .every((name) => name === "PATH" || options().has(name)),
    "what is copied is there, and let in": (file) =>
        of(file, "COPY")
            .filter((rest) => !rest.startsWith("--from"))
            .flatMap((rest) => rest.split(" ").slice(0, -1))
            .every(
                (source) =>
                    existsSync(path.join(root, source)) &&
                    (source === "." || goesIn(text(".dockerignore"), source)),
            ),
    "it starts without a shell, hears SIGTERM and keeps data in a volume": (file) =>
        isList(of(last(file), "ENTRYPOINT")[0]) &&
        isList(of(last(file), "CMD")[0]) &&
        of(last(file), "STOPSIGNAL")[0] === "SIGTERM" &&
        isList(of(last(file), "VOLUME")[0]) &&
        /BRAINBYTES_DATA=\/data\/\w+/.test(of(last(file), "ENV")[0]),
    "its port is the one that is listened on": (file) =>
        of(last(file), "ENV")[0].includes(`BRAINBYTES_LISTEN=0.0.0.0:${of(last(file), "EXPOSE")[0]}`),
    "it says which version it is": (file) =>
        of(last(file), "ARG").includes(`VERSION=${text("VERSION").trim()}`) &&
        /image\.version="\$\{VERSION\}"/.test(of(last(file), "LABEL").join()),
};

// A replacement in the Dockerfile that each rule must see.
const faults = {
    "the base is pinned by a tag": ["FROM debian:12-slim AS root", "FROM debian:latest AS root"],
    "the image is what scripts/image-root made, and nothing else": [
        "COPY --from=root /image /",
        "COPY --from=root / /",
    ],
    "what it is made of has the fixes of its day": [" --upgrade", ""],
    "it runs as a number that is not root": ["USER 10001:10001", "USER 10002:10002"],
    "nothing is fetched by address": ["EXPOSE", "ADD https://files.example/a /a\nEXPOSE"],
    "no lists and no archives of packages stay": [/ \/var\/lib\/apt\/lists\/\*/g, ""],
    "no secret is given to the build": ["ARG REVISION", "ARG OPENAI_API_KEY\nARG REVISION"],
    "what is set are options of the program": ["BRAINBYTES_LISTEN", "BRAINBYTES_LISTENS"],
    "what is copied is there, and let in": ["COPY packages packages", "COPY tests tests"],
    "it starts without a shell, hears SIGTERM and keeps data in a volume": ['CMD ["serve"]', "CMD serve"],
    "its port is the one that is listened on": ["EXPOSE 3000", "EXPOSE 3001"],
    "it says which version it is": [/ARG VERSION=.*/, "ARG VERSION=0.0.1"],
};

describe("the Dockerfile", () => {
    for (const [name, rule] of Object.entries(rules))
        test(name, () => {
            assert.ok(rule(dockerfile));
            const broken = dockerfile.replace(...faults[name]);
            assert.notEqual(broken, dockerfile);
            assert.ok(!rule(broken), "the rule does not see what breaks it");
        });

    test("dockerfilelint finds nothing", (t) => {
        const lint = path.join(root, "node_modules/.bin/dockerfilelint");
        if (!existsSync(lint)) return t.skip("dockerfilelint is not installed (npm ci)");
        const folder = temporaryFolder("bb-image");
        t.after(() => rmSync(folder, { recursive: true }));
        const check = (content) => {
            writeFileSync(path.join(folder, "Dockerfile"), content);
            return spawnSync(lint, [path.join(folder, "Dockerfile")], { encoding: "utf8" });
        };
        const done = check(dockerfile);
        assert.equal(done.status, 0, done.stdout);
        assert.notEqual(check(dockerfile.replaceAll("debian:12-slim", "debian")).status, 0);
    });
});

describe(".dockerignore", () => {
    const ignore = text(".dockerignore");

    test("what CMake reads goes in", () => {
        const read = [
            ...text("cmake/embedded.cmake").matchAll(/file\(READ \$\{CMAKE_SOURCE_DIR\}\/([^ )]+)/g),
        ];
        assert.ok(read.length >= 4);
        for (const [, file] of read) assert.ok(goesIn(ignore, file), file);
    });
    test("keeps secrets, data and former builds out", () => {
        for (const file of [
            ".env",
            ".env.production",
            "src/.env.local",
            "var/secret",
            ".git/config",
            "bin/brainbytes",
            "build/a",
            "web/node_modules/a/b",
            "web/dist/index.html",
            "release.key",
        ])
            assert.ok(!goesIn(ignore, file), file);
    });

    test("lets in all that the build reads", () => {
        const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" }).trim().split("\n");
        const read =
            /^(src|cmake|migrations|packages|scripts|web)\/|^(CMakeLists\.txt|CMakePresets\.json|VERSION)$/;
        assert.deepEqual(
            tracked.filter((file) => read.test(file) && !goesIn(ignore, file)),
            [],
        );
        // What CMake names outside of those folders.
        for (const [, file] of text("cmake/tests.cmake").matchAll(/CMAKE_SOURCE_DIR\}\/(bench\/[\w.]+)/g))
            assert.ok(goesIn(ignore, file), file);
    });
});

test("the image starts the program with words that it knows", () => {
    const [words] = of(last(dockerfile), "CMD").map(JSON.parse);
    const { stdout } = spawnSync(program, [...words, "--help"], {
        env: programEnvironment(),
        encoding: "utf8",
    });
    assert.match(stdout, new RegExp(`^Usage: brainbytes ${words.join(" ")} `, "m"));
});
