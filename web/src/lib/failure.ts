import { asProblem } from './api.ts';
import { t } from './i18n.svelte.ts';

/** One sentence for a person about what went wrong. */
export function sentence(error: unknown): string {
  const problem = asProblem(error);
  switch (problem.status) {
    case 0:
      return t('error.network');
    case 401:
      return t('error.signedOut');
    case 403:
      return t('error.forbidden');
    case 404:
      return t('error.missing');
    case 412:
      return t('error.changed');
    case 413:
      return t('error.tooLarge');
    case 415:
      return problem.message || t('error.fileKind');
    case 429:
      return t('error.tooMany');
    case 503:
      return t('error.busy');
    default:
      break;
  }
  if (problem.status >= 500) return t('error.server', { id: problem.requestId ?? '-' });
  return problem.fields[0]?.detail || problem.message || t('error.unknown');
}
