import { clock } from './format.ts';
import { asProblem, type Problem } from './api.ts';
import { t } from './i18n.svelte.ts';
import type { MessageKey } from './messages.ts';

/** What a refused field must be like, by the first step of its pointer. The server's own words are English. */
const rules: Record<string, MessageKey> = {
  code: 'signIn.wrongCode',
  content: 'rule.content',
  deleted: 'rule.deleted',
  description: 'rule.description',
  email: 'signIn.badEmail',
  file: 'rule.file',
  materialIds: 'rule.materialIds',
  message: 'rule.message',
  messages: 'rule.message',
  name: 'rule.name',
  q: 'rule.search',
  storage: 'rule.storage',
  subject: 'rule.name',
  text: 'rule.helpText',
  title: 'rule.title',
  url: 'page.addressRule',
};

const byStatus: Record<number, MessageKey> = {
  0: 'error.network',
  401: 'error.signedOut',
  403: 'error.forbidden',
  404: 'error.missing',
  409: 'error.conflict',
  412: 'error.changed',
  413: 'error.tooLarge',
  415: 'error.fileKind',
  422: 'error.invalid',
  429: 'error.tooMany',
  503: 'error.busy',
};

const bySlug: Record<string, MessageKey> = {
  'account-suspended': 'error.suspended',
  'proof-cancelled': 'proof.cancelled',
  'sign-up-closed': 'error.signUpClosed',
  'writing-help': 'entry.helpFailed',
};

const stepOf = (pointer: string) => /^[#?]\/?([^/]*)/.exec(pointer)?.[1] ?? '';

function ruleOf(problem: Problem, field: string): MessageKey | undefined {
  if (!Object.hasOwn(rules, field)) return undefined;
  if (problem.status === 409) return field === 'name' ? 'rule.taken' : undefined;
  const isFull = problem.status === 413 && ['storage', 'deleted'].includes(field);
  return problem.status === 422 || isFull ? rules[field] : undefined;
}

/** One sentence for a person about what is wrong with this field, if it was refused. */
export function fieldSentence(problem: Problem | null, field: string): string | undefined {
  if (!problem?.fields.some(({ pointer }) => stepOf(pointer) === field)) return undefined;
  return t(ruleOf(problem, field) ?? 'error.invalid');
}

/** When to try again, of a refusal that says it. A second more than asked for is never just one. */
function tooMany(retryAfter: number, policies: string[]): string {
  if (policies.some((policy) => policy.endsWith('-tokens')))
    return t('error.noTokens', {
      time: clock(new Date(Date.now() + retryAfter * 1000).toISOString()),
    });
  const seconds = retryAfter + 1;
  return seconds <= 90
    ? t('error.tooManySeconds', { count: seconds })
    : t('error.tooManyMinutes', { count: Math.ceil(seconds / 60) });
}

/** One sentence for a person about what went wrong. */
export function sentence(error: unknown): string {
  const problem = asProblem(error);
  const named = Object.hasOwn(bySlug, problem.slug) ? bySlug[problem.slug] : undefined;
  if (named) return t(named);
  for (const { pointer } of problem.fields) {
    const rule = ruleOf(problem, stepOf(pointer));
    if (rule) return t(rule);
  }
  if (problem.status === 429 && problem.retryAfter)
    return tooMany(problem.retryAfter, problem.policies);
  const known = byStatus[problem.status];
  if (known) return t(known);
  if (problem.status >= 500) return t('error.server', { id: problem.requestId ?? '-' });
  return t('error.unknown');
}
