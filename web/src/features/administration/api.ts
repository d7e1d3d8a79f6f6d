import { get, post, query, remove, tagged } from '../../lib/api.ts';
import type { Language, TokensToday } from '../../lib/types.ts';

export type Role = 'student' | 'teacher' | 'administrator';
export type State = 'active' | 'suspended';
export const roles: Role[] = ['student', 'teacher', 'administrator'];

export interface Person {
  id: string;
  email: string;
  name: string;
  role: Role;
  state: State;
  storageBytes: number;
  tokensToday: number;
  tokensMonth: number;
  createdAt: string;
  lastSeenAt: string | null;
}

export interface PersonRecord extends Person {
  suspendedAt: string | null;
  language: Language;
  sessions: number;
  materials: number;
  files: number;
  chats: number;
}

export interface Policy {
  signUp: 'open' | 'invited' | 'domains';
  domains: string[];
}

export interface Invitation {
  id: string;
  email: string;
  role: Role;
  language: Language;
  state: 'open' | 'accepted' | 'revoked' | 'expired';
  invitedBy: string | null;
  createdAt: string;
  expiresAt: string;
}

export interface Storage {
  people: number;
  suspended: number;
  materials: number;
  files: number;
  fileBytes: number;
  databaseBytes: number;
}

/** Of all people together. Days are those of UTC, oldest first; the last one is today. */
export interface Usage {
  today: TokensToday;
  personLimit: number | null;
  days: { day: string; tokens: number }[];
}

export interface Backup {
  startedAt: string;
  reason: string;
  id: string | null;
  bytes: number;
  seconds: number;
  fault: string | null;
}

export interface Drill {
  scenario: string;
  backup: string;
  startedAt: string;
  /** null: nothing came back in which the tutor answers. */
  rtoSeconds: number | null;
  /** null: no data came back. */
  rpoSeconds: number | null;
  good: boolean;
  checks: { name: string; good: boolean; detail: string }[];
}

/**
 * Newest first. `rpoSeconds`: age of the newest backup; null: there is none. `logBehindBytes`: what the write-ahead
 * log beside the backups lacks, with which any second can be recovered; null: it is not copied now.
 */
export interface Safety {
  everyHours: number;
  next: string | null;
  rpoSeconds: number | null;
  late: boolean;
  /** The backups lie on the disk of the data, and are lost with it. */
  besideData: boolean;
  logBehindBytes: number | null;
  backups: Backup[];
  drillEveryDays: number;
  nextDrill: string | null;
  drillLate: boolean;
  drills: Drill[];
}

export interface MailTest {
  to: string;
  delivery: 'smtp' | 'outbox';
  delivered: boolean;
  detail: string;
}

export interface AuditEntry {
  seq: number;
  at: string;
  actor: { kind: string; id: string | null; email: string | null };
  action: string;
  subject: { kind: string; id: string; email: string | null };
  network: string;
  requestId: string;
  details: Record<string, unknown>;
}

export interface PeopleFilter {
  q: string;
  role: Role | '';
  state: State | '';
}

type Page<Name extends string, T> = Record<Name, T[]> & { next: string | null };

export const adminApi = {
  people: (filter: PeopleFilter, after: string | null, signal?: AbortSignal) =>
    get<Page<'people', Person>>(`/api/admin/people${query({ ...filter, after })}`, signal),
  person: (id: string) => tagged<PersonRecord>('GET', `/api/admin/people/${id}`),
  /** Changes go with the tag of what was read: 412 when another administrator was faster. */
  change: (id: string, body: { role?: Role; state?: State }, ifMatch: string | null) =>
    tagged<PersonRecord>('PATCH', `/api/admin/people/${id}`, { body, ifMatch }),
  policy: () => tagged<Policy>('GET', '/api/admin/policy'),
  changePolicy: (body: Policy, ifMatch: string | null) =>
    tagged<Policy>('PATCH', '/api/admin/policy', { body, ifMatch }),
  invitations: (after: string | null) =>
    get<Page<'invitations', Invitation>>(`/api/admin/invitations${query({ after })}`),
  invite: (email: string, role: Role, language: Language) =>
    post<Invitation>('/api/admin/invitations', { email, role, language }),
  revoke: (id: string) => remove(`/api/admin/invitations/${id}`),
  storage: () => get<Storage>('/api/admin/storage'),
  safety: () => get<Safety>('/api/admin/backups'),
  usage: () => get<Usage>('/api/admin/usage'),
  testMail: () => post<MailTest>('/api/admin/mail-test'),
  log: (action: string, after: string | null) =>
    get<Page<'entries', AuditEntry>>(`/api/admin/audit${query({ action, after })}`),
};
