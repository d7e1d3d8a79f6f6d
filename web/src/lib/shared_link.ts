import { load, save } from './storage.ts';

/** Takes the token of a shared link out of the page's address and keeps it, for after signing in. */
export function keepToken(): void {
  if (location.hash.length < 2) return;
  save('shared-link', location.hash.slice(1));
  history.replaceState(history.state, '', location.pathname);
}

/** The token that was kept, if there is one. */
export const keptToken = () => load('shared-link');

export const forgetToken = () => save('shared-link', null);
