import { messages, type MessageKey } from './messages.ts';
import { load, save } from './storage.ts';
import type { Language } from './types.ts';

function firstLanguage(): Language {
  const stored = load('language');
  if (stored === 'en' || stored === 'fil') return stored;
  return navigator.languages.some((l) => /^(fil|tl)\b/i.test(l)) ? 'fil' : 'en';
}

class I18n {
  language = $state<Language>(firstLanguage());
  locale = $derived(this.language === 'fil' ? 'fil-PH' : navigator.language || 'en');

  set(language: Language): void {
    this.language = language;
    document.documentElement.lang = language;
    save('language', language);
  }
}

export const i18n = new I18n();
document.documentElement.lang = i18n.language;

type Values = Record<string, string | number>;

/** Looks texts up in `catalogue`: the one in the current language, with `{name}` replaced. */
export function translator<Key extends string>(
  catalogue: Readonly<Record<Key, readonly [english: string, filipino: string]>>,
): (key: Key, values?: Values) => string {
  return (key, values = {}) =>
    catalogue[key][i18n.language === 'fil' ? 1 : 0].replace(/\{(\w+)\}/g, (_, name: string) =>
      String(values[name] ?? ''),
    );
}

/** The text of `key` in the page's main catalogue. */
export const t = translator<MessageKey>(messages);

/** Picks `key.one` or `key.other` by number. */
export function count(one: MessageKey, other: MessageKey, n: number): string {
  return t(n === 1 ? one : other, { n });
}
