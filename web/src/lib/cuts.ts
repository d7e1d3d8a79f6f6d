/** Cutting long texts into pieces that a browser lays out in good time. Offsets are UTF-16 units. */

/** `at`, or one before it where that would part the two halves of a character. */
function whole(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** Where the piece of about `reach` that ends at `at` begins: at a line, if one begins there. */
export function pieceBefore(text: string, at: number, reach: number): number {
  if (at <= reach) return 0;
  const line = text.indexOf('\n', at - reach) + 1;
  return line > 0 && line < at ? line : whole(text, at - reach);
}

/** Where the piece of about `reach` that begins at `at` ends: after a line, if one ends there. */
export function pieceAfter(text: string, at: number, reach: number): number {
  if (at + reach >= text.length) return text.length;
  const line = text.lastIndexOf('\n', at + reach - 1) + 1;
  return line > at ? line : whole(text, at + reach);
}

const fence = /^ {0,3}(```|~~~)/;

/** The same for Markdown: between two blocks, never inside a fenced one unless that is longer than two pieces. */
function blockAfter(text: string, at: number, reach: number): number {
  let fenced = false;
  let line = at;
  while (line < text.length) {
    const end = text.indexOf('\n', line) + 1 || text.length;
    if (end - at > 2 * reach) return line > at ? line : whole(text, at + 2 * reach);
    const words = text.slice(line, end);
    if (fence.test(words)) fenced = !fenced;
    if (!fenced && end - at >= reach && words.trim() === '') return end;
    line = end;
  }
  return text.length;
}

/** The first `count` pieces of a Markdown text, and whether more follow. */
export function blocks(
  text: string,
  reach: number,
  count: number,
): { pieces: string[]; more: boolean } {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length && pieces.length < count) {
    const end = blockAfter(text, at, reach);
    pieces.push(text.slice(at, end));
    at = end;
  }
  return { pieces, more: at < text.length };
}
