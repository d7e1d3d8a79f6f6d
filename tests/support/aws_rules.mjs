// Rules for what `terraform show -json` says of a plan of deploy/aws. Each gives the addresses that break it.
//
//   rules["no public bucket"](plan)   // []

const every = (module) => [
    ...(module?.resources ?? []),
    ...(module?.child_modules ?? []).flatMap((child) => every(child)),
];

const parentOf = (address) => address.match(/^(module\.[^.]+\.)*/)[0];

/** Resources of one type, with what is not known before they are made as true in `unknown`. */
function resources(plan, type) {
    return plan.resource_changes
        .filter((one) => one.mode === "managed" && one.type === type && one.change.after)
        .map((one) => ({
            address: one.address,
            module: parentOf(one.address),
            after: one.change.after,
            unknown: one.change.after_unknown ?? {},
        }));
}

const isSet = (one, name) => Boolean(one.after[name]) || one.unknown[name] === true;
const addresses = (list) => list.map(({ address }) => address);

/** Policies as written in the files: a document whose resources are not known yet still tells its actions. */
function documents(plan) {
    const waiting = plan.resource_changes
        .filter((one) => one.type === "aws_iam_policy_document" && one.change.after)
        .map((one) => ({ address: one.address, statements: one.change.after.statement ?? [] }));
    const read = every(plan.prior_state?.values?.root_module)
        .filter((one) => one.type === "aws_iam_policy_document")
        .map((one) => ({ address: one.address, statements: one.values.statement ?? [] }));
    return [...waiting, ...read];
}

const allowing = (plan) =>
    documents(plan).flatMap(({ address, statements }) =>
        statements
            .filter(({ effect }) => (effect ?? "Allow") === "Allow")
            .map((statement) => ({ address, statement })),
    );

const principals = ({ principals: list }) => (list ?? []).flatMap(({ identifiers }) => identifiers ?? []);
const conditions = ({ condition: list }) => list ?? [];

// Actions that AWS knows no resources for.
const withoutResource = new Set([
    "cloudwatch:GetMetricData",
    "elasticloadbalancing:DescribeTargetGroups",
    "ecr:GetAuthorizationToken",
    "ecs:DescribeTaskDefinition",
    "ecs:RegisterTaskDefinition",
]);

/** The account's own right to a key, without which nobody could change it any more. */
const isOwnKey = ({ statement }) =>
    statement.actions.join() === "kms:*" &&
    principals(statement).every((who) => /^arn:aws:iam::\d+:root$/.test(who));

const containers = (plan) =>
    resources(plan, "aws_ecs_task_definition").flatMap((one) =>
        JSON.parse(one.after.container_definitions ?? "[null]").map((container) => ({
            address: one.address,
            container: container ?? {},
        })),
    );

/** References of an attribute in the files, such as which group a rule belongs to. */
function references(plan, address, attribute) {
    const bare = address.replace(/\[.*?\]/g, "");
    const within = (module, prefix) => [
        ...(module.resources ?? []).map((one) => ({ ...one, address: prefix + one.address })),
        ...Object.entries(module.module_calls ?? {}).flatMap(([name, call]) =>
            within(call.module, `${prefix}module.${name}.`),
        ),
    ];
    const found = within(plan.configuration.root_module, "").find((one) => one.address === bare);
    return found?.expressions?.[attribute]?.references ?? [];
}

const modernTls = new Set(["ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-TLS13-1-3-2021-06"]);

const hasBeside = (plan, type, one, good) =>
    resources(plan, type).some((other) => other.module === one.module && good(other.after));

const forbids = (statement, variable, value) =>
    statement.effect === "Deny" &&
    principals(statement).includes("*") &&
    conditions(statement).some((one) => one.variable === variable && one.values.includes(value));

const encrypted = {
    aws_db_instance: (one) => one.after.storage_encrypted && isSet(one, "kms_key_id"),
    aws_efs_file_system: (one) => one.after.encrypted && isSet(one, "kms_key_id"),
    aws_ssm_parameter: (one) => one.after.type === "SecureString" && isSet(one, "key_id"),
    aws_cloudwatch_log_group: (one) => isSet(one, "kms_key_id"),
    aws_sns_topic: (one) => isSet(one, "kms_master_key_id"),
    aws_cloudtrail: (one) => isSet(one, "kms_key_id"),
    aws_ecr_repository: (one) => one.after.encryption_configuration?.[0]?.encryption_type === "KMS",
    aws_kms_key: (one) => one.after.enable_key_rotation,
    aws_ecs_task_definition: (one) =>
        one.after.volume.every(
            ({ efs_volume_configuration: [efs] }) => !efs || efs.transit_encryption === "ENABLED",
        ),
};

function plainBuckets(plan) {
    const rule = "aws_s3_bucket_server_side_encryption_configuration";
    const algorithm = (values) => values.rule[0]?.apply_server_side_encryption_by_default[0]?.sse_algorithm;
    // The balancer writes its logs with S3's own keys alone.
    const wanted = (one) => (/-balancer-/.test(one.after.bucket) ? /^(AES256|aws:kms)$/ : /^aws:kms$/);
    return resources(plan, "aws_s3_bucket").filter(
        (one) => !hasBeside(plan, rule, one, (values) => wanted(one).test(algorithm(values))),
    );
}

const open = (network) => network === "0.0.0.0/0" || network === "::/0";

/** Rules by name: what each gives is what breaks it. */
export const rules = {
    "no public bucket": (plan) => {
        const block = [
            "block_public_acls",
            "block_public_policy",
            "ignore_public_acls",
            "restrict_public_buckets",
        ];
        const bare = resources(plan, "aws_s3_bucket").filter(
            (one) =>
                !hasBeside(plan, "aws_s3_bucket_public_access_block", one, (values) =>
                    block.every((name) => values[name]),
                ),
        );
        const shared = allowing(plan).filter(({ statement }) => principals(statement).includes("*"));
        return addresses([...bare, ...shared, ...resources(plan, "aws_s3_bucket_acl")]);
    },
    "buckets keep versions": (plan) =>
        addresses(
            resources(plan, "aws_s3_bucket").filter(
                (one) =>
                    !hasBeside(
                        plan,
                        "aws_s3_bucket_versioning",
                        one,
                        (values) => values.versioning_configuration[0]?.status === "Enabled",
                    ),
            ),
        ),
    "buckets over TLS alone": (plan) => {
        const strict = documents(plan).filter(
            ({ statements }) =>
                statements.some((one) => forbids(one, "aws:SecureTransport", "false")) &&
                statements.some((one) => forbids(one, "s3:TlsVersion", "1.2")),
        );
        return addresses(
            resources(plan, "aws_s3_bucket").filter(
                (one) =>
                    !strict.some(({ address }) => parentOf(address.replace(/data\..*/, "")) === one.module),
            ),
        );
    },
    "no * in an action": (plan) => [
        ...addresses(
            allowing(plan).filter(
                (one) =>
                    (one.statement.not_actions?.length ?? 0) > 0 ||
                    (one.statement.actions.some((action) => action.includes("*")) && !isOwnKey(one)),
            ),
        ),
        // A policy that is written otherwise, where its actions are not seen here.
        ...[
            "aws_iam_role_policy",
            "aws_iam_user_policy",
            "aws_s3_bucket_policy",
            "aws_sns_topic_policy",
        ].flatMap((type) =>
            addresses(
                resources(plan, type).filter(
                    ({ address }) =>
                        !references(plan, address, "policy").some((name) =>
                            name.startsWith("data.aws_iam_policy_document."),
                        ),
                ),
            ),
        ),
        ...addresses([
            ...resources(plan, "aws_iam_role_policy_attachment"),
            ...resources(plan, "aws_iam_user_policy_attachment"),
        ]),
    ],
    "rights name their resources": (plan) =>
        addresses(
            allowing(plan).filter(
                ({ statement }) =>
                    (statement.resources ?? []).includes("*") &&
                    principals(statement).length === 0 &&
                    !statement.actions.every((action) => withoutResource.has(action)),
            ),
        ),
    "encrypted at rest": (plan) => [
        ...Object.entries(encrypted).flatMap(([type, good]) =>
            addresses(resources(plan, type).filter((one) => !good(one))),
        ),
        ...addresses(plainBuckets(plan)),
    ],
    "the database is safe": (plan) =>
        addresses(
            resources(plan, "aws_db_instance").filter(
                ({ after }) =>
                    after.backup_retention_period < 7 || after.publicly_accessible || after.password,
            ),
        ),
    "production survives a zone, a region and a mistake": (plan) => {
        if (plan.variables.stage.value !== "production") return [];
        const databases = resources(plan, "aws_db_instance");
        const weak = databases.filter(
            ({ address, after }) =>
                !after.deletion_protection ||
                (address === "aws_db_instance.main" && (!after.multi_az || after.skip_final_snapshot)),
        );
        const copied =
            !plan.variables.copy.value || databases.some(({ address }) => /\.copy\[0\]$/.test(address));
        const loose = [
            ...resources(plan, "aws_lb").filter(({ after }) => !after.enable_deletion_protection),
            ...resources(plan, "aws_s3_bucket").filter(({ after }) => after.force_destroy),
        ];
        return [...addresses([...weak, ...loose]), ...(copied ? [] : ["no copy of the database"])];
    },
    "nothing but the balancer is open": (plan) => {
        const wide = resources(plan, "aws_vpc_security_group_ingress_rule").filter(
            ({ address, after }) =>
                (open(after.cidr_ipv4) || open(after.cidr_ipv6)) &&
                !(
                    [80, 443].includes(after.from_port) &&
                    after.to_port === after.from_port &&
                    references(plan, address, "security_group_id").includes("aws_security_group.balancer")
                ),
        );
        const inline = ["aws_security_group", "aws_default_security_group"].flatMap((type) =>
            resources(plan, type).filter(({ after }) => (after.ingress ?? []).length > 0),
        );
        const reachable = resources(plan, "aws_ecs_service").filter(
            ({ after }) => after.network_configuration[0].assign_public_ip,
        );
        return addresses([...wide, ...inline, ...reachable, ...resources(plan, "aws_security_group_rule")]);
    },
    "modern TLS, and nothing without": (plan) =>
        addresses(
            resources(plan, "aws_lb_listener").filter(({ after }) =>
                after.protocol === "HTTPS"
                    ? !modernTls.has(after.ssl_policy)
                    : after.default_action[0].redirect?.[0]?.protocol !== "HTTPS",
            ),
        ),
    "the firewall stands before the balancer": (plan) => {
        const limits = resources(plan, "aws_wafv2_web_acl").filter(
            ({ after }) =>
                !after.rule.some(({ statement }) => statement[0].rate_based_statement.length > 0) ||
                !after.rule.some(({ statement }) => statement[0].managed_rule_group_statement.length > 0),
        );
        const bare = resources(plan, "aws_lb").filter(
            () => resources(plan, "aws_wafv2_web_acl_association").length === 0,
        );
        return addresses([...limits, ...bare]);
    },
    "the task may do little": (plan) =>
        addresses(
            containers(plan).filter(
                ({ container }) =>
                    !container.readonlyRootFilesystem ||
                    container.privileged !== false ||
                    !/^[1-9]\d*$/.test(container.user ?? "") ||
                    !container.linuxParameters?.capabilities?.drop?.includes("ALL"),
            ),
        ),
    "a bad release goes back": (plan) =>
        addresses(
            resources(plan, "aws_ecs_service").filter(({ after }) => {
                const [breaker] = after.deployment_circuit_breaker;
                const [alarms] = after.alarms ?? [];
                const watched = alarms?.enable && alarms.rollback && alarms.alarm_names.length > 0;
                return !breaker?.enable || !breaker.rollback || !watched;
            }),
        ),
    "what happens is noted": (plan) => {
        const flows = resources(plan, "aws_flow_log");
        const unseen = resources(plan, "aws_vpc").filter(
            (one) => !flows.some((flow) => flow.module === one.module && flow.after.traffic_type === "ALL"),
        );
        const silent = resources(plan, "aws_lb").filter(({ after }) => !after.access_logs[0]?.enabled);
        const loose = resources(plan, "aws_cloudtrail").filter(
            ({ after }) => !after.enable_log_file_validation || !after.is_multi_region_trail,
        );
        return addresses([...unseen, ...silent, ...loose]);
    },
    "only one environment of the repository releases": (plan) =>
        addresses(
            allowing(plan).filter(({ statement }) => {
                if (!statement.actions.includes("sts:AssumeRoleWithWebIdentity")) return false;
                const wanted = (suffix, pattern) =>
                    conditions(statement).some(
                        ({ test, variable, values }) =>
                            test === "StringEquals" &&
                            variable.endsWith(suffix) &&
                            values.every((value) => pattern.test(value)),
                    );
                return (
                    !wanted(":sub", /^repo:[^*/]+\/[^*/]+:environment:[a-z]+$/) || !wanted(":aud", /^sts\./)
                );
            }),
        ),
};

/** The containers of a plan, with their names and values of options. */
export const containersOf = (plan) => containers(plan).map(({ container }) => container);
