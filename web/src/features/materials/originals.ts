import { unitIndex } from '../../lib/codepoints.ts';
import type { MaterialFile } from '../../lib/types.ts';

/** How a browser can show the original of a file: page by page, as a picture, or not at all. */
export type OriginalKind = 'pages' | 'picture' | null;

const pictures = ['image/png', 'image/jpeg', 'image/webp'];

export function originalOf(file: Pick<MaterialFile, 'mediaType'>): OriginalKind {
  if (file.mediaType === 'application/pdf') return 'pages';
  return pictures.includes(file.mediaType) ? 'picture' : null;
}

const mostUnasked = 15_000_000;

/** Its pages wait until somebody asks for them: a browser fetches the whole file to paint one of them. */
export function isLarge(file: Pick<MaterialFile, 'mediaType' | 'bytes'>): boolean {
  return originalOf(file) === 'pages' && file.bytes > mostUnasked;
}

/** A passage and where it stands on its page. */
export interface Spot {
  /** From 1. */
  page: number;
  passage: string;
  /** The share of the page that comes before it, 0 to 1. */
  near: number;
}

/** The page on which a range of code points of `text` begins, and what of the range is on it. */
export function spotOf(text: string, range: { start: number; end: number }): Spot {
  const [start, end] = [unitIndex(text, range.start), unitIndex(text, range.end)];
  const from = text.lastIndexOf('\f', start - 1) + 1;
  const next = text.indexOf('\f', start);
  const to = next < 0 ? text.length : next;
  return {
    page: start === 0 ? 1 : text.slice(0, start).split('\f').length,
    passage: text.slice(start, Math.min(end, to)),
    near: (start - from) / Math.max(1, to - from),
  };
}
