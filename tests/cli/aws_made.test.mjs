// An installation of deploy/aws made in an AWS that moto emulates, looked at, and taken away again. It takes minutes,
// as Terraform waits as long as AWS would take: BB_LONG=1, or make test-aws.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { planned, prepare, startAws, terraform, variables, whatIsMissing } from "../support/terraform.mjs";

const missing =
    whatIsMissing() || (Number(process.env.BB_LONG ?? 0) ? "" : "takes minutes: BB_LONG=1 runs it");

/** What moto does not keep and a second plan therefore would set again. docs/aws.md names the same. */
const forgotten = {
    aws_db_instance: [
        "performance_insights_enabled",
        "performance_insights_kms_key_id",
        "performance_insights_retention_period",
    ],
    aws_db_parameter_group: ["parameter"],
    aws_ecs_service: ["availability_zone_rebalancing", "health_check_grace_period_seconds"],
    aws_s3_bucket_replication_configuration: ["rule"],
    aws_vpc_security_group_egress_rule: ["description"],
    aws_vpc_security_group_ingress_rule: ["description"],
};

/** One call of the Parameter Store, as the AWS command line makes it. */
async function parameters(aws, verb, fields) {
    const response = await fetch(aws.url, {
        method: "POST",
        headers: {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": `AmazonSSM.${verb}`,
            authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/ssm/aws4_request",
        },
        body: JSON.stringify(fields),
    });
    assert.equal(response.status, 200);
    return response.json();
}

test("an installation is made, stays as it is, and goes without a rest", async (t) => {
    if (missing) return t.skip(missing);
    const aws = await startAws();
    t.after(() => aws.stop());
    const folder = await prepare(aws);
    t.after(() => folder.remove());
    // moto knows no copies of a file system; and what is protected could not be taken away again.
    const further = { copy_files: false, deletion_protection: false };
    const all = variables("production", further);
    const seconds = (since) => Math.round((Date.now() - since) / 1000);

    let since = Date.now();
    const made = await terraform(folder, "apply", "-auto-approve", ...all);
    assert.equal(made.code, 0, made.text.slice(-8000));
    console.log(`# ${made.text.match(/\d+ added/)[0]} in ${seconds(since)} s`);

    const kept = async () => {
        const list = {
            Path: "/brainbytes/production",
            Recursive: true,
            WithDecryption: true,
            MaxResults: 10,
        };
        const { Parameters } = await parameters(aws, "GetParametersByPath", list);
        return Object.fromEntries(Parameters.map(({ Name, Value }) => [path.basename(Name), Value]));
    };
    const secrets = await kept();
    const state = readFileSync(path.join(folder.path, "terraform.tfstate"), "utf8");
    assert.equal(secrets.DATABASE_PASSWORD.length, 48);
    assert.ok(secrets.DATABASE_URL.startsWith(`postgresql://brainbytes:${secrets.DATABASE_PASSWORD}@`));
    assert.notEqual(secrets.BRAINBYTES_SECRET, secrets.METRICS_TOKEN);
    for (const name of ["DATABASE_PASSWORD", "DATABASE_URL", "BRAINBYTES_SECRET", "METRICS_TOKEN"])
        assert.ok(!state.includes(secrets[name]), `${name} stands in the state`);

    const byHand = {
        Name: "/brainbytes/production/S3_SECRET_ACCESS_KEY",
        Type: "SecureString",
        Overwrite: true,
    };
    await parameters(aws, "PutParameter", { ...byHand, Value: "written-by-hand" });
    const again = await planned(folder, "production", further);
    const drift = again.resource_changes
        .filter(({ mode, change }) => mode === "managed" && change.actions.join() !== "no-op")
        .flatMap(({ address, type, change: { actions, before, after } }) => {
            assert.deepEqual(actions, ["update"], address);
            return Object.keys(after)
                .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
                .map((name) => ({ address, type, name }));
        });
    const unexplained = drift.filter(({ type, name }) => !forgotten[type]?.includes(name));
    assert.deepEqual(unexplained, []);

    since = Date.now();
    const updated = await terraform(folder, "apply", "-auto-approve", ...all);
    assert.equal(updated.code, 0, updated.text.slice(-8000));
    assert.deepEqual(
        { ...(await kept()), S3_SECRET_ACCESS_KEY: "" },
        { ...secrets, S3_SECRET_ACCESS_KEY: "" },
    );
    assert.equal((await kept()).S3_SECRET_ACCESS_KEY, "written-by-hand");
    console.log(`# applied again in ${seconds(since)} s`);

    // moto cannot take the policy of a file system away; it goes with the file system.
    const forgets = await terraform(folder, "state", "rm", "aws_efs_file_system_policy.files");
    assert.equal(forgets.code, 0, forgets.text);
    since = Date.now();
    const gone = await terraform(folder, "destroy", "-auto-approve", ...all);
    assert.equal(gone.code, 0, gone.text.slice(-8000));
    const rest = JSON.parse(readFileSync(path.join(folder.path, "terraform.tfstate"), "utf8")).resources;
    assert.deepEqual(
        rest.filter(({ mode }) => mode === "managed"),
        [],
    );
    console.log(`# taken away in ${seconds(since)} s`);
});
