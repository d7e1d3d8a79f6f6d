/** The server counts characters as Unicode code points; JavaScript strings count UTF-16 units. */
export function unitIndex(text: string, codePoint: number): number {
  let unit = 0;
  for (let n = 0; n < codePoint && unit < text.length; n += 1)
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1;
  return unit;
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
