// The scripts that the workflows call, run on a small repository with stand-ins for the programs that would reach out:
// bin/brainbytes (which notes what it is asked to do), gh and checkov. Signing itself is in release.test.mjs.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";

import { changes, loosen, pin } from "../../scripts/update-packages.mjs";
import { lacks, mode, noted, stagePlace, workplace } from "../support/workplace.mjs";

test("a release is signed with the key of the secret, which is private meanwhile and gone afterwards", (t) => {
    const place = workplace(t, {
        brainbytes: `${noted}
while [ "$1" != --key ]; do if [ "$1" = --out ]; then out=$2; fi; shift; done
stat -c %a "$2" >>"$SAID"; cat "$2" >>"$SAID"; echo "[$RELEASE_KEY]" >>"$SAID"
: >"$out/x.tar.zst"; [ -z "$FAILS" ]`,
    });
    const done = place.run({ RELEASE_KEY: "line 1\nline 2" }, "pipeline", "release");
    assert.equal(done.status, 0, done.stderr);
    const [call, ...rest] = place.said().split("\n");
    assert.match(call, /^release build --out build\/release --key \S+$/);
    assert.deepEqual(rest, ["600", "line 1", "line 2", "[]"]);
    const key = call.split(" ").at(-1);
    assert.ok(key.startsWith(place.folder) && !existsSync(key));

    const failed = place.run({ RELEASE_KEY: "k", FAILS: "1" }, "pipeline", "release");
    assert.equal(failed.status, 1);
    assert.ok(
        !existsSync(
            place
                .said()
                .split("\n")
                .findLast((line) => /^release/.test(line))
                .split(" ")
                .at(-1),
        ),
    );

    const without = place.run({}, "pipeline", "release");
    assert.equal(without.status, 1);
    assert.match(without.stderr, /RELEASE_KEY is empty/);
});

test("access is written for ssh alone, taken away again, and never over what is somebody's", (t) => {
    if (lacks("ssh-keygen")) return t.skip(lacks("ssh-keygen"));
    const place = workplace(t);
    const made = path.join(place.folder, "key");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", made]);
    const secrets = {
        DEPLOY_SSH_KEY: readFileSync(made, "utf8").trimEnd(),
        DEPLOY_KNOWN_HOSTS: "host ssh-ed25519 AAAA",
    };
    const key = path.join(place.ssh, "id_ed25519");
    const hosts = path.join(place.ssh, "known_hosts");
    const done = place.run(secrets, "pipeline", "access");
    assert.equal(done.status, 0, done.stderr);
    assert.deepEqual([mode(key), mode(hosts), mode(place.ssh)], [0o600, 0o600, 0o700]);
    assert.equal(readFileSync(key, "utf8"), readFileSync(made, "utf8"));
    assert.equal(readFileSync(hosts, "utf8"), "host ssh-ed25519 AAAA\n");
    assert.equal(place.run({}, "pipeline", "forget").status, 0);
    assert.ok(!existsSync(key) && !existsSync(hosts));

    const garbage = place.run({ ...secrets, DEPLOY_SSH_KEY: "no key" }, "pipeline", "access");
    assert.equal(garbage.status, 1);
    assert.match(garbage.stderr, /no private key/);
    assert.ok(!existsSync(key));
    for (const name of Object.keys(secrets))
        assert.match(place.run({ ...secrets, [name]: "" }, "pipeline", "access").stderr, new RegExp(name));

    writeFileSync(hosts, "mine\n");
    assert.equal(place.run(secrets, "pipeline", "access").status, 1);
    assert.equal(place.run({}, "pipeline", "forget").status, 0);
    assert.equal(readFileSync(hosts, "utf8"), "mine\n");
});

test("the one archive that was built is deployed to the stage", (t) => {
    const place = stagePlace(t, { serving: "0.1.0-old" });
    const archive = "build/release/brainbytes-0.1.0-new-linux-x86_64.tar.zst";
    assert.equal(place.step("deploy").status, 0);
    assert.equal(place.said(), `deploy ${archive} --stage staging`);
    const waived = {
        CHECKLIST_WAIVE: "review=a branch that is protected\n\nstakeholders=by the release notes",
    };
    assert.equal(place.step("deploy", waived, "production").status, 0);
    assert.equal(
        place.said().split("\n").at(-1),
        `deploy ${archive} --stage production --waive review=a branch that is protected ` +
            "--waive stakeholders=by the release notes",
    );
    assert.match(place.step("deploy", {}, "; id").stderr, /which stage/);
    writeFileSync(path.join(place.repo, "build/release/b.tar.zst"), "");
    assert.match(place.step("deploy").stderr, /no single archive/);
    rmSync(path.join(place.repo, "build/release"), { recursive: true });
    assert.match(place.step("deploy").stderr, /no single archive/);
});

test("without a file of stages nothing is deployed, and nothing looked at", (t) => {
    const place = stagePlace(t, { serving: "0.1.0-old" });
    rmSync(path.join(place.repo, "brainbytes.toml"));
    for (const step of ["deploy", "verify"]) {
        const done = place.step(step);
        assert.equal(done.status, 1);
        assert.match(done.stderr, /there is no brainbytes\.toml, which says where staging is/);
    }
    assert.equal(place.said(), "");
});

test("a stage that is not well goes back to what it had before this deployment, and the step fails", (t) => {
    const place = stagePlace(t, { serving: ["0.1.0-old", "0.1.0-old"], brings: ["0.1.0-new", "0.1.0-new"] });
    assert.equal(place.step("deploy").status, 0);
    assert.equal(place.step("verify").status, 0);
    const around = place.step("verify", { FAILS: "verify", CODE: "3" });
    assert.equal(around.status, 1);
    assert.match(around.stderr, /the release is well in staging, but not all around it is/);
    assert.match(place.step("verify", { FAILS: "verify", CODE: "2" }).stderr, /ended with exit code 2/);
    assert.match(place.said(), /\nverify --stage staging$/); // nobody goes back
    const bad = place.step("verify", { FAILS: "verify" });
    assert.equal(bad.status, 1);
    assert.match(bad.stderr, /is back on 0\.1\.0-old/);
    assert.match(place.said(), /\nverify --stage staging\nrollback --stage staging --to 0\.1\.0-old$/);
    place.serve("0.1.0-old");
    assert.equal(place.step("deploy").status, 0);
    const worse = place.step("verify", { FAILS: "verify rollback" });
    assert.equal(worse.status, 1);
    assert.match(worse.stderr, /needs somebody now/);
});

for (const [why, hosts, more = {}, after] of [
    ["nothing was deployed", { serving: "0.1.0-new" }, { deploy: false }],
    ["the deployment went back by itself", { serving: "0.1.0-old" }, { deploy: { FAILS: "deploy" } }],
    ["it was there before", { serving: "0.1.0-new" }],
    ["one host had it before", { serving: ["0.1.0-new", "0.1.0-old"], brings: ["0.1.0-new", "0.1.0-new"] }],
    ["no release was there before", { serving: "program" }],
    ["something else serves meanwhile", { serving: "0.1.0-old" }, {}, "0.1.0-other"],
    ["hosts differ meanwhile", { serving: "0.1.0-old" }, {}, ["0.1.0-new", "0.1.0-other"]],
    ["something else was brought", { serving: "0.1.0-old", brings: "0.1.0-other" }],
    ["another stage is meant", { serving: "0.1.0-old" }, { stage: "production" }],
])
    test(`a stage that is not well stays as it is when ${why}`, (t) => {
        const place = stagePlace(t, hosts);
        const { deploy = {}, stage = "staging" } = more;
        if (deploy) assert.equal(place.step("deploy", deploy).status, deploy.FAILS ? 1 : 0);
        if (after) place.serve(...[after].flat());
        const done = place.step("verify", { FAILS: "verify" }, stage);
        assert.equal(done.status, 1);
        assert.match(done.stderr, /which this run did not bring: look at it now/);
        assert.doesNotMatch(place.said(), /rollback/);
    });

test("the team is told how it ended, by an address that no list of processes shows", async (t) => {
    if (lacks("curl")) return t.skip(lacks("curl"));
    const curl = execFileSync("sh", ["-c", "command -v curl"], { encoding: "utf8" }).trim();
    const place = workplace(t, { curl: `${noted}; exec ${curl} "$@"` });
    assert.match(place.run({}, "pipeline", "notify", "staging").stdout, /nobody is told/);
    const bodies = [];
    const server = http.createServer(async (request, response) => {
        let text = "";
        for await (const piece of request) text += piece;
        bodies.push({ path: request.url, text });
        response.writeHead(request.url === "/refused" ? 403 : 200).end();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const notify = (target) =>
        new Promise((resolve) => {
            const env = { ...place.env, STATUS: 'fail"ure', RUN_URL: "https://ci.example/1" };
            env.NOTIFY_WEBHOOK = `http://127.0.0.1:${server.address().port}${target}`;
            const script = path.join(place.repo, "scripts/pipeline");
            const child = spawn("sh", ["-c", `"${script}" notify staging`], { env, cwd: place.repo });
            let said = "";
            child.stdout.on("data", (text) => (said += text));
            child.once("close", (code) => resolve({ code, said }));
        });
    assert.deepEqual(await notify("/hook/secret"), { code: 0, said: "" });
    assert.equal(bodies[0].path, "/hook/secret");
    assert.match(
        JSON.parse(bodies[0].text).text,
        /^Deployment to staging: failure \([0-9a-f]{7,}\) https:\/\/ci\.example\/1$/,
    );
    const refused = await notify("/refused");
    assert.equal(refused.code, 0); // the deployment went as it went
    assert.match(refused.said, /^::warning::The team was not told/);
    assert.match(place.said(), /--data-binary/);
    assert.doesNotMatch(place.said(), /hook|refused/);
});

test("packages are opened to their major version, and pinned to what was found", () => {
    const manifest = {
        name: "x",
        dependencies: { a: "1.2.3" },
        devDependencies: { b: "0.8.0", old: "npm:b@0.1.0", range: "^1.0.0" },
    };
    assert.deepEqual(loosen(manifest), {
        name: "x",
        dependencies: { a: "^1.2.3" },
        devDependencies: { b: "^0.8.0", old: "npm:b@0.1.0", range: "^1.0.0" },
    });
    const lock = {
        packages: { "node_modules/a": { version: "1.9.0" }, "node_modules/b": { version: "0.8.0" } },
    };
    const after = pin(manifest, lock);
    assert.deepEqual(after.dependencies, { a: "1.9.0" });
    assert.deepEqual(after.devDependencies, manifest.devDependencies);
    assert.deepEqual(changes(manifest, after), ["a 1.2.3 -> 1.9.0"]);
    assert.deepEqual(changes(manifest, manifest), []);
});

test("an update is tested, and proposed with the outcome; again, it takes the place of the one before", (t) => {
    const place = workplace(t, {
        make: 'echo "7 passed, $FAILS failed"; [ "$FAILS" = 0 ]',
        gh: `${noted}; if [ "$2" = list ]; then cat "$SAID.open" 2>/dev/null; fi; if [ "$2" = create ]; then echo 1 >"$SAID.open"; fi`,
    });
    const origin = path.join(place.folder, "origin.git");
    place.git("init", "-q", "--bare", origin);
    place.git("remote", "add", "origin", origin);
    assert.match(place.run({ FAILS: "0" }, "update-packages", "--test").stdout, /Nothing is newer/);
    assert.match(place.run({}, "propose-update", "build/update").stdout, /nothing to propose/);

    for (const [failed, version, word, verb] of [
        ["0", "2", "passed", "create"],
        ["3", "3", "failed", "edit"],
    ]) {
        writeFileSync(path.join(place.repo, "package.json"), `{"a":"${version}"}\n`);
        assert.equal(place.run({ FAILS: failed }, "update-packages", "--test").status, 0);
        const result = readFileSync(path.join(place.repo, "build/update/result.md"), "utf8");
        assert.match(result, new RegExp(`make test\` ${word}:[^]*7 passed, ${failed} failed`));
        place.git("checkout", "-q", "package.json");
        const done = place.run({}, "propose-update", "build/update");
        assert.equal(done.status, 0, done.stderr);
        assert.match(
            place.said().split("\n").at(-1),
            new RegExp(`^pr ${verb} .*--body-file build/update/result.md`),
        );
        assert.equal(
            place.git("show", "refs/remotes/origin/dependency-update:package.json"),
            `{"a":"${version}"}\n`,
        );
        place.git("checkout", "-q", "main");
    }
});

const list = (...words) => path.join(...words, "package.json");
for (const [what, change, said] of [
    [
        "another file",
        ({ repo }) => writeFileSync(path.join(repo, ".gitignore"), "/build/\n*\n"),
        /\.gitignore/,
    ],
    ["a new list", ({ repo }) => writeFileSync(path.join(repo, "package-lock.json"), "{}\n"), /create mode/],
    ["a list that is gone", ({ repo }) => rmSync(list(repo)), /delete mode/],
    ["a renamed file", ({ git }) => git("mv", "scripts/pipeline", "package-lock.json"), /rename/],
    [
        "a copied file",
        ({ repo }) => {
            writeFileSync(path.join(repo, "package-lock.json"), readFileSync(list(repo)));
            writeFileSync(list(repo), '{"a":"2"}\n');
        },
        /copy/,
    ],
    ["other rights", ({ repo }) => chmodSync(list(repo), 0o755), /mode change/],
    [
        "a link",
        ({ repo }) => {
            rmSync(list(repo));
            symlinkSync("/etc/passwd", list(repo));
        },
        /create mode 120000/,
    ],
    ["a binary file", ({ repo }) => writeFileSync(list(repo), "\0"), /-\t-\tpackage\.json/],
])
    test(`an update with more than changed lines in lists of packages is refused: ${what}`, (t) => {
        const place = workplace(t, { gh: noted });
        change(place);
        place.git("add", "--all");
        const patch = place.git("diff", "--cached", "--binary", "-M", "-C", "--find-copies-harder");
        place.git("reset", "-q", "--hard");
        mkdirSync(path.join(place.repo, "build/update"), { recursive: true });
        writeFileSync(path.join(place.repo, "build/update/update.patch"), patch);
        const done = place.run({}, "propose-update", "build/update");
        assert.equal(done.status, 1);
        assert.match(done.stderr, said);
        assert.match(done.stderr, /propose-update: the patch touches/);
        assert.equal(place.said(), "");
        assert.equal(place.git("branch", "--list", "dependency-update"), "");
    });

test("the scan of deploy/ fails when the scanner finds something, and when it is not there", (t) => {
    const place = workplace(t, { checkov: `${noted}; [ -z "$FAILS" ]` });
    assert.equal(place.run({}, "scan-deploy", "containers").status, 0);
    assert.match(place.said(), /--framework dockerfile kubernetes /);
    assert.equal(place.run({ FAILS: "1" }, "scan-deploy", "infrastructure").status, 1);
    const none = place.run({ PATH: "/usr/bin:/bin" }, "scan-deploy", "containers");
    assert.equal(none.status, 1);
    assert.match(none.stderr, /checkov is not installed/);
    assert.equal(place.run({}, "scan-deploy", "all").status, 1);
});
