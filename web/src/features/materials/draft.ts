import { load, save } from '../../lib/storage.ts';

/** What a text says: the part of it that a person writes. */
export interface Wording {
  title: string;
  content: string;
}

export const same = (a: Wording, b: Wording) => a.title === b.title && a.content === b.content;

/** A short sign of a wording (FNV-1a and its length), to tell later whether it is still the same. */
export function signOf({ title, content }: Wording): string {
  const text = `${title}\n${content}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return `${text.length}-${hash.toString(16)}`;
}

/** What was typed and is not stored yet, with the signs of the stored wordings it may have started from. */
export interface Draft extends Wording {
  base: string[];
}

export function readDraft(text: string | null): Draft | null {
  try {
    const { title, content, base } = JSON.parse(text ?? 'null') as Partial<Draft>;
    if (typeof title !== 'string' || typeof content !== 'string') return null;
    return { title, content, base: Array.isArray(base) ? base.map(String) : [] };
  } catch {
    return null;
  }
}

/** The keys begin with `draft:`, as all that signing out removes. */
const keyOf = (what: string) => `draft:${what}`;

export function loadDraft(what: string): Draft | null {
  return readDraft(load(keyOf(what)));
}

export function saveDraft(what: string, draft: Draft | null): void {
  save(keyOf(what), draft && JSON.stringify(draft));
}
