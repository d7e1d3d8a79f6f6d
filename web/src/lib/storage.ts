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

export const inTab = () => sessionStorage;
