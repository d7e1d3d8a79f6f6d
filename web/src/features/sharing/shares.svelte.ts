import { asProblem } from '../../lib/api.ts';
import { copy } from '../../lib/clipboard.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import { Loaded } from '../../lib/loaded.svelte.ts';
import { toasts } from '../../ui/toasts.svelte.ts';
import type { Share } from '../../lib/types.ts';
import { sharesApi } from './api.ts';
import { endOf } from './days.ts';
import { st } from './words.ts';

/** Who may read a material, while its dialog is open. */
export class Shares {
  readonly list: Loaded<Share[]>;
  /** The link that was just made; the server shows it once. */
  link = $state('');
  wrong = $state<string | null>(null);
  busy = $state(false);
  #materialId: string;

  constructor(materialId: string) {
    this.#materialId = materialId;
    this.list = new Loaded(() => sharesApi.list(materialId));
  }

  makeLink = (day: string) =>
    this.#run(async () => {
      const kind = 'link' as const;
      const { path } = await sharesApi.create(this.#materialId, { kind, expiresAt: endOf(day) });
      this.link = location.origin + path;
    });

  copyLink = async (): Promise<void> => {
    toasts.show(t((await copy(this.link)) ? 'common.copied' : 'common.notCopied'));
  };

  /** True when the person has it now. */
  give = (email: string, day: string) =>
    this.#run(async () => {
      const wanted = { kind: 'person' as const, email, expiresAt: endOf(day) };
      await sharesApi.create(this.#materialId, wanted);
      toasts.show(st('shared', { email }));
    });

  revoke = (share: Share) =>
    this.#run(async () => {
      await sharesApi.revoke(this.#materialId, share.id);
      if (share.kind === 'link') this.link = '';
      toasts.show(st('revoked'));
    });

  async #run(work: () => Promise<void>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.wrong = null;
    let done = false;
    try {
      await work();
      done = true;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.fields.some(({ pointer }) => pointer === '#/email'))
        this.wrong = st('wrongEmail');
      else toasts.show(problem.status === 409 ? st('tooMany') : sentence(error));
    }
    this.busy = false;
    await this.list.load();
    return done;
  }
}
