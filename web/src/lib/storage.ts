/** Browser storage that is allowed to be missing or full. */
export function load(key: string, store: () => Storage = () => localStorage): string | null {
  try {
    return store().getItem(`brainbytes:${key}`);
  } catch {
    return null;
  }
}

export function save(
  key: string,
  value: string | null,
  store: () => Storage = () => localStorage,
): void {
  try {
    if (value) store().setItem(`brainbytes:${key}`, value);
    else store().removeItem(`brainbytes:${key}`);
  } catch {
    // A private window may refuse storage; nothing that matters is kept only here.
  }
}

/** The keys that begin so. */
export function namesBeginning(beginning: string): string[] {
  const prefix = 'brainbytes:';
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(prefix + beginning))
      .map((key) => key.slice(prefix.length));
  } catch {
    return []; // There is no storage, and so nothing in it.
  }
}

/** Removes every key that begins with one of these. */
export function forget(...beginnings: string[]): void {
  beginnings.flatMap(namesBeginning).forEach((key) => save(key, null));
}

export const inTab = () => sessionStorage;
