import { everything, get, post, remove } from '../../lib/api.ts';
import type { Entry, Material, MaterialFile, Share, SharedMaterial } from '../../lib/types.ts';

const of = (materialId: string) => `/api/shared/${materialId}`;
const sharesOf = (materialId: string) => `/api/materials/${materialId}/shares`;

type NewShare = { kind: 'link' } | { kind: 'person'; email: string };

/** Who may read one's own materials. */
export const sharesApi = {
  list: async (materialId: string) => (await get<{ shares: Share[] }>(sharesOf(materialId))).shares,
  /** `path` leads to the material, and is never shown again. */
  create: (materialId: string, share: NewShare & { expiresAt: string | null }) =>
    post<{ share: Share; path: string | null }>(sharesOf(materialId), share),
  revoke: (materialId: string, id: string) => remove(`${sharesOf(materialId)}/${id}`),
};

/** What others share with one. */
export const sharedApi = {
  open: (token: string) =>
    post<{ materialId: string; own: boolean }>('/api/shared/open', { token }),
  list: () => everything<SharedMaterial>('/api/shared', 'materials'),
  get: (id: string) => get<SharedMaterial>(of(id)),
  leave: (id: string) => remove(of(id)),
  copy: (id: string) => post<Material>(`${of(id)}/copy`),
  entries: (id: string) => everything<Entry>(`${of(id)}/entries`, 'entries'),
  entry: (id: string, entryId: string) => get<Entry>(`${of(id)}/entries/${entryId}`),
  files: (id: string) => everything<MaterialFile>(`${of(id)}/files`, 'files'),
  file: (id: string, fileId: string) => get<MaterialFile>(`${of(id)}/files/${fileId}`),
  contentPath: (id: string, fileId: string) => `${of(id)}/files/${fileId}/content`,
};
