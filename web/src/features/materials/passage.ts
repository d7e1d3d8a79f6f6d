import type { MaterialFile, SourceAnchor } from '../../lib/types.ts';
import { entriesApi, filesApi } from './api.ts';

export interface Passage {
  title: string;
  text: string;
  href: string;
  /** The file whose text it is, and where its bytes are. */
  file?: { mediaType: string; bytes: number; src: string };
}

/** The whole text in which a citation points, and where the page shows it. */
export async function readPassage(at: SourceAnchor): Promise<Passage> {
  const range = `?start=${at.start}&end=${at.end}`;
  if (at.entryId) {
    const { value: entry } = await entriesApi.get(at.materialId, at.entryId);
    const href = `/materials/${at.materialId}/entries/${at.entryId}${range}`;
    return { title: entry.title, text: entry.content ?? '', href };
  }
  const file: MaterialFile = await filesApi.get(at.materialId, at.fileId ?? '');
  const href = `/materials/${at.materialId}/files/${at.fileId}${range}`;
  const src = filesApi.contentPath(at.materialId, file.id);
  const { name: title, text = '', mediaType, bytes } = file;
  return { title, text, href, file: { mediaType, bytes, src } };
}
