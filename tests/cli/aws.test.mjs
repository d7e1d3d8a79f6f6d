// deploy/aws: its layout, what its plans would make, by rules of our own, and with BB_LONG=1 an installation made,
// looked at and taken away again in an AWS that moto emulates.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { after, before, test } from "node:test";

import { containersOf, rules } from "../support/aws_rules.mjs";
import { program, programEnvironment, root } from "../support/server.mjs";
import { planned, prepare, startAws, terraform, variables, whatIsMissing } from "../support/terraform.mjs";

const missing = whatIsMissing();
const installations = ["production", "staging", "dr"];
const plans = {};
let aws, folder;

before(async () => {
    if (missing) return;
    aws = await startAws();
    folder = await prepare(aws);
    await Promise.all(installations.map(async (name) => (plans[name] = await planned(folder, name))));
});
after(async () => {
    folder?.remove();
    await aws?.stop();
});

/** A test that says why it is left out where something it needs is not installed. */
const check = (name, body) => test(name, (t) => (missing ? t.skip(missing) : body(t)));

check("the files are laid out as terraform does it, and make sense to it", async () => {
    const layout = await terraform(folder, "fmt", "-check", "-recursive", "-diff");
    assert.equal(layout.code, 0, layout.text);
    const sense = await terraform(folder, "validate", "-no-color");
    assert.equal(sense.code, 0, sense.text);
});

for (const [name, broken] of Object.entries(rules)) {
    check(`rule: ${name}`, () => {
        for (const installation of installations)
            assert.deepEqual(broken(plans[installation]), [], installation);
    });
}

/** Edits the first resource of a type that `where` picks. */
const edit = (type, change, where = () => true) => [
    (plan) => {
        const found = plan.resource_changes.find(
            (one) => one.type === type && one.mode === "managed" && where(one.change.after, one.address),
        );
        change(found.change.after, found);
    },
    type,
];
/** Takes all resources of a type away. */
const without = (type) => [
    (plan) => (plan.resource_changes = plan.resource_changes.filter((one) => one.type !== type)),
    `without ${type}`,
];
/** Adds a resource that the files do not have. */
const added = (type, values) => [
    (plan) =>
        plan.resource_changes.push({
            address: `${type}.new`,
            mode: "managed",
            type,
            change: { after: values },
        }),
    `with ${type}`,
];
/** Edits the first statement of a policy that `where` picks. */
const statement = (change, where = ({ effect }) => effect !== "Deny") => [
    (plan) => {
        const every = (module) => [
            ...(module?.resources ?? []),
            ...(module?.child_modules ?? []).flatMap((child) => every(child)),
        ];
        const lists = [
            ...plan.resource_changes.map((one) => [one.type, one.change.after?.statement]),
            ...every(plan.prior_state?.values?.root_module).map((one) => [one.type, one.values.statement]),
        ];
        const found = lists
            .filter(([type, list]) => type === "aws_iam_policy_document" && list)
            .flatMap(([, list]) => list)
            .find(where);
        change(found);
    },
    "a policy",
];
const container = (change) =>
    edit("aws_ecs_task_definition", (values) => {
        const list = JSON.parse(values.container_definitions);
        change(list[0]);
        values.container_definitions = JSON.stringify(list);
    });
const own = ({ effect, principals }) => effect !== "Deny" && principals.length === 0;
const listener = (protocol) => (values) => values.protocol === protocol;
const everybody = [{ type: "*", identifiers: ["*"] }];

/** For each rule, changes of a good plan that it must find. */
const mutations = {
    "no public bucket": [
        edit("aws_s3_bucket_public_access_block", (values) => (values.block_public_policy = false)),
        without("aws_s3_bucket_public_access_block"),
        added("aws_s3_bucket_acl", { acl: "public-read" }),
        statement(
            (one) => (one.principals = everybody),
            ({ actions, effect }) => effect !== "Deny" && actions.includes("s3:PutObject"),
        ),
    ],
    "buckets keep versions": [
        edit(
            "aws_s3_bucket_versioning",
            (values) => (values.versioning_configuration[0].status = "Suspended"),
        ),
    ],
    "buckets over TLS alone": [
        statement(
            (one) => (one.condition = []),
            ({ sid }) => sid === "OverTlsOnly",
        ),
        statement(
            (one) => (one.effect = "Allow"),
            ({ sid }) => sid === "NoOldTls",
        ),
    ],
    "no * in an action": [
        statement((one) => one.actions.push("*"), own),
        statement((one) => one.actions.push("s3:Get*"), own),
        statement((one) => (one.not_actions = ["iam:CreateUser"]), own),
        statement(
            (one) => (one.principals = [{ type: "AWS", identifiers: ["arn:aws:iam::123456789012:user/a"] }]),
            ({ sid }) => sid === "ByIam",
        ),
        added("aws_iam_role_policy", { policy: "{}" }),
        added("aws_iam_role_policy_attachment", {
            policy_arn: "arn:aws:iam::aws:policy/AdministratorAccess",
        }),
    ],
    "rights name their resources": [
        statement(
            (one) => (one.resources = ["*"]),
            ({ actions }) => actions.includes("iam:PassRole"),
        ),
        statement(
            (one) => one.actions.push("ecr:PutImage"),
            ({ actions }) => actions.includes("ecr:GetAuthorizationToken"),
        ),
    ],
    "encrypted at rest": [
        edit("aws_db_instance", (values) => (values.storage_encrypted = false)),
        edit("aws_efs_file_system", (values) => (values.encrypted = false)),
        edit("aws_ssm_parameter", (values) => (values.type = "String")),
        edit("aws_sns_topic", (_, one) => delete one.change.after_unknown.kms_master_key_id),
        edit("aws_cloudtrail", (_, one) => delete one.change.after_unknown.kms_key_id),
        edit("aws_cloudwatch_log_group", (_, one) => delete one.change.after_unknown.kms_key_id),
        edit(
            "aws_ecr_repository",
            (values) => (values.encryption_configuration[0].encryption_type = "AES256"),
        ),
        edit("aws_kms_key", (values) => (values.enable_key_rotation = false)),
        edit("aws_ecs_task_definition", (values) => {
            for (const { efs_volume_configuration: list } of values.volume)
                for (const one of list) one.transit_encryption = "DISABLED";
        }),
        edit(
            "aws_s3_bucket_server_side_encryption_configuration",
            (values) => (values.rule[0].apply_server_side_encryption_by_default[0].sse_algorithm = "AES256"),
            (_, address) => address.startsWith("module.backups."),
        ),
        without("aws_s3_bucket_server_side_encryption_configuration"),
    ],
    "the database is safe": [
        edit("aws_db_instance", (values) => (values.backup_retention_period = 1)),
        edit("aws_db_instance", (values) => (values.publicly_accessible = true)),
        edit("aws_db_instance", (values) => (values.password = "in the state")),
    ],
    "production survives a zone, a region and a mistake": [
        edit("aws_db_instance", (values) => (values.deletion_protection = false)),
        edit(
            "aws_db_instance",
            (values) => (values.multi_az = false),
            (_, address) => address === "aws_db_instance.main",
        ),
        edit("aws_lb", (values) => (values.enable_deletion_protection = false)),
        edit("aws_s3_bucket", (values) => (values.force_destroy = true)),
        without("aws_db_instance"),
    ],
    "nothing but the balancer is open": [
        edit("aws_vpc_security_group_ingress_rule", (values, one) => {
            one.address = "aws_vpc_security_group_ingress_rule.database";
            values.cidr_ipv4 = "0.0.0.0/0";
        }),
        edit("aws_vpc_security_group_ingress_rule", (values) => {
            Object.assign(values, { from_port: 22, to_port: 22, cidr_ipv4: "0.0.0.0/0" });
        }),
        edit("aws_vpc_security_group_ingress_rule", (values) => {
            Object.assign(values, { from_port: 443, to_port: 65535, cidr_ipv4: null, cidr_ipv6: "::/0" });
        }),
        edit("aws_security_group", (values) => (values.ingress = [{ cidr_blocks: ["0.0.0.0/0"] }])),
        edit("aws_ecs_service", (values) => (values.network_configuration[0].assign_public_ip = true)),
        added("aws_security_group_rule", { type: "ingress" }),
    ],
    "modern TLS, and nothing without": [
        edit(
            "aws_lb_listener",
            (values) => (values.ssl_policy = "ELBSecurityPolicy-2016-08"),
            listener("HTTPS"),
        ),
        edit("aws_lb_listener", (values) => (values.default_action[0].redirect = []), listener("HTTP")),
    ],
    "the firewall stands before the balancer": [
        edit("aws_wafv2_web_acl", (values) => values.rule.splice(0, 1)),
        edit("aws_wafv2_web_acl", (values) => values.rule.splice(1)),
        without("aws_wafv2_web_acl_association"),
    ],
    "the task may do little": [
        container((one) => (one.readonlyRootFilesystem = false)),
        container((one) => (one.privileged = true)),
        container((one) => (one.user = "0")),
        container((one) => delete one.user),
        container((one) => (one.linuxParameters.capabilities.drop = [])),
    ],
    "a bad release goes back": [
        edit("aws_ecs_service", (values) => (values.deployment_circuit_breaker[0].rollback = false)),
        edit("aws_ecs_service", (values) => (values.deployment_circuit_breaker = [])),
        edit("aws_ecs_service", (values) => (values.alarms[0].rollback = false)),
        edit("aws_ecs_service", (values) => (values.alarms = [])),
    ],
    "what happens is noted": [
        without("aws_flow_log"),
        edit("aws_lb", (values) => (values.access_logs = [])),
        edit("aws_cloudtrail", (values) => (values.enable_log_file_validation = false)),
    ],
    "only one environment of the repository releases": [
        statement(
            (one) =>
                (one.condition.find(({ variable }) => variable.endsWith(":sub")).values = ["repo:a/b:*"]),
            ({ actions }) => actions.includes("sts:AssumeRoleWithWebIdentity"),
        ),
        statement(
            (one) => (one.condition = one.condition.filter(({ variable }) => variable.endsWith(":sub"))),
            ({ actions }) => actions.includes("sts:AssumeRoleWithWebIdentity"),
        ),
    ],
};

for (const name of Object.keys(rules)) {
    check(`a plan that breaks it is found: ${name}`, () => {
        assert.ok(mutations[name]?.length > 0);
        for (const [index, [mutate, what]] of mutations[name].entries()) {
            const plan = structuredClone(plans.production);
            mutate(plan);
            assert.notDeepEqual(rules[name](plan), [], `${index + 1}: ${what}`);
        }
    });
}

check("what the task is given are options of the program, secrets only as references", () => {
    const shown = execFileSync(program, ["config", "show", "--json"], { env: programEnvironment() });
    const options = new Map(JSON.parse(shown).options.map((option) => [option.name, option]));
    for (const installation of installations) {
        const server = containersOf(plans[installation]).find(({ name }) => name === "server");
        for (const { name } of server.environment) {
            assert.ok(options.has(name), `${name} is no option`);
            assert.ok(!options.get(name).secret, `${name} is a secret`);
        }
        for (const { name, valueFrom } of server.secrets) {
            assert.ok(options.has(name), `${name} is no option`);
            assert.match(
                valueFrom,
                new RegExp(`^arn:aws:ssm:[a-z0-9-]+:\\d+:parameter/brainbytes/\\w+/${name}$`),
            );
        }
        const given = Object.fromEntries(server.environment.map(({ name, value }) => [name, value]));
        for (const { name } of server.secrets) given[name] = "x".repeat(40);
        const env = programEnvironment({ ...given, DATABASE_URL: "postgresql://a:b@localhost/a" });
        execFileSync(program, ["config", "check"], { env, stdio: "pipe" });
    }
});

check("what makes no sense is refused before anything is made", async () => {
    const wrong = {
        stage: "dev",
        tasks: 11,
        database_backup_days: 3,
        account: "12",
        secondary_region: "us-east-1",
    };
    const done = await terraform(folder, "plan", ...variables("production", wrong));
    assert.equal(done.code, 1);
    for (const words of ["staging or production", "0 to 10 servers", "7 to 35 days"])
        assert.match(done.text, new RegExp(words));
    assert.match(done.text, /twelve digits/);
    assert.match(done.text, /lost with it/);
    const other = await terraform(folder, "plan", ...variables("staging", { account: "999999999999" }));
    assert.match(other.text, /AWS account ID not allowed/, "credentials of another account");
});

check("the dashboard names what is made", () => {
    const { widgets } = JSON.parse(readFileSync(path.join(root, "monitoring/dashboard.json"), "utf8"));
    assert.ok(widgets.length >= 8);
    for (const { properties } of widgets) {
        assert.equal(properties.region, "us-east-1");
        // What the program measures itself is of no AWS resource.
        if (/Namespace=\\"BrainBytes\\"/.test(JSON.stringify(properties))) continue;
        assert.match(JSON.stringify(properties), /brainbytes-production|\/brainbytes\/production/);
    }
    const alarms = plans.production.resource_changes.filter(
        ({ type }) => type === "aws_cloudwatch_metric_alarm",
    );
    const high = alarms.find(({ change }) => change.after.alarm_name === "BrainBytes-HighErrorRate").change
        .after;
    const { statistic, period, threshold, comparison_operator } = high;
    assert.deepEqual(
        [statistic, period, threshold, comparison_operator],
        ["Sum", 300, 10, "GreaterThanThreshold"],
    );
});
