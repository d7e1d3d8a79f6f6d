// Fills a server's database with the passages of many people. Those of a few are indexed by the server itself; the
// others, and one person with much, get copies of these rows, which is what the server would have written for them.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { runAs } from "./machine.mjs";
import { readPages, textsFrom } from "./search_texts.mjs";

const perPerson = 10_000;
const written = 4; // people whose texts the server has indexed itself
const copiesOfMuch = 10; // of such corpora, as one
const people = 100; // besides
const span = 10_000_000; // ids of one copy

const procedures = `
SET session_replication_role = replica;
SET synchronous_commit = off;
SET work_mem = '256MB';
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.other(id uuid, k bigint) RETURNS uuid IMMUTABLE LANGUAGE sql AS
    'SELECT md5(k || id::text)::uuid';
CREATE PROCEDURE pg_temp.copy_texts(base uuid, person uuid, k bigint) LANGUAGE sql AS $$
    INSERT INTO materials (id, owner_id, title)
        SELECT pg_temp.other(id, k), person, title FROM materials WHERE owner_id = base;
    INSERT INTO entries (id, owner_id, material_id, title, content, characters, position)
        SELECT pg_temp.other(id, k), person, pg_temp.other(material_id, k), title, content, characters, position
        FROM entries WHERE owner_id = base;
    INSERT INTO sources (id, owner_id, material_id, entry_id) OVERRIDING SYSTEM VALUE
        SELECT id + k * ${span}, person, pg_temp.other(material_id, k), pg_temp.other(entry_id, k)
        FROM sources WHERE owner_id = base;
    INSERT INTO passages (owner_id, source_id, ordinal, heading_path, start_at, end_at, text, language, length, page)
        SELECT person, source_id + k * ${span}, ordinal, heading_path, start_at, end_at, text, language, length, page
        FROM passages WHERE owner_id = base ORDER BY source_id, ordinal;
$$;
CREATE PROCEDURE pg_temp.copy_terms(base uuid, person uuid, k bigint) LANGUAGE sql AS $$
    INSERT INTO corpora (owner_id, passages, length)
        SELECT person, passages, length FROM corpora WHERE owner_id = base;
    INSERT INTO vocabulary (id, owner_id, term, passages) OVERRIDING SYSTEM VALUE
        SELECT id + k * ${span}, person, term, passages FROM vocabulary WHERE owner_id = base ORDER BY id;
    INSERT INTO vocabulary_trigrams (owner_id, trigram, term_id)
        SELECT person, trigram, term_id + k * ${span} FROM vocabulary_trigrams WHERE owner_id = base;
    INSERT INTO postings (owner_id, material_id, source_id, term_id, passages, hits)
        SELECT person, pg_temp.other(p.material_id, k), p.source_id + k * ${span}, p.term_id + k * ${span},
               p.passages, p.hits
        FROM postings p JOIN sources s ON s.id = p.source_id WHERE s.owner_id = base ORDER BY p.source_id;
$$;
CREATE PROCEDURE pg_temp.join_terms(bases uuid[], person uuid) LANGUAGE sql AS $$
    INSERT INTO corpora (owner_id, passages, length)
        SELECT person, sum(passages), sum(length) FROM unnest(bases) base JOIN corpora ON owner_id = base;
    INSERT INTO vocabulary (owner_id, term, passages)
        SELECT person, term, sum(passages) FROM unnest(bases) base JOIN vocabulary ON owner_id = base GROUP BY term;
    INSERT INTO vocabulary_trigrams (owner_id, trigram, term_id)
        SELECT DISTINCT person, t.trigram, mine.id FROM vocabulary_trigrams t
        JOIN vocabulary v ON v.id = t.term_id JOIN vocabulary mine ON mine.owner_id = person AND mine.term = v.term
        WHERE t.owner_id = ANY (bases);
    INSERT INTO postings (owner_id, material_id, source_id, term_id, passages, hits)
        SELECT person, pg_temp.other(p.material_id, k), p.source_id + k * ${span}, mine.id, p.passages, p.hits
        FROM unnest(bases) WITH ORDINALITY AS part (base, k)
        JOIN sources s ON s.owner_id = base JOIN postings p ON p.source_id = s.id
        JOIN vocabulary v ON v.id = p.term_id JOIN vocabulary mine ON mine.owner_id = person AND mine.term = v.term
        ORDER BY k, p.source_id;
$$;
`;

const list = (ids) => `ARRAY[${ids.map((id) => `'${id}'`)}]::uuid[]`;

/** Runs SQL as the superuser of the private cluster, each statement by itself: what it printed. */
async function psql({ sockets, name }, sql) {
    const folder = mkdtempSync(path.join(tmpdir(), "bb-psql-"));
    chmodSync(folder, 0o755);
    const file = path.join(folder, "script.sql");
    writeFileSync(file, sql);
    const options = ["-qXAt", "-v", "ON_ERROR_STOP=1", "-h", sockets, "-U", "postgres", "-d", name];
    try {
        return (await runAs(sockets, "psql", [...options, "-f", file])).stdout.trim();
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

const countOf = async (database, id) =>
    Number(await psql(database, `SELECT coalesce(sum(passages), 0) FROM corpora WHERE owner_id = '${id}'`));

/** Writes texts as this person until they have the passages they shall have. */
async function write(database, person, pages, seed) {
    const made = await person.request("/api/materials", { method: "POST", json: { title: "Everything" } });
    const entries = `/api/materials/${made.json.id}/entries`;
    let n = 0;
    for (const json of textsFrom(pages, seed)) {
        const { status, text } = await person.request(entries, { method: "POST", json });
        if (status !== 201) throw new Error(`POST ${entries}: ${status} ${text}`);
        n += 1;
        if (n % 6 === 0 && (await countOf(database, person.id)) >= perPerson) return;
    }
}

/** Settings under which rows come in fast; what is lost in a crash of the machine is of no use to anybody. */
async function hurry(database, on) {
    const settings = { fsync: "off", autovacuum: "off", full_page_writes: "off", max_wal_size: "16GB" };
    const lines = Object.entries(settings).map(([key, value]) =>
        on ? `ALTER SYSTEM SET ${key} = '${value}';` : `ALTER SYSTEM RESET ${key};`,
    );
    await psql(database, `${lines.join("\n")}\nSELECT pg_reload_conf();`);
}

async function signedIn(server, email) {
    const person = await server.as(email);
    return { ...person, id: (await person.request("/api/session")).json.user.id };
}

/**
 * {little, much, seconds, remark}: a person with 10,000 passages and one with 100,000, beside a hundred more who have
 * 10,000 each; and how long it took to bring them in.
 */
export async function loadPeople(server, database) {
    const began = performance.now();
    const pages = readPages();
    const writers = [];
    for (let i = 0; i < written; i += 1) writers.push(await signedIn(server, `writer-${i}@example.org`));
    const much = await signedIn(server, "much@example.org");
    await hurry(database, true);
    await Promise.all(writers.map((person, i) => write(database, person, pages, i + 1)));
    const indexed = performance.now();
    await psql(database, "ANALYZE");
    const bases = Array.from({ length: copiesOfMuch }, (_, i) => writers[i % written].id);
    const copy = (k) => `CALL pg_temp.copy_terms('${writers[k % written].id}', md5('${k}')::uuid, ${k});
        CALL pg_temp.copy_texts('${writers[k % written].id}', md5('${k}')::uuid, ${k});`;
    const texts = bases.map((base, i) => `CALL pg_temp.copy_texts('${base}', '${much.id}', ${i + 1});`);
    const copies = Array.from({ length: people - written + 1 }, (_, i) => copy(copiesOfMuch + 1 + i));
    const half = copies.length / 2 + 8;
    await psql(
        database,
        `INSERT INTO users (id, email, name, role) SELECT md5(k::text)::uuid, 'person-' || k || '@example.org', 'Person',
         'student' FROM generate_series(${copiesOfMuch + 1}, ${copiesOfMuch + copies.length}) k`,
    );
    await Promise.all([
        psql(database, `${procedures} ${copies.slice(0, half).join("\n")}`),
        psql(
            database,
            `${procedures} ${texts.join("\n")} CALL pg_temp.join_terms(${list(bases)}, '${much.id}');
             ${copies.slice(half).join("\n")}`,
        ),
    ]);
    const copied = performance.now();
    await psql(database, "VACUUM (ANALYZE)");
    await hurry(database, false);
    await psql(database, "CHECKPOINT");
    const all = await psql(database, "SELECT count(*), count(DISTINCT owner_id) FROM passages");
    const seconds = [indexed - began, copied - indexed, performance.now() - copied].map((ms) =>
        Math.round(ms / 1000),
    );
    return {
        little: { ...writers[0], passages: await countOf(database, writers[0].id) },
        much: { ...much, passages: await countOf(database, much.id) },
        remark: `${all.replace("|", " passages of ")} people, loaded in ${seconds.join(" + ")} s (indexed, copied, vacuumed)`,
    };
}
