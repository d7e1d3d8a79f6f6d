// A thesaurus for the bench: WordNet 3.0 in the files of Debian's wordnet-base (wndb(5WN)). The product has none; what
// one would bring is what `make eval` shows with it.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

const kinds = ["noun", "verb", "adj", "adv"];
const longestQuestion = 500; // characters that a search takes

/** How WordNet takes endings off (morphy(7WN)). */
const endings = {
    noun: [
        ["s", ""],
        ["ses", "s"],
        ["xes", "x"],
        ["zes", "z"],
        ["ches", "ch"],
        ["shes", "sh"],
        ["men", "man"],
        ["ies", "y"],
    ],
    verb: [
        ["s", ""],
        ["ies", "y"],
        ["es", "e"],
        ["es", ""],
        ["ed", "e"],
        ["ed", ""],
        ["ing", "e"],
        ["ing", ""],
    ],
    adj: [
        ["er", ""],
        ["est", ""],
        ["er", "e"],
        ["est", "e"],
    ],
    adv: [],
};

// WordNet knows "in" as an inch and "do" as a party.
const functionWords = new Set(
    `a about after all an and any are as at be been before but by can could did do does doing each for from get gets
    give given go got had has have having he her his how i if in into is it its just know let like make many may me
    might more most much must my need no nor not now of off on one only or other our out over own say see should show
    so some still such take tell than that the their them then there these they this those through to too under until
    up us use used using very want was way we were what when where which while who whom why will with within without
    would you your`.split(/\s+/),
);

const words = (line) => line.trim().split(/ +/);

function readIndex(text) {
    const senses = new Map();
    for (const line of text.split("\n")) {
        if (line === "" || line.startsWith(" ")) continue;
        const [lemma, , count, pointers, ...rest] = words(line);
        senses.set(lemma, rest.slice(Number(pointers) + 2, Number(pointers) + 2 + Number(count)).map(Number));
    }
    return senses;
}

function readExceptions(file) {
    if (!existsSync(file)) return new Map();
    const lines = readFileSync(file, "latin1").split("\n").filter(Boolean);
    return new Map(lines.map((line) => [words(line)[0], words(line)[1]]));
}

/** The words of a synset, and where the next more general ones stand. */
function readSynset(data, offset) {
    const [facts] = data.slice(offset, data.indexOf("\n", offset)).split(" | ");
    const fields = words(facts);
    const count = Number.parseInt(fields[3], 16);
    const members = Array.from({ length: count }, (_, i) => fields[4 + 2 * i].replace(/\((a|p|ip)\)$/, ""));
    const pointers = fields.slice(5 + 2 * count);
    const hypernyms = [];
    for (let i = 0; i + 3 < pointers.length && hypernyms.length < Number(fields[4 + 2 * count]); i += 4)
        if (pointers[i] === "@") hypernyms.push(Number(pointers[i + 1]));
    return { members: members.map((word) => word.toLowerCase()), hypernyms };
}

class WordNet {
    constructor(folder) {
        const read = (name) => readFileSync(path.join(folder, name), "latin1");
        this.parts = kinds.map((kind) => ({
            senses: readIndex(read(`index.${kind}`)),
            data: read(`data.${kind}`),
            exceptions: readExceptions(path.join(folder, `${kind}.exc`)),
            endings: endings[kind],
        }));
    }

    /** The form of a word under which this part of speech has it. */
    base({ senses, exceptions, endings: rules }, word) {
        const shorter = rules
            .filter(([ending]) => word.endsWith(ending) && word.length > ending.length + 1)
            .map(([ending, instead]) => word.slice(0, -ending.length) + instead);
        return [word, exceptions.get(word), ...shorter].find((form) => senses.has(form));
    }

    /**
     * Other single words for one, of its first senses in each part of speech; with `hypernyms` more general ones too.
     */
    synonyms(word, { senses = 1, hypernyms = false } = {}) {
        const found = new Set();
        for (const part of this.parts) {
            const base = this.base(part, word);
            if (!base) continue;
            for (const offset of part.senses.get(base).slice(0, senses)) {
                const synset = readSynset(part.data, offset);
                const above = hypernyms
                    ? synset.hypernyms.map((at) => readSynset(part.data, at).members)
                    : [];
                for (const member of [...synset.members, ...above.flat()])
                    if (member !== base && member !== word && !member.includes("_")) found.add(member);
            }
        }
        return [...found];
    }

    /** A question with other words for each of its own behind it, as far as a search takes them. */
    widen(question, options) {
        const own = [...new Set(question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])];
        const further = own
            .filter((word) => word.length > 2 && !functionWords.has(word))
            .flatMap((word) => this.synonyms(word, options));
        let widened = question;
        for (const word of new Set(further))
            if (!own.includes(word) && widened.length + word.length < longestQuestion) widened += ` ${word}`;
        return widened;
    }
}

/** WordNet, or nothing where it is not installed. */
export function openWordNet(folder = "/usr/share/wordnet") {
    return existsSync(path.join(folder, "data.noun")) ? new WordNet(folder) : undefined;
}
