// A small repository with the scripts that workflows call, and stand-ins for the programs that would reach out.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";

import { root, temporaryFolder } from "./server.mjs";

/** A repository with our scripts, and `tools` {name: shell text} first on its PATH; "brainbytes" goes into bin/. */
export function workplace(t, tools = {}) {
    const folder = temporaryFolder();
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const repo = path.join(folder, "repo");
    for (const name of ["scripts", "bin", "../tools"]) mkdirSync(path.join(repo, name), { recursive: true });
    for (const name of [
        "pipeline",
        "propose-update",
        "update-packages",
        "update-packages.mjs",
        "scan-deploy",
    ])
        cpSync(path.join(root, "scripts", name), path.join(repo, "scripts", name));
    for (const [name, text] of Object.entries(tools)) {
        const file = path.join(repo, name === "brainbytes" ? "bin" : "../tools", name);
        writeFileSync(file, `#!/bin/sh\n${text}\n`);
        chmodSync(file, 0o755);
    }
    const env = {
        PATH: `${path.join(folder, "tools")}:${process.env.PATH}`,
        HOME: folder,
        TMPDIR: folder,
        SAID: path.join(folder, "said"),
        SSH_FOLDER: path.join(folder, "ssh"),
        GIT_CONFIG_NOSYSTEM: "1",
    };
    writeFileSync(env.SAID, "");
    const git = (...args) => execFileSync("git", args, { cwd: repo, env, encoding: "utf8" });
    git("init", "-q", "-b", "main");
    git("config", "user.name", "t");
    git("config", "user.email", "t@example.org");
    writeFileSync(path.join(repo, ".gitignore"), "/build/\n/bin/\n");
    writeFileSync(path.join(repo, "package.json"), '{"a":"1"}\n');
    git("add", ".");
    git("commit", "-q", "-m", "one");
    return {
        env,
        folder,
        repo,
        git,
        ssh: env.SSH_FOLDER,
        said: () => readFileSync(env.SAID, "utf8").trim(),
        run: (more, script, ...args) =>
            spawnSync(path.join(repo, "scripts", script), args, {
                cwd: folder,
                env: { ...env, ...more },
                encoding: "utf8",
            }),
    };
}

/** Why a test is left out; false: it is not. */
export const lacks = (program) =>
    spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0 && `${program} is not installed`;
/** Who may do what with a file. */
export const mode = (file) => statSync(file).mode & 0o777;
/** For a stand-in: it notes what it is asked. */
export const noted = 'echo "$@" >>"$SAID"';

/** A place with a stage and a built release "0.1.0-new": its hosts serve `serving`, and `deploy` brings `brings`. */
export function stagePlace(t, { serving, brings = "0.1.0-new", tools = {} }) {
    const place = workplace(t, {
        ...tools,
        brainbytes: `
case "$1 $2" in "deploy status") cat "$SAID.status"; grep -q true "$SAID.status"; exit ;; esac
${noted}
case " $FAILS " in *" $1 "*) exit \${CODE:-1} ;; esac
[ "$1" != deploy ] || cp "$SAID.next" "$SAID.status"`,
    });
    const write = (file, ...kept) => {
        const hosts = kept.map((name, at) => ({ host: `app${at}`, kept: name, fault: "" }));
        writeFileSync(file, JSON.stringify({ stage: "staging", hosts, same: new Set(kept).size === 1 }));
    };
    const serve = (...kept) => write(`${place.env.SAID}.status`, ...kept);
    serve(...[serving].flat());
    const next = (...kept) => write(`${place.env.SAID}.next`, ...kept);
    next(...[brings].flat());
    writeFileSync(path.join(place.repo, "brainbytes.toml"), "");
    mkdirSync(path.join(place.repo, "build/release"), { recursive: true });
    const archive = path.join(place.repo, "build/release/brainbytes-0.1.0-new-linux-x86_64.tar.zst");
    writeFileSync(archive, "");
    const step = (name, more = {}, stage = "staging") => place.run(more, "pipeline", name, stage);
    return { ...place, archive, serve, next, step };
}
