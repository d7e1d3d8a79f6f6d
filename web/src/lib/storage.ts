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

/** Removes every key that begins with one of these. */
export function forget(...beginnings: string[]): void {
  try {
    for (const key of Object.keys(localStorage))
      if (beginnings.some((beginning) => key.startsWith(`brainbytes:${beginning}`)))
        localStorage.removeItem(key);
  } catch {
    // There is no storage, and so nothing in it.
  }
}

export const inTab = () => sessionStorage;
