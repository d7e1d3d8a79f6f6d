import { placeOf } from '../../lib/codepoints.ts';
import type { MaterialFile, SourceAnchor } from '../../lib/types.ts';
import { entriesApi, filesApi } from './api.ts';

export interface Passage {
  title: string;
  text: string;
  /** The cited range of code points, where its words stand by now. */
  start: number;
  end: number;
  href: string;
  /** The file whose text it is, and where its bytes are. */
  file?: { mediaType: string; bytes: number; src: string };
}

/** The whole text in which a citation points, and where the page shows it. */
export async function readPassage(at: SourceAnchor): Promise<Passage> {
  const passage = (title: string, text: string, place: string): Passage => {
    const { start, end } = placeOf(text, at.quote, at);
    const href = `/materials/${at.materialId}/${place}?start=${start}&end=${end}`;
    return { title, text, start, end, href };
  };
  if (at.entryId) {
    const { value: entry } = await entriesApi.get(at.materialId, at.entryId);
    return passage(entry.title, entry.content ?? '', `entries/${at.entryId}`);
  }
  const file: MaterialFile = await filesApi.get(at.materialId, at.fileId ?? '');
  const src = filesApi.contentPath(at.materialId, file.id);
  const { name, text = '', mediaType, bytes } = file;
  return { ...passage(name, text, `files/${at.fileId}`), file: { mediaType, bytes, src } };
}
