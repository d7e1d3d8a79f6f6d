import { bytes, fullTime, number } from '../../lib/format.ts';
import type { PersonRecord } from './api.ts';
import { tt } from './words.ts';

/** What an administrator is shown of a person: names and values. */
export function factsOf(record: PersonRecord): [name: string, value: string][] {
  return [
    [tt('lastSeen'), record.lastSeenAt ? fullTime(record.lastSeenAt) : tt('never')],
    [tt('created'), fullTime(record.createdAt)],
    [tt('sessions'), number(record.sessions)],
    [tt('storage'), bytes(record.storageBytes)],
    [tt('materials'), number(record.materials)],
    [tt('files'), number(record.files)],
    [tt('chats'), number(record.chats)],
    [tt('tokensToday'), number(record.tokensToday)],
    [tt('tokensMonth'), number(record.tokensMonth)],
  ];
}
