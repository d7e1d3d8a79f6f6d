export const adminParts = [
  'people',
  'sign-up',
  'system',
  'backups',
  'operations',
  'incidents',
  'log',
] as const;
export type AdminPart = (typeof adminParts)[number];

/** The places of the page. Pure, so that it is tested without a browser. */
export type Route =
  | {
      name:
        | 'home'
        | 'sign-in'
        | 'link'
        | 'invitation'
        | 'claim'
        | 'setup'
        | 'unsubscribe'
        | 'materials'
        | 'search'
        | 'shared'
        | 'shared-open'
        | 'settings'
        | 'data'
        | 'missing';
    }
  | { name: 'admin'; part: AdminPart }
  | { name: 'chat'; threadId: string | null }
  | { name: 'material' | 'shared-material'; materialId: string }
  | { name: 'entry' | 'shared-entry'; materialId: string; entryId: string }
  | { name: 'file' | 'shared-file'; materialId: string; fileId: string };

export function parseRoute(path: string): Route {
  const [first, id, kind, child, ...rest] = path.split('/').filter(Boolean);
  if (rest.length > 0) return { name: 'missing' };
  if (first === undefined) return { name: 'home' };
  if (first === 'sign-in' && id === undefined) return { name: 'sign-in' };
  if (first === 'sign-in' && id === 'link' && !kind) return { name: 'link' };
  if (first === 'sign-in' && id === 'github' && !kind) return { name: 'claim' };
  if (first === 'chat' && !kind) return { name: 'chat', threadId: id ?? null };
  if (first === 'materials') return parseMaterials(id, kind, child);
  if (first === 'shared') return parseShared(id, kind, child);
  if ((first === 'invitation' || first === 'unsubscribe') && !id) return { name: first };
  if (first === 'admin' && !kind) {
    const part = adminParts.find((known) => known === (id ?? 'people'));
    return part ? { name: 'admin', part } : { name: 'missing' };
  }
  if (first === 'settings' && id === 'data' && !kind) return { name: 'data' };
  if ((first === 'setup' || first === 'search' || first === 'settings') && !id)
    return { name: first };
  return { name: 'missing' };
}

function parseMaterials(id?: string, kind?: string, child?: string): Route {
  if (!id) return { name: 'materials' };
  if (!kind) return { name: 'material', materialId: id };
  if (kind === 'entries' && child) return { name: 'entry', materialId: id, entryId: child };
  if (kind === 'files' && child) return { name: 'file', materialId: id, fileId: child };
  return { name: 'missing' };
}

function parseShared(id?: string, kind?: string, child?: string): Route {
  if (!id) return { name: 'shared' };
  if (!kind)
    return id === 'open' ? { name: 'shared-open' } : { name: 'shared-material', materialId: id };
  if (kind === 'entries' && child) return { name: 'shared-entry', materialId: id, entryId: child };
  if (kind === 'files' && child) return { name: 'shared-file', materialId: id, fileId: child };
  return { name: 'missing' };
}

export function isPublic(route: Route): boolean {
  return ['sign-in', 'link', 'claim', 'invitation', 'setup', 'unsubscribe'].includes(route.name);
}

/** A place inside this page to return to after sign-in; anything else becomes `/chat`. */
export function safeNext(next: string | null): string {
  const safe = next !== null && /^\/(?![/\\])[^\\\s]*$/.test(next) && !next.startsWith('/sign-in');
  return safe ? next : '/chat';
}
