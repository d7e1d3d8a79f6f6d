import { get, post, query } from '../../lib/api.ts';
import type { Line, Span } from './charts.ts';
import type { Mark } from './plot.ts';
import type { MetricHistory } from './series.ts';

export const severities = ['P0', 'P1', 'P2', 'P3'] as const;
export type Severity = (typeof severities)[number];
export const components = ['service', 'sign-in', 'tutor', 'data'] as const;
export type ComponentName = (typeof components)[number];

export interface Incident {
  number: number;
  title: string;
  severity: Severity;
  state: 'open' | 'acknowledged' | 'resolved';
  component: ComponentName;
  openedAt: string;
  resolvedAt: string | null;
  answerDue: string;
  overdue: boolean;
}

/** A line of the time line; its words are in English, as the program or a person wrote them. */
export interface IncidentEvent {
  at: string;
  kind: string;
  /** "alarm", "clock", "operator", or a person's id. */
  actor: string;
  words: string;
  public: boolean;
}

export interface IncidentRecord extends Incident {
  events: IncidentEvent[];
}

export interface AlarmStanding {
  alarm: { name: string; description: string; severity: Severity; enabled: boolean };
  state: 'ok' | 'alarm' | 'no data';
  since: string;
  words: string;
  silenced: boolean;
}

/** A task of regular maintenance; its words, and what it found, are in English. */
export interface UpkeepTask {
  name: string;
  period: 'weekly' | 'monthly' | 'quarterly';
  words: string;
  /** Can only be done in a clone of the sources. */
  needsSources: boolean;
  dueAt: string;
  overdue: boolean;
  last: { at: string; result: 'good' | 'attention' | 'missing'; words: string } | null;
}

export type Deed = 'acknowledge' | 'notes' | 'escalate' | 'resolve';

const one = (number: number) => `/api/admin/incidents/${number}`;

export const operationsApi = {
  incidents: async (all: boolean) =>
    (await get<{ incidents: Incident[] }>(`/api/admin/incidents${query({ all: all || null })}`))
      .incidents,
  incident: (number: number) => get<IncidentRecord>(one(number)),
  postmortem: (number: number) => `${one(number)}/postmortem`,
  open: (body: { title: string; severity: Severity; component: ComponentName }) =>
    post<Incident>('/api/admin/incidents', body),
  act: (number: number, deed: Deed, body: { words?: string; public?: boolean }) =>
    post<Incident>(`${one(number)}/${deed}`, body),
  alarms: async () => (await get<{ alarms: AlarmStanding[] }>('/api/admin/alarms')).alarms,
  metric: ({ metric, statistic, labels = {} }: Line, { hours, period }: Span) => {
    const patterns = Object.entries(labels).map(([name, pattern]) => [
      'label',
      `${name}=${pattern}`,
    ]);
    const asked = [
      ['name', metric],
      ['statistic', statistic],
      ['hours', `${hours}`],
      ['period', `${period}`],
    ];
    return get<MetricHistory>(`/api/admin/metrics?${new URLSearchParams([...asked, ...patterns])}`);
  },
  upkeep: async () => (await get<{ tasks: UpkeepTask[] }>('/api/admin/maintenance')).tasks,
  /** Releases and incidents of the last 30 days. */
  marks: async () => (await get<{ marks: Mark[] }>('/api/admin/marks')).marks,
  silence: (name: string, minutes: number, reason: string) =>
    post<void>(`/api/admin/alarms/${encodeURIComponent(name)}/silence`, { minutes, reason }),
};
