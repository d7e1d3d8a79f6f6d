import { pieceAfter, pieceBefore } from './cuts.ts';

/** The server counts characters as Unicode code points; JavaScript strings count UTF-16 units. */
export function unitIndex(text: string, codePoint: number): number {
  let unit = 0;
  for (let n = 0; n < codePoint && unit < text.length; n += 1)
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  return unit;
}

/** Behind the head that a passage from the middle of a table has in front, and that stands elsewhere. */
function withoutHead(quote: string, text: string): string {
  return quote.startsWith('|') && !text.includes(quote)
    ? quote.slice(quote.indexOf('\n') + 1)
    : quote;
}

/**
 * Where a quote stands in a text that may have changed since it stood at this range of code points: the nearest place, or
 * the range as it was where its words are gone.
 */
export function placeOf(text: string, given: string, at: { start: number; end: number }) {
  const quote = withoutHead(given, text);
  const from = unitIndex(text, at.start);
  if (!quote || text.startsWith(quote, from)) return { start: at.start, end: at.end };
  const places = [text.lastIndexOf(quote, from), text.indexOf(quote, from)].filter(
    (one) => one >= 0,
  );
  if (places.length === 0) return { start: at.start, end: at.end };
  const near = places.reduce((a, b) => (from - a <= b - from ? a : b));
  const start = [...text.slice(0, near)].length;
  return { start, end: start + [...quote].length };
}

export interface Piece {
  text: string;
  marked: boolean;
}

/** Cuts `text` into marked and plain pieces by code point ranges. Overlaps are merged. */
export function pieces(text: string, ranges: [number, number][]): Piece[] {
  const sorted = ranges
    .map(([a, b]): [number, number] => [unitIndex(text, a), unitIndex(text, b)])
    .filter(([a, b]) => b > a)
    .sort((x, y) => x[0] - y[0]);
  const out: Piece[] = [];
  let at = 0;
  for (const [start, end] of sorted) {
    if (end <= at) continue;
    const from = Math.max(start, at);
    if (from > at) out.push({ text: text.slice(at, from), marked: false });
    out.push({ text: text.slice(from, end), marked: true });
    at = end;
  }
  if (at < text.length) out.push({ text: text.slice(at), marked: false });
  return out;
}

export interface Line {
  heading: boolean;
  pieces: Piece[];
}

/** Cuts a marked text into lines, so that a Markdown heading can look like one. */
export function lines(text: string, ranges: [number, number][]): Line[] {
  const out: Line[] = [];
  let line: Line = { heading: false, pieces: [] };
  for (const piece of pieces(text, ranges)) {
    piece.text.split('\n').forEach((part, index) => {
      if (index > 0) {
        out.push(line);
        line = { heading: false, pieces: [] };
      }
      const title = line.pieces.length === 0 ? /^#{1,6}\s+/.exec(part) : null;
      if (title) line.heading = true;
      const shown = title ? part.slice(title[0].length) : part;
      if (shown) line.pieces.push({ text: shown, marked: piece.marked });
    });
  }
  out.push(line);
  return out;
}

export interface Window {
  /** Where it stands in the whole text, in UTF-16 units. */
  from: number;
  to: number;
  text: string;
  start: number;
  end: number;
  cut: boolean;
}

/** The part of a long text around a range of code points; a browser need not lay out megabytes. */
export function around(text: string, start: number, end: number, reach: number): Window {
  const from = pieceBefore(text, unitIndex(text, start), reach);
  const to = pieceAfter(text, unitIndex(text, end), reach);
  const skipped = [...text.slice(0, from)].length;
  const cut = to - from < text.length;
  return { from, to, text: text.slice(from, to), start: start - skipped, end: end - skipped, cut };
}
