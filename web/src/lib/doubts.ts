import { unitIndex } from './codepoints.ts';
import type { Unsupported } from './types.ts';

// Private-use characters: no text of a reply has a meaning for them.
export const doubtBegins = '\uE000';
export const doubtEnds = '\uE001';

export const withoutDoubtMarks = (text: string) => text.replace(/[\uE000\uE001]/g, '');

/** Marks that open and do not close inside would take the mark apart. */
function whole(text: string): boolean {
  const odd = (mark: string) => text.split(mark).length % 2 === 0;
  return !odd('**') && !odd('`') && !odd('$') && !text.includes('|') && !text.includes('\n');
}

/** Where the last citation of a sentence stands in it. */
function lastCitation(text: string): [number, number] | null {
  const at = text.lastIndexOf('[');
  const end = text.indexOf(']', at);
  return at < 0 || end < 0 ? null : [at, end + 1];
}

/**
 * Puts marks around the sentences of a Markdown text that renderBlocks() shows as doubtful; around
 * the citation alone where a sentence is not whole in itself, as in a table.
 */
export function withDoubts(text: string, sentences: Unsupported[]): string {
  let out = text;
  const later = [...sentences].sort((a, b) => b.start - a.start);
  for (const { start, end } of later) {
    let from = unitIndex(text, start);
    let to = unitIndex(text, end);
    if (!whole(text.slice(from, to))) {
      const citation = lastCitation(text.slice(from, to));
      if (!citation) continue;
      to = from + citation[1];
      from += citation[0];
    }
    out = out.slice(0, from) + doubtBegins + out.slice(from, to) + doubtEnds + out.slice(to);
  }
  return out;
}
