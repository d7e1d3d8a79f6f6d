/** What the operations screen draws: the plan's four groups, and the data's safety. */
export const groups = ['performance', 'availability', 'security', 'business', 'safety'] as const;
export type Group = (typeof groups)[number];

export type Unit = 'seconds' | 'count' | 'perMinute' | 'share';

/** One line of a chart: a statistic of a metric (docs/metrics.md), of the series whose labels fit. */
export interface Line {
  name: 'half' | 'slowest' | 'allOfThem' | 'failed' | 'refused' | 'day' | 'month' | 'disk' | 'age';
  metric: string;
  statistic: 'average' | 'sum' | 'minimum' | 'maximum' | 'p50' | 'p95';
  labels?: Record<string, string>;
}

export interface ChartPlan {
  title:
    | 'answers'
    | 'firstWords'
    | 'requests'
    | 'room'
    | 'signIns'
    | 'people'
    | 'questions'
    | 'backupAge';
  group: Group;
  unit: Unit;
  lines: readonly Line[];
}

const requests = 'brainbytes_http_requests_total';
const answers = 'brainbytes_http_request_duration_seconds';
const firstWords = 'brainbytes_time_to_first_token_seconds';
/** Probes and the maintenance page are nobody's work. */
const people = { route: '!/livez|/readyz|/api/health|/api/metrics|maintenance' };

export const charts: readonly ChartPlan[] = [
  {
    title: 'answers',
    group: 'performance',
    unit: 'seconds',
    lines: [
      { name: 'half', metric: answers, statistic: 'p50', labels: people },
      { name: 'slowest', metric: answers, statistic: 'p95', labels: people },
    ],
  },
  {
    title: 'firstWords',
    group: 'performance',
    unit: 'seconds',
    lines: [
      { name: 'half', metric: firstWords, statistic: 'p50' },
      { name: 'slowest', metric: firstWords, statistic: 'p95' },
    ],
  },
  {
    title: 'requests',
    group: 'availability',
    unit: 'perMinute',
    lines: [
      { name: 'allOfThem', metric: requests, statistic: 'sum', labels: people },
      { name: 'failed', metric: requests, statistic: 'sum', labels: { ...people, status: '5*' } },
    ],
  },
  {
    title: 'room',
    group: 'availability',
    unit: 'share',
    lines: [
      {
        name: 'disk',
        metric: 'brainbytes_disk_free_share',
        statistic: 'minimum',
        labels: { place: 'data' },
      },
    ],
  },
  {
    title: 'signIns',
    group: 'security',
    unit: 'perMinute',
    lines: [
      {
        name: 'failed',
        metric: 'brainbytes_sign_in_total',
        statistic: 'sum',
        labels: { outcome: 'failed|limited' },
      },
      { name: 'refused', metric: 'brainbytes_requests_refused_total', statistic: 'sum' },
    ],
  },
  {
    title: 'people',
    group: 'business',
    unit: 'count',
    lines: [
      {
        name: 'day',
        metric: 'brainbytes_active_people',
        statistic: 'maximum',
        labels: { period: 'day' },
      },
      {
        name: 'month',
        metric: 'brainbytes_active_people',
        statistic: 'maximum',
        labels: { period: 'month' },
      },
    ],
  },
  {
    title: 'questions',
    group: 'business',
    unit: 'count',
    lines: [
      {
        name: 'day',
        metric: 'brainbytes_questions',
        statistic: 'maximum',
        labels: { period: 'day' },
      },
    ],
  },
  {
    title: 'backupAge',
    group: 'safety',
    unit: 'seconds',
    lines: [{ name: 'age', metric: 'brainbytes_backup_age_seconds', statistic: 'maximum' }],
  },
];

/** How far back, and how long one point of the line is. */
export const spans = [
  { name: 'hours3', hours: 3, period: 60 },
  { name: 'day1', hours: 24, period: 300 },
  { name: 'week', hours: 7 * 24, period: 3600 },
  { name: 'days30', hours: 30 * 24, period: 3 * 3600 },
  { name: 'year', hours: 396 * 24, period: 24 * 3600 },
] as const;
export type Span = (typeof spans)[number];
