#include "base/config/config.hpp"

namespace bb::config {
namespace {

constexpr Option table[] = {
    {"BRAINBYTES_URL", Kind::origin, "",
     "Public address, as people type it; unset: http://localhost and the port.", "https://brainbytes.example",
     ""},
    {"BRAINBYTES_LISTEN", Kind::address, "127.0.0.1:3000", "Address and port the server listens on.",
     "0.0.0.0:3000", ""},
    {"BRAINBYTES_TLS_CERT", Kind::text, "",
     "PEM file with the certificate chain, to speak https without a proxy; read again when it changes, "
     "by the account the server runs as.",
     "/etc/brainbytes/fullchain.pem", ""},
    {"BRAINBYTES_TLS_KEY", Kind::text, "", "PEM file with the certificate's private key.",
     "/etc/brainbytes/privkey.pem", ""},
    {"BRAINBYTES_DATA", Kind::folder, "./var",
     "Folder of everything that is kept: private database, files, outbox.", "/var/lib/brainbytes", ""},
    {"BRAINBYTES_STAGE", Kind::choice, "dev", "Which installation this is; selects .env.<stage>.",
     "production", "dev|staging|production"},
    {"DATABASE_URL", Kind::database, "",
     "PostgreSQL to use; unset: a private one inside BRAINBYTES_DATA. On another machine: over TLS, its "
     "certificate checked, unless it says sslmode.",
     "postgresql://brainbytes:password@db.example:5432/brainbytes", ""},
    {"BRAINBYTES_SECRET", Kind::secret, "",
     "Keys the hashes of sign-in and recovery codes, which another one voids, and what is stored sealed; "
     "unset: derived from DATABASE_URL, or made and kept in BRAINBYTES_DATA.",
     "a-long-random-text", ""},
    {"BRAINBYTES_SECRET_BEFORE", Kind::secret, "",
     "The former BRAINBYTES_SECRET, while something sealed with it is to be read; after `secret rotate` it "
     "may "
     "go.",
     "a-long-random-text", ""},
    {"BETTER_AUTH_SECRET", Kind::secret, "", "Another name for BRAINBYTES_SECRET, used when that is unset.",
     "a-long-random-text", ""},
    {"GITHUB_CLIENT_ID", Kind::text, "",
     "Client id of a GitHub OAuth app; with GITHUB_CLIENT_SECRET people may sign in with GitHub.",
     "Iv1.0123456789abcdef", ""},
    {"GITHUB_CLIENT_SECRET", Kind::secret, "", "Client secret of that OAuth app.",
     "0123456789abcdef0123456789abcdef01234567", ""},
    {"GITHUB_URL", Kind::url, "https://github.com",
     "Where people sign in: GitHub, or a GitHub Enterprise server.", "https://github.school.example", ""},
    {"GITHUB_API_URL", Kind::url, "",
     "API of that server; unset: https://api.github.com, or /api/v3 of another GITHUB_URL.",
     "https://github.school.example/api/v3", ""},
    {"OPENAI_API_KEY", Kind::secret, "",
     "Key for the language model; unset, with OPENAI_BASE_URL unset: answers are "
     "quoted from the materials.",
     "sk-...", ""},
    {"OPENAI_BASE_URL", Kind::url, "", "Any OpenAI-compatible server; unset: https://api.openai.com/v1.",
     "http://127.0.0.1:8080/v1", ""},
    {"OPENAI_MODEL", Kind::text, "gpt-4o-mini", "Name of the language model.", "gpt-4o-mini", ""},
    {"OPENAI_EMBEDDING_MODEL", Kind::text, "",
     "Name of an embedding model: materials are then searched by meaning too, and their passages are sent to "
     "it. "
     "Unset: by words alone. Another model needs another name.",
     "text-embedding-3-small", ""},
    {"OPENAI_EMBEDDING_BASE_URL", Kind::url, "",
     "OpenAI-compatible server of the embedding model, which is sent no key; unset: the one of the language "
     "model, "
     "with its key.",
     "http://127.0.0.1:8081/v1", ""},
    {"BRAINBYTES_MODEL_CONNECT_SECONDS", Kind::number, "5", "Longest wait for a connection to the model.",
     "5", "1..120"},
    {"BRAINBYTES_MODEL_FIRST_SECONDS", Kind::number, "30", "Longest wait for the first word of an answer.",
     "30", "1..600"},
    {"BRAINBYTES_MODEL_PAUSE_SECONDS", Kind::number, "20", "Longest silence inside an answer.", "20",
     "1..600"},
    {"BRAINBYTES_MODEL_TOTAL_SECONDS", Kind::number, "300", "Longest time for a whole answer.", "300",
     "1..3600"},
    {"SMTP_URL", Kind::mail_server, "",
     "Mail server; unset: mail is written to an outbox folder in BRAINBYTES_DATA. With smtp: the connection "
     "must "
     "turn to TLS, but to this machine and without a password.",
     "smtps://user:password@mail.example:465", ""},
    {"SSL_CERT_FILE", Kind::text, "",
     "PEM file with authorities that sign the certificates of mail server, model, GitHub, S3 and Cloudflare; "
     "unset: the "
     "system's.",
     "/etc/brainbytes/authorities.pem", ""},
    {"MAIL_FROM", Kind::mailbox, "BrainBytes <brainbytes@localhost>", "Sender of the mail.",
     "BrainBytes <tutor@school.example>", ""},
    {"BACKUP_TO", Kind::places, "",
     "Where backups are kept, separated by commas: folders, best on another disk, or s3://BUCKET/PREFIX; "
     "?keep=DAYS/WEEKS/MONTHS behind one keeps others than 7/4/12. Unset: backups in BRAINBYTES_DATA.",
     "/mnt/backups/brainbytes,s3://school-backups/brainbytes?keep=14/8/24", ""},
    {"BACKUP_EVERY_HOURS", Kind::number, "24", "How often a server makes a backup by itself; 0: never.", "6",
     "0..720"},
    {"BACKUP_PHYSICAL_EVERY_DAYS", Kind::number, "7",
     "How often a server copies the files of the whole database by itself: recovery to any second begins at "
     "such a copy; 0: never.",
     "1", "0..90"},
    {"BACKUP_WAL_DAYS", Kind::number, "7",
     "How far back any second can be recovered, by the write-ahead log that goes where the backups go while "
     "it is written; 0: no log is kept.",
     "14", "0..365"},
    {"DRILL_EVERY_DAYS", Kind::number, "30",
     "How often a server practises the recovery from its newest backup by itself, where it has the private "
     "key; 0: "
     "never.",
     "7", "0..365"},
    {"BACKUP_KEY_FILE", Kind::text, "",
     "File with the keys that backups are sealed to, as `backup keygen` writes it; the line \"public\" is "
     "enough "
     "to "
     "make backups. Unset: backup.key in BRAINBYTES_DATA, made at the first backup.",
     "/etc/brainbytes/backup.pub", ""},
    {"S3_BUCKET", Kind::bucket, "",
     "Where uploaded files are kept, BUCKET or BUCKET/PREFIX, for this installation alone; unset: in "
     "BRAINBYTES_DATA. See docs/files.md.",
     "school-files/production", ""},
    {"S3_BUCKET_BEFORE", Kind::bucket, "",
     "Where uploaded files were kept before: what is not found elsewhere is read there, until \"brainbytes "
     "blobs "
     "move\" has moved it.",
     "school-files/production", ""},
    {"S3_ENDPOINT", Kind::url, "", "Service that speaks like S3 (MinIO, Ceph and others); unset: AWS itself.",
     "https://minio.school.example:9000", ""},
    {"S3_REGION", Kind::text, "", "Region of the buckets; unset: us-east-1.", "eu-central-1", ""},
    {"S3_ACCESS_KEY_ID", Kind::text, "",
     "Id of a key that may list the bucket, and read, write and delete its objects.", "school-backups", ""},
    {"S3_SECRET_ACCESS_KEY", Kind::secret, "", "Secret of that key.", "a-long-random-text", ""},
    {"S3_SESSION_TOKEN", Kind::secret, "", "Session token, where the key is a temporary one.",
     "a-long-random-text", ""},
    {"S3_ADDRESSING", Kind::choice, "automatic",
     "Whether the bucket stands in the path or in the name of the host; automatic: in the path where "
     "S3_ENDPOINT is set.",
     "virtual-host", "automatic|path|virtual-host"},
    {"AWS_ENDPOINT_URL", Kind::url, "", "Another name for S3_ENDPOINT, used when that is unset.",
     "https://minio.school.example:9000", ""},
    {"AWS_REGION", Kind::text, "", "Another name for S3_REGION, used when that is unset.", "eu-central-1",
     ""},
    {"AWS_ACCESS_KEY_ID", Kind::text, "",
     "Another name for S3_ACCESS_KEY_ID, used with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN when that is "
     "unset.",
     "school-backups", ""},
    {"AWS_SECRET_ACCESS_KEY", Kind::secret, "", "Secret of AWS_ACCESS_KEY_ID.", "a-long-random-text", ""},
    {"AWS_SESSION_TOKEN", Kind::secret, "", "Session token of AWS_ACCESS_KEY_ID.", "a-long-random-text", ""},
    {"CLOUDFLARE_API_TOKEN", Kind::secret, "",
     "API token for \"brainbytes dns\"; it needs the permissions Zone.Zone read and Zone.DNS edit.",
     "a-long-random-text", ""},
    {"CLOUDFLARE_DEFAULT_ACCOUNT_ID", Kind::text, "",
     "Account whose zones are looked at; unset: of every account that the token reaches.",
     "0123456789abcdef0123456789abcdef", ""},
    {"CLOUDFLARE_API_URL", Kind::url, "https://api.cloudflare.com/client/v4",
     "Where that API is; plain http only on this machine.", "http://127.0.0.1:8787/client/v4", ""},
    {"BRAINBYTES_CONFIG", Kind::text, "",
     "File with [contacts], [rotas] and [escalation]: who is told of incidents; unset: brainbytes.toml in "
     "BRAINBYTES_DATA, if there is one. Without contacts the administrators are told.",
     "/etc/brainbytes/brainbytes.toml", ""},
    {"ALARM_WEBHOOK_URL", Kind::url, "", "Gets incidents as JSON, signed as standardwebhooks.com says.",
     "https://hooks.school.example/brainbytes", ""},
    {"ALARM_WEBHOOK_SECRET", Kind::secret, "", "Signs them.", "whsec_bG9uZy1yYW5kb20tdGV4dA==", ""},
    {"ALARM_NTFY_URL", Kind::url, "", "Topic of ntfy that gets incidents.", "https://ntfy.sh/a-secret-topic",
     ""},
    {"ALARM_SLACK_URL", Kind::url, "",
     "Incoming webhook of Slack, Mattermost or Rocket.Chat that gets incidents.",
     "https://hooks.slack.com/services/T000/B000/XXXX", ""},
    {"ALARM_ALERTMANAGER_URL", Kind::url, "", "Alertmanager that gets incidents.", "http://127.0.0.1:9093",
     ""},
    {"ALARM_DEADMAN_URL", Kind::url, "",
     "Asked every minute while somebody watches: a service that raises the alarm when that ends.",
     "https://hc-ping.com/00000000-0000-0000-0000-000000000000", ""},
    {"METRICS_TOKEN", Kind::secret, "", "Token that may read /api/metrics from another machine.",
     "a-long-random-text", ""},
    {"BRAINBYTES_TRUSTED_PROXIES", Kind::networks, "", "Proxies whose X-Forwarded-For is believed.",
     "127.0.0.1,10.0.0.0/8", ""},
    {"BRAINBYTES_QUOTAS", Kind::quotas, "person-tokens=500000,school-tokens=0",
     "Tokens of the language model that a person, and all together, may use in a day (UTC); 0: without a "
     "limit.",
     "person-tokens=200000,school-tokens=5000000", "person-tokens|school-tokens"},
    {"BRAINBYTES_RATE_LIMITS", Kind::rates,
     "person=120+5/s,network=240+10/s,mail-address=5+20/h,mail-network=60+20/m,try-address=20+2/m,"
     "try-network=160+60/m,pages=20+60/h,copies=10+20/h,share-person=30+10/m",
     "How much is allowed at once, and how much more comes back per second, minute or hour: a person's "
     "requests, those of who is not signed in, sign-in mails, tries to sign in, web pages a person has "
     "fetched, copies of shared materials, links to them. Limits left out keep their default.",
     "person=600+50/s,network=2000+100/s",
     "person|network|mail-address|mail-network|try-address|try-network|pages|copies|share-person"},
    {"BRAINBYTES_FETCH_ALLOW", Kind::networks, "",
     "Networks whose web pages people may have fetched, on any port, besides the public internet. Dangerous: "
     "whoever has an account reads through this server what these networks show it, with no password asked.",
     "10.20.0.0/16", ""},
    {"BRAINBYTES_FILE_MIB", Kind::number, "100", "Mebibytes of one file that comes as a resumable upload.",
     "50", "1..2000"},
    {"BRAINBYTES_STORAGE_MB", Kind::number, "2000", "Megabytes of files that a person may keep; 0: no bound.",
     "500", "0..1000000"},
    {"BRAINBYTES_THREADS", Kind::number, "0", "Event loops; 0: one per core.", "2", "0..256"},
    {"BRAINBYTES_DRAIN_SECONDS", Kind::number, "30",
     "Longest time to finish requests and answers when stopping.", "30", "0..3600"},
    {"BRAINBYTES_START_SECONDS", Kind::number, "120",
     "Longest time that a server of \"brainbytes supervise\" may take until it is ready.", "120", "1..240"},
    {"BRAINBYTES_LOG_LEVEL", Kind::choice, "info", "Least important lines that are logged.", "debug",
     "debug|info|warn|error"},
    {"BRAINBYTES_LOG_FORMAT", Kind::choice, "automatic",
     "Form of the log; automatic: text on a terminal, else JSON.", "json", "automatic|json|text"},
    {"BRAINBYTES_LOG_DAYS", Kind::number, "14",
     "How many days the log is kept in the folder logs of BRAINBYTES_DATA, at most 512 MiB of it; 0: only "
     "stderr has it.",
     "30", "0..365"},
    {"OTEL_EXPORTER_OTLP_ENDPOINT", Kind::url, "",
     "Collector of traces that speaks OTLP over HTTP; every request and every call of the model becomes a "
     "span there. Unset: none are sent.",
     "http://127.0.0.1:4318", ""},
};

}  // namespace

std::span<const Option> options() {
    return table;
}

const Option* find_option(std::string_view name) {
    for (const auto& option : table)
        if (option.name == name) return &option;
    return nullptr;
}

}  // namespace bb::config
