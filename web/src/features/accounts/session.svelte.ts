import { asProblem, onSignedOut, type Problem } from '../../lib/api.ts';
import { i18n, t } from '../../lib/i18n.svelte.ts';
import { router } from '../../lib/router.svelte.ts';
import { safeNext } from '../../lib/routes.ts';
import { forget, inTab, load, save } from '../../lib/storage.ts';
import { theme } from '../../lib/theme.svelte.ts';
import type { Language, SessionInfo, Theme, User } from '../../lib/types.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import { accountsApi } from './api.ts';

/** Who is signed in, and what this server offers. */
class Session {
  info = $state<SessionInfo | null>(null);
  error = $state<Problem | null>(null);

  constructor() {
    onSignedOut(async () => {
      const before = this.user?.id;
      if (!before) return false;
      const now = await accountsApi.session().catch(() => null);
      // A proof in another tab gave this browser a new token while the request was under way.
      if (now?.user?.id === before) return true;
      if (this.info) this.info = { ...this.info, user: null };
      return false;
    });
  }

  get user(): User | null {
    return this.info?.user ?? null;
  }

  async load(): Promise<void> {
    this.error = null;
    try {
      this.#take(await accountsApi.session());
    } catch (error) {
      this.error = asProblem(error);
    }
  }

  /** After a sign-in: learn who it is and go where the person wanted to be. */
  async enter(): Promise<void> {
    this.#take(await accountsApi.session());
    router.go(safeNext(router.query.get('next')), { replace: true });
  }

  async update(change: { name?: string; language?: Language; theme?: Theme }): Promise<void> {
    if (change.theme) theme.set(change.theme);
    if (change.language) i18n.set(change.language);
    const user = await accountsApi.update(change);
    if (this.info) this.info = { ...this.info, user };
  }

  async signOut(): Promise<void> {
    await accountsApi.signOut();
    this.gone();
  }

  /** The session has ended on purpose, or the account with it: nothing is left behind here. */
  gone(): void {
    // A session that merely ended keeps what was typed.
    forget('draft:', 'unsent:', 'upload:', 'shared-link');
    if (this.info) this.info = { ...this.info, user: null };
    router.go('/sign-in');
  }

  #take(info: SessionInfo): void {
    this.info = info;
    if (!info.user) return;
    i18n.set(info.user.language);
    theme.set(info.user.theme);
    if (info.erasureUndone && !load('undone-told', inTab)) {
      save('undone-told', 'yes', inTab);
      toasts.show(t('privacy.undone'));
    }
  }
}

export const session = new Session();
