// scripts/review: what GitHub knows of a commit's pull request, as a record for the checklist. gh is a stand-in that
// answers as GitHub's API does.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { program, programEnvironment, root, temporaryFolder } from "../support/server.mjs";

const head = "a".repeat(40);
let folder, env, commit;

before(() => {
    folder = temporaryFolder();
    for (const name of ["repo/scripts", "tools", "answers"])
        mkdirSync(path.join(folder, name), { recursive: true });
    for (const name of ["review", "review.mjs", "evidence"])
        cpSync(path.join(root, "scripts", name), path.join(folder, "repo/scripts", name));
    const gh = path.join(folder, "tools/gh");
    // "commits/ID/pulls" -> answers/pulls, "pulls/7/reviews" -> answers/reviews; a second page is empty.
    writeFileSync(
        gh,
        `#!/bin/sh\necho "$2" >>"${folder}/asked"
case "$2" in *"page=1") name=\${2%%\\?*}; cat "${folder}/answers/\${name##*/}" ;; *) echo "[]" ;; esac\n`,
    );
    chmodSync(gh, 0o755);
    env = { PATH: `${folder}/tools:${process.env.PATH}`, HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
    const git = (...words) =>
        execFileSync("git", words, { cwd: path.join(folder, "repo"), env, encoding: "utf8" }).trim();
    git("init", "-q");
    git("remote", "add", "origin", "git@github.com:school/tutor.git");
    writeFileSync(path.join(folder, "repo/.gitignore"), "/build/\n");
    git("add", ".");
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "one");
    commit = git("rev-parse", "HEAD");
});
after(() => rmSync(folder, { recursive: true, force: true }));

const pull = { number: 7, merged_at: "2026-11-01T00:00:00Z", user: { login: "ana" }, head: { sha: head } };
const review = (login, state, more = {}) => ({
    user: { login, type: "User" },
    author_association: "MEMBER",
    commit_id: head,
    state,
    ...more,
});
/** What is recorded when GitHub answers so. */
function recorded({
    pulls = [pull],
    commits = [{ author: { login: "ana" }, committer: null }],
    reviews = [],
}) {
    const write = (name, list) => writeFileSync(path.join(folder, "answers", name), JSON.stringify(list));
    write("pulls", pulls);
    write("commits", commits);
    write("reviews", reviews);
    const done = spawnSync(path.join(folder, "repo/scripts/review"), { env, encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(readFileSync(path.join(folder, "repo/build/evidence/review.json"), "utf8"));
}

test("an approval of the last commit by somebody else counts, and is recorded with the names", () => {
    const found = recorded({ reviews: [review("ben", "APPROVED"), review("ben", "COMMENTED")] });
    assert.deepEqual(
        [found.commit, found.changed, found.result, found.detail],
        [commit, false, "passed", "pull request 7 of ana, approved by ben"],
    );
    const asked = readFileSync(path.join(folder, "asked"), "utf8").split("\n");
    assert.equal(asked[0], `repos/school/tutor/commits/${commit}/pulls?per_page=100&page=1`);
    assert.ok(asked.includes("repos/school/tutor/pulls/7/reviews?per_page=100&page=1"), asked.join("\n"));
});

for (const [what, answers] of [
    ["no review", {}],
    ["the author's own word", { reviews: [review("ana", "APPROVED")] }],
    [
        "the word of whoever made a commit of it",
        { commits: [{ author: { login: "ben" }, committer: null }], reviews: [review("ben", "APPROVED")] },
    ],
    ["a word on an earlier commit", { reviews: [review("ben", "APPROVED", { commit_id: "b".repeat(40) })] }],
    ["a word that was taken back", { reviews: [review("ben", "APPROVED"), review("ben", "DISMISSED")] }],
    [
        "a word beside one that wants changes",
        { reviews: [review("ben", "APPROVED"), review("cid", "CHANGES_REQUESTED")] },
    ],
    ["a program's word", { reviews: [review("ci", "APPROVED", { user: { login: "ci", type: "Bot" } })] }],
    ["a stranger's word", { reviews: [review("eve", "APPROVED", { author_association: "NONE" })] }],
])
    test(`${what} is no review`, () => {
        const found = recorded(answers);
        assert.equal(found.result, "failed");
        assert.match(found.detail, /pull request 7 of ana: nobody else of this repository has approved/);
    });

test("a commit that no merged pull request has brought, and a GitHub that does not answer, are recorded as that", () => {
    const none = recorded({ pulls: [{ ...pull, merged_at: null }] });
    assert.deepEqual([none.result, none.detail], ["failed", "no pull request has brought this commit"]);
    rmSync(path.join(folder, "answers/pulls"));
    const gh = path.join(folder, "tools/gh");
    writeFileSync(gh, "#!/bin/sh\nexit 1\n");
    const away = recorded({});
    assert.equal(away.result, "failed");
    assert.match(away.detail, /GitHub could not be asked/);
});

test("the box of the checklist is met by the record, or by a person's word", () => {
    const file = path.join(folder, "repo/build/evidence/review.json");
    const { version } = JSON.parse(execFileSync(program, ["release", "about"], { encoding: "utf8" }));
    const release = ["--stage", "production", "--release", `${version}-${commit.slice(0, 12)}`];
    const options = {
        cwd: path.join(folder, "repo"),
        env: programEnvironment({ BRAINBYTES_DATA: path.join(folder, "data") }),
        encoding: "utf8",
    };
    writeFileSync(path.join(folder, "repo/brainbytes.toml"), "[stages.production]\n");
    const box = (given) => {
        const at = new Date().toISOString().replace(/Z$/, "000Z");
        writeFileSync(file, JSON.stringify({ commit, changed: false, at, ...given }));
        const told = spawnSync(program, ["checklist", "pre", "--json", ...release], options);
        return JSON.parse(told.stdout).boxes.find(({ box: name }) => name === "review");
    };
    const met = box({ result: "passed", detail: "pull request 7 of ana, approved by ben" });
    assert.deepEqual([met.result, /approved by ben/.test(met.answer)], ["met", true]);
    const none = { result: "failed", detail: "no pull request has brought this commit" };
    assert.equal(box(none).result, "unmet");
    assert.match(box(none).answer, /no pull request has brought this commit; else a person has to say so/);
    const sign = ["checklist", "sign", "review", ...release, "--by", "Ana", "--note", "read"];
    assert.equal(spawnSync(program, sign, options).status, 0);
    assert.equal(box(none).result, "met");
});
