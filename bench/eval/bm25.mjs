// The floor: plain BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009) over chunks of 250
// words, without stemming, spelling or language.
const k1 = 1.2;
const b = 0.75;
const chunkWords = 250;

const wordsOf = (text) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** An index over {title, text} documents: find(question, count) gives the best chunks as {title, text}. */
export function plainBm25(documents) {
    const chunks = [];
    for (const { title, text } of documents) {
        const words = text.split(/\s+/);
        for (let at = 0; at < words.length; at += chunkWords)
            chunks.push({ title, text: words.slice(at, at + chunkWords).join(" ") });
    }
    const postings = new Map();
    const lengths = chunks.map((chunk, i) => {
        const words = wordsOf(chunk.text);
        for (const word of words) {
            const list = postings.get(word) ?? postings.set(word, new Map()).get(word);
            list.set(i, (list.get(i) ?? 0) + 1);
        }
        return words.length;
    });
    const mean = lengths.reduce((sum, n) => sum + n, 0) / Math.max(1, lengths.length);
    const find = (question, count) => {
        const scores = new Map();
        for (const word of new Set(wordsOf(question))) {
            const list = postings.get(word);
            if (!list) continue;
            const rarity = Math.log(1 + (chunks.length - list.size + 0.5) / (list.size + 0.5));
            for (const [i, times] of list) {
                const weight = (times * (k1 + 1)) / (times + k1 * (1 - b + (b * lengths[i]) / mean));
                scores.set(i, (scores.get(i) ?? 0) + rarity * weight);
            }
        }
        return [...scores]
            .sort((one, other) => other[1] - one[1])
            .slice(0, count)
            .map(([i]) => chunks[i]);
    };
    return { find, chunks: chunks.length };
}
