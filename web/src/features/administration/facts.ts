import { bytes, fullTime, number } from '../../lib/format.ts';
import type { Drill, PersonRecord, Safety } from './api.ts';
import { tt, type AdminKey } from './words.ts';

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

const units: [AdminKey, number][] = [
  ['days', 86_400],
  ['hours', 3600],
  ['minutes', 60],
  ['seconds', 1],
];

/** A length of time in its largest unit of which there are two. */
export function span(seconds: number): string {
  const [unit, length] = units.find(([, length]) => seconds >= 2 * length) ?? ['seconds', 1];
  return tt(unit, { n: number(Math.round(seconds / length)) });
}

/** How a drill went. */
export function outcome({ rtoSeconds, rpoSeconds }: Drill): string {
  if (rtoSeconds === null || rpoSeconds === null) return tt('drillNotBack');
  return tt('drillTook', { rto: span(rtoSeconds), rpo: span(rpoSeconds) });
}

// A little is always under way.
const little = 1_000_000;

/** What would be lost with the database now. */
export function lost({ rpoSeconds, logBehindBytes }: Safety): string {
  if (rpoSeconds === null) return tt('backupLostAll');
  if (logBehindBytes === null) return tt('backupLostSome', { time: span(rpoSeconds) });
  if (logBehindBytes < little) return tt('backupLostSecond');
  return tt('backupLostLog', { size: bytes(logBehindBytes) });
}
