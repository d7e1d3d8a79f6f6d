// The steps of a deployment to AWS that the workflow calls, before stand-ins for docker, aws and curl.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { root } from "../support/server.mjs";
import { lacks, noted, stagePlace } from "../support/workplace.mjs";

/** A place with a clone that a stage on AWS is deployed from; `aws` and `docker` note what they are asked. */
function awsPlace(t, options) {
    const place = stagePlace(t, {
        ...options,
        tools: {
            aws: `echo "aws $*" >>"$SAID"
case "$1 $2" in
"ecr describe-images") [ -n "$IS_THERE" ]; exit ;;
"sts get-caller-identity") echo 123456789012 ;;
"ecr get-login-password") echo pass-of-ecr ;;
esac`,
            docker: `given=
[ "$1" != login ] || given=$(cat)
echo "docker $*" >>"$SAID"
case "$1" in
build) [ -z "$BROKEN" ] || exit 1
    for last; do :; done
    if [ "$last" = - ]; then tar -x -O cmake/commit.txt >>"$SAID"; else cat "$last"/*.p* >>"$SAID"; fi ;;
login) echo "$given" >>"$SAID"; echo "$DOCKER_CONFIG" >>"$SAID.config" ;;
esac`,
            curl: `${noted}; while [ "$1" != -o ]; do shift; done; echo authorities >"$2"`,
        },
    });
    for (const file of ["VERSION", "cmake/commit.txt", ".gitattributes", "deploy/aws/Dockerfile"])
        cpSync(path.join(root, file), path.join(place.repo, file));
    place.git("add", ".");
    place.git("commit", "-q", "-m", "two");
    const commit = place.git("rev-parse", "HEAD").trim();
    const version = readFileSync(path.join(root, "VERSION"), "utf8").trim();
    const tag = `${version}-${commit.slice(0, 12)}`;
    const env = { DEPLOY_TARGET: "aws", AWS_REGION: "us-east-1", BACKUP_PUBLIC: "age1public" };
    return {
        ...place,
        commit,
        version,
        tag,
        step: (name, more, stage) => place.step(name, { ...env, ...more }, stage),
    };
}

test("the image of a commit is built from it alone, and pushed by its name once", (t) => {
    const place = awsPlace(t, { serving: "0.1.0-old" });
    writeFileSync(path.join(place.repo, "cmake/commit.txt"), "changed, and not committed");
    const done = place.step("image");
    assert.equal(done.status, 0, done.stderr);
    const registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com";
    const image = `${registry}/brainbytes-staging:${place.tag}`;
    const said = place.said().split("\n");
    const folder =
        said.at(-1) &&
        said
            .find((line) => line.includes("IMAGE="))
            .split(" ")
            .at(-1);
    assert.deepEqual(said, [
        `aws ecr describe-images --repository-name brainbytes-staging --image-ids imageTag=${place.tag}`,
        "aws sts get-caller-identity --query Account --output text",
        `docker build --build-arg VERSION=${place.version} --build-arg REVISION=${place.commit} -t brainbytes:${place.tag} -`,
        place.commit,
        `-fsS --proto =https --max-time 60 --retry 3 -o ${folder}/database-authorities.pem ` +
            "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem",
        `docker build --build-arg IMAGE=brainbytes:${place.tag} -t ${image} ${folder}`,
        "age1public",
        "authorities",
        "aws ecr get-login-password",
        `docker login --username AWS --password-stdin ${registry}`,
        "pass-of-ecr",
        `docker push ${image}`,
    ]);
    assert.ok(folder.startsWith(place.folder) && !existsSync(folder));
    assert.equal(readFileSync(`${place.env.SAID}.config`, "utf8"), `${folder}/docker\n`);
    const had = place.said().split("\n").length;
    assert.match(place.step("image", { IS_THERE: "1" }).stdout, /is there/);
    assert.equal(place.said().split("\n").length, had + 1);
    assert.equal(place.step("image", { BROKEN: "1" }).status, 1);
    assert.doesNotMatch(place.said().split("\n").slice(had).join(), /push/);
    for (const name of ["AWS_REGION", "BACKUP_PUBLIC"])
        assert.match(place.step("image", { [name]: "" }).stderr, new RegExp(`${name} is empty`));
});

test("an image is deployed to AWS by its tag, and what is not well goes back", (t) => {
    const place = awsPlace(t, { serving: "0.1.0-old" });
    rmSync(path.join(place.repo, "build"), { recursive: true });
    place.next(place.tag);
    const waived = { CHECKLIST_WAIVE: "rollback=by the ledger of AWS" };
    assert.equal(place.step("deploy", waived).status, 0);
    assert.equal(
        place.said(),
        `deploy ${place.tag} --target aws --stage staging --waive rollback=by the ledger of AWS`,
    );
    const bad = place.step("verify", { FAILS: "verify" });
    assert.equal(bad.status, 1);
    assert.match(place.said(), /\nverify --stage staging\nrollback --stage staging --to 0\.1\.0-old$/);
    place.serve(place.tag);
    assert.equal(place.step("deploy").status, 0); // it was there before
    assert.match(place.step("verify", { FAILS: "verify" }).stderr, /which this run did not bring/);
});

test("what is compiled without a clone knows its commit from the archive", (t) => {
    if (lacks("cmake")) return t.skip(lacks("cmake"));
    const place = awsPlace(t, { serving: "0.1.0-old" });
    const source = path.join(place.folder, "archived");
    mkdirSync(source);
    execFileSync("sh", ["-c", `git -C "${place.repo}" archive HEAD | tar -x -C "${source}"`], {
        env: place.env,
    });
    const written = (from) => {
        const out = path.join(place.folder, "version.cpp");
        const script = path.join(root, "cmake/write-version.cmake");
        execFileSync("cmake", [`-DSOURCE=${from}`, `-DOUTPUT=${out}`, "-P", script], { env: place.env });
        return /commit = "(.*)"/.exec(readFileSync(out, "utf8"))[1];
    };
    assert.equal(written(source), place.commit.slice(0, 12));
    assert.equal(written(place.repo), place.commit.slice(0, 12));
    cpSync(path.join(root, "cmake/commit.txt"), path.join(source, "cmake/commit.txt"));
    assert.equal(written(source), "");
});
