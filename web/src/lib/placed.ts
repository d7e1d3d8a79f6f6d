/** Finding a passage of a clean text among the pieces of text of a printed page. */

type Vector = [x: number, y: number];

/** A piece of text on a page: where its base line begins, how far it reaches, how high its letters are. */
export interface Piece {
  text: string;
  origin: Vector;
  along: Vector;
  up: Vector;
}

/** The part of the piece at `index` from one share of its length (0 to 1) to another. */
export interface Span {
  index: number;
  from: number;
  to: number;
}

const kept = /[\p{L}\p{N}]/u;
const fewest = 4; // letters of a line that is looked for alone

/** What two writings of the same words agree in: letters and digits, without case, accents and ligatures. */
function* letters(text: string): Generator<[letter: string, at: number]> {
  let at = 0;
  for (const character of text) {
    for (const part of character.normalize('NFKD').toLowerCase())
      if (kept.test(part)) yield [part, at];
    at += character.length;
  }
}

const reduced = (text: string) => [...letters(text)].map(([letter]) => letter).join('');

/** Where `wanted` begins in `text`, of several places the one nearest to `near`; -1 when nowhere. */
function nearest(text: string, wanted: string, near: number): number {
  const after = text.indexOf(wanted, Math.max(0, Math.floor(near)));
  const before = text.lastIndexOf(wanted, Math.max(0, Math.floor(near)));
  if (after < 0 || before < 0) return Math.max(after, before);
  return after - near < near - before ? after : before;
}

/** Ranges of `text` that `passage` covers: in one, or line by line where the page has another order. */
function ranges(text: string, passage: string, near: number): [number, number][] {
  const whole = reduced(passage);
  if (!whole) return [];
  const at = nearest(text, whole, near);
  if (at >= 0) return [[at, at + whole.length]];
  const found: [number, number][] = [];
  let last = near;
  for (const line of passage.split('\n').map(reduced)) {
    const start = line.length < fewest ? -1 : nearest(text, line, last);
    if (start < 0) continue;
    last = start + line.length;
    found.push([start, last]);
  }
  return found;
}

/**
 * The parts of `texts`, which are a page, that hold `passage`: whatever white space, hyphens, punctuation and accents
 * either of them has. `near` says at which share of the page it begins (0 to 1), to tell it from its twins; `measure`
 * how wide letters are.
 */
export function findPassage(
  texts: string[],
  passage: string,
  near: number,
  measure = (letters: string) => letters.length,
): Span[] {
  let text = '';
  const places: { index: number; at: number; end: number }[] = [];
  texts.forEach((piece, index) => {
    for (const [letter, at] of letters(piece)) {
      text += letter;
      for (let n = 0; n < letter.length; n += 1)
        places.push({ index, at, end: at + letter.length });
    }
  });
  const spans = new Map<number, Span>();
  for (const [start, end] of ranges(text, passage, near * text.length))
    for (const place of places.slice(start, end)) {
      const known = spans.get(place.index) ?? { index: place.index, from: place.at, to: 0 };
      known.from = Math.min(known.from, place.at);
      known.to = Math.max(known.to, place.end);
      spans.set(place.index, known);
    }
  return [...spans.values()].map(({ index, from, to }) => {
    const whole = texts[index] ?? '';
    const share = (at: number) => measure(whole.slice(0, at)) / measure(whole);
    return { index, from: share(from), to: share(to) };
  });
}

const below = 0.22; // of the letters' height: what hangs under the base line
const above = 0.95;

/** The corners of a part of `piece`, as the points of a polygon. */
export function cornersOf(piece: Piece, { from, to }: { from: number; to: number }): string {
  const corner = (share: number, height: number) =>
    [0, 1].map((axis) => {
      const [origin, along, up] = [piece.origin, piece.along, piece.up].map((v) => v[axis] ?? 0);
      return ((origin ?? 0) + (along ?? 0) * share + (up ?? 0) * height).toFixed(2);
    });
  return [corner(from, -below), corner(to, -below), corner(to, above), corner(from, above)]
    .map((point) => point.join(','))
    .join(' ');
}
