import { i18n, t } from '../../lib/i18n.svelte.ts';
import type { MaterialFile } from '../../lib/types.ts';

/** The endings of files that can be read, for the browser's file chooser. */
export const readable = [
  'pdf png jpg jpeg webp tif tiff docx pptx xlsx odt odp ods epub html htm csv tsv txt text md markdown srt vtt',
  'py js ts java c cpp h cs go rs rb php sql sh kt swift r m json xml yaml yml toml tex ipynb',
]
  .join(' ')
  .split(' ')
  .map((ending) => `.${ending}`)
  .join(',');

/** One sentence about why a file could not be read, and what helps. */
export function faultOf(file: MaterialFile): string {
  if (i18n.language === 'en' && file.reason) return file.reason;
  return t(`fault.${file.fault ?? 'server'}`);
}
