#!/usr/bin/env node
// A stand-in for an embedding model, so that retrieval by words and meaning together can be measured without one: it
// always says the same, and is no language model. A text becomes its words, those that mean much the same as one (by the
// list below: general words of school and computing, written with the questions known, so that its figures are no
// measure of quality), and pieces of three letters, which forgive misspellings; each is hashed to a place of the vector.
// How much a true model adds is not what this can tell: only that the path works.
//
//   import { startEmbeddings } from "./embeddings.mjs";      // {url, requests, close()}
import { createHash } from "node:crypto";
import { createServer } from "node:http";

export const dimensions = 768;

const meanings = `
delete remove erase drop discard wipe burahin alisin tanggalin bura
create make build gumawa likhain paggawa
insert add append put idagdag magdagdag ilagay lagay
change modify update alter edit baguhin palitan pagbabago
begin start initial first simula simulan umpisa una
end finish stop last halt tapos wakas huli itigil
fast quick speed rapid performance mabilis bilis
slow delay wait mabagal hintay
error fault mistake failure exception bug mali pagkakamali sala
safe secure protect security ligtas protektahan
danger risk unsafe hazard panganib mapanganib
secret password credential lihim
copy clone duplicate replica kopya kopyahin
same equal identical alike pareho magkapareho
different difference distinct iba magkaiba pagkakaiba
many several multiple numerous marami
few little small maliit kaunti
large big huge great malaki laki
empty blank null missing void walang blangko
number count amount quantity bilang dami
name label alias title pangalan
table list relation talaan listahan talahanayan
row record line hanay hilera
column field haligi
text string word character letter teksto salita titik
read load open fetch basahin buksan
write save store keep isulat itago imbak
file document folder directory talaksan
search find look lookup query hanapin paghahanap
sort order arrange rank ayusin ayos
compare match contrast ihambing paghambing
join combine merge connect link pagsamahin pagsama
split divide separate partition hatiin hati
repeat loop iterate again ulit ulitin
choose select pick option pumili piliin
random chance
test check verify validate suriin subukan
run execute call invoke patakbuhin tawagin
function method procedure routine
class type kind uri klase
user person people account tao gumagamit
permission right privilege grant access pahintulot
lock block hold kandado
crash failure
restore recover undo rollback bawi mabawi
backup dump archive
time date clock day year panahon oras araw taon
money price cost dollar pera halaga presyo gastos
teacher school student lesson guro paaralan
plant leaf green halaman dahon
food sugar glucose pagkain asukal
water river sea tubig ilog dagat
sun light energy araw liwanag enerhiya
heat hot warm temperature init mainit
cold cool malamig lamig
wind rain storm weather climate hangin ulan bagyo klima
body cell organ katawan
fraction part half denominator praksiyon bahagi
add sum total plus dagdag kabuuan
average mean median middle panggitna karaniwan
equation solve unknown variable ekwasyon lutasin
country land island region bansa lupain pulo rehiyon
network socket connection internet server koneksiyon
message send receive mensahe ipadala tumanggap
thread process parallel concurrent sabay
memory storage disk imbakan
picture image larawan
page sheet pahina
explain describe meaning define ipaliwanag kahulugan
why reason cause because bakit dahilan sanhi
rule law condition constraint tuntunin kondisyon
list sequence array series
key identifier id susi
view window display show ipakita tingnan
import module package library
comment note remark puna
format style layout anyo
language english filipino wika
round decimal float precision eksakto
nested inner inside within loob
outer outside labas
automatic trigger automatically kusa
unique distinct single once natatangi
default standard preset
inherit parent child magulang anak
`
    .trim()
    .split("\n")
    .map((line) => line.split(" "));

const ends = /(?:ations?|ings?|ers?|ed|es|s|ly)$/;
const stem = (word) => (word.length > 4 ? word.replace(ends, "") : word);
const meaningOf = new Map(meanings.flatMap((words, i) => words.map((word) => [stem(word), `=${i}`])));
const small = new Set(
    `a an and are as at be by can do does for from get has have how i if in into is it its me my not of on or so that
    the their them then there this to up use was we what when where which who will with you your ang ng sa na ay at mga
    ko ano paano kung para ba ito`.split(/\s+/),
);

function placeOf(feature) {
    const digest = createHash("md5").update(feature).digest();
    return { at: digest.readUInt32LE(0) % dimensions, sign: digest[4] & 1 ? 1 : -1 };
}
const places = new Map();
function cachedPlace(feature) {
    if (places.size > 200_000) places.clear();
    return places.get(feature) ?? places.set(feature, placeOf(feature)).get(feature);
}

/** The vector of a text, of length 1. */
export function embed(text) {
    const weights = new Map();
    const add = (feature, weight) => weights.set(feature, (weights.get(feature) ?? 0) + weight);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
        if (small.has(word)) continue;
        const root = stem(word);
        const meaning = meaningOf.get(root);
        add(meaning ?? root, 1);
        if (meaning) add(root, 0.5);
        const padded = `^${root}$`;
        for (let i = 0; i + 3 <= padded.length; i += 1)
            add(`~${padded.slice(i, i + 3)}`, 0.8 / padded.length);
    }
    const vector = new Array(dimensions).fill(0);
    for (const [feature, weight] of weights) {
        const { at, sign } = cachedPlace(feature);
        vector[at] += sign * Math.sqrt(weight);
    }
    const length = Math.hypot(...vector) || 1;
    vector[0] ||= 1e-6; // a text without words has a direction too
    return vector.map((x) => Number((x / length).toFixed(5)));
}

/** Serves POST /v1/embeddings on loopback. */
export async function startEmbeddings() {
    let requests = 0;
    const server = createServer(async (request, response) => {
        const pieces = [];
        for await (const piece of request) pieces.push(piece);
        requests += 1;
        const { input, model } = JSON.parse(Buffer.concat(pieces).toString("utf8"));
        const data = [input]
            .flat()
            .map((text, index) => ({ object: "embedding", index, embedding: embed(text) }));
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ object: "list", data, model }));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    return {
        url: `http://127.0.0.1:${server.address().port}/v1`,
        get requests() {
            return requests;
        },
        close: () =>
            new Promise((resolve) => {
                server.close(resolve);
                server.closeAllConnections();
            }),
    };
}
