import { i18n, t } from '../../lib/i18n.svelte.ts';
import type { MaterialFile } from '../../lib/types.ts';

/** What can be read, for the browser's file chooser; some phones offer their camera there too. */
export const readable = [
  'pdf png jpg jpeg webp tif tiff docx docm dotx pptx pptm ppsx xlsx xlsm odt odp ods epub',
  'html htm xhtml csv tsv txt text md markdown log rst org adoc srt vtt',
  'py js ts jsx tsx mjs java c cc cpp h hpp cs css go rs rb php sql sh bash kt swift r m jl lua',
  'hs scala dart json xml yaml yml toml ini tex ipynb svelte vue',
]
  .join(' ')
  .split(' ')
  .map((ending) => `.${ending}`)
  .concat('image/jpeg', 'image/png')
  .join(',');

/** One sentence about why a file could not be read, and what helps. */
export function faultOf(file: MaterialFile): string {
  if (i18n.language === 'en' && file.reason) return file.reason;
  return t(`fault.${file.fault ?? 'server'}`);
}

/** It is not known yet what its text is. */
export const isWaiting = (file: MaterialFile) =>
  file.state === 'fetching' || file.state === 'reading';

/** Words that are the address of a web page and nothing else, with the beginning that people leave out. */
export function addressIn(words: string): string | undefined {
  const text = words.trim();
  if (/^https?:\/\/\S+$/i.test(text)) return text;
  return /^www\.[^\s/]+\.\S+$/i.test(text) ? `https://${text}` : undefined;
}
