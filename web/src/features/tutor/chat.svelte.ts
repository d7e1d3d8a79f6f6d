import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import { applyPart, parsePart, textOf, type Ending, type StreamPart } from '../../lib/parts.ts';
import { events } from '../../lib/sse.ts';
import type { UIMessage } from '../../lib/types.ts';
import { save } from '../../lib/storage.ts';
import { uuid } from '../../lib/uuid.ts';
import { tutorApi, type ChatRequest } from './api.ts';

type Phase = 'loading' | 'idle' | 'sending' | 'streaming' | 'reconnecting';

const retryDelays = [500, 1000, 2000, 4000, 8000];
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** One open conversation: its history, and the reply that is running. */
export class Chat {
  readonly threadId: string;
  /** Begun here and not yet known to the server. */
  readonly fresh: boolean;
  messages = $state<UIMessage[]>([]);
  phase = $state<Phase>('loading');
  stage = $state<'searching' | 'thinking' | null>(null);
  loadError = $state<Problem | null>(null);
  /** Why the last thing failed, with what the retry button does. */
  failure = $state<{ text: string; retry: () => void } | null>(null);
  liveId = $state<string | null>(null);
  onReply: (message: UIMessage) => void = () => undefined;
  onAccepted: () => void = () => undefined;
  #abort = new AbortController();

  constructor(threadId: string, fresh = false) {
    this.threadId = threadId;
    this.fresh = fresh;
    if (fresh) this.phase = 'idle';
  }

  get busy(): boolean {
    return this.phase === 'sending' || this.phase === 'streaming' || this.phase === 'reconnecting';
  }

  /** Reads the history, then follows the reply that may be running. */
  async open(): Promise<void> {
    this.loadError = null;
    this.phase = 'loading';
    try {
      await this.#refresh();
      this.phase = 'idle';
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.loadError = asProblem(error);
      if (this.loadError.status === 404) this.phase = 'idle';
      return;
    }
    if (this.#unanswered()) await this.#follow();
    if (this.phase === 'idle' && this.#unanswered() && !this.failure)
      this.failure = { text: t('chat.noReply'), retry: () => void this.regenerate() };
  }

  /** Stops listening. The server goes on with the reply. */
  close(): void {
    this.#abort.abort();
  }

  async send(text: string, materialIds?: string[], replaces?: string): Promise<void> {
    const message: UIMessage = {
      id: uuid(),
      role: 'user',
      parts: [{ type: 'text', text }],
      metadata: { createdAt: new Date().toISOString() },
    };
    if (replaces) this.#cutFrom(replaces);
    this.messages.push(message);
    const sent = { id: message.id, role: message.role, parts: message.parts };
    await this.#ask({
      id: this.threadId,
      trigger: 'submit-message',
      message: sent,
      messageId: replaces,
      materialIds,
    });
  }

  async regenerate(messageId?: string): Promise<void> {
    if (messageId) this.#cutFrom(messageId);
    await this.#ask({ id: this.threadId, trigger: 'regenerate-message', messageId });
  }

  async resumeReply(messageId: string): Promise<void> {
    await this.#ask({ id: this.threadId, trigger: 'continue-message', messageId });
  }

  async stop(): Promise<void> {
    try {
      await tutorApi.stop(this.threadId, this.liveId ?? undefined);
    } catch (error) {
      this.failure = { text: sentence(error), retry: () => void this.stop() };
    }
  }

  async switchTo(messageId: string): Promise<void> {
    try {
      this.messages = (await tutorApi.branch(this.threadId, messageId)).messages;
      this.failure = null;
    } catch (error) {
      this.failure = { text: sentence(error), retry: () => void this.switchTo(messageId) };
    }
  }

  /** The connection is back: catch up with what happened meanwhile. */
  async catchUp(): Promise<void> {
    if (this.phase === 'loading') await this.open();
    else if (!this.busy && !this.failure) await this.#follow();
  }

  async #ask(request: ChatRequest): Promise<void> {
    this.failure = null;
    this.phase = 'sending';
    let response: Response;
    try {
      response = await tutorApi.send(request, this.#abort.signal);
    } catch (error) {
      await this.#refused(error, request);
      return;
    }
    if (request.message) save(`draft:${this.threadId}`, null);
    this.onAccepted();
    await this.#receive(response);
  }

  async #refused(error: unknown, request: ChatRequest): Promise<void> {
    if (this.#abort.signal.aborted) return;
    this.phase = 'idle';
    const problem = asProblem(error);
    // The words must outlive a reload although the server never got them.
    if (request.message) save(`draft:${this.threadId}`, textOf(request.message));
    this.failure = { text: sentence(problem), retry: () => void this.#ask(request) };
    if (problem.status === 409) await this.#follow();
  }

  /** Follows the running reply, if any; tries again while the network is away. */
  async #follow(): Promise<void> {
    for (const delay of retryDelays) {
      try {
        const response = await tutorApi.resume(this.threadId, this.#abort.signal);
        if (response) await this.#receive(response);
        else await this.#settle();
        return;
      } catch (error) {
        if (this.#abort.signal.aborted) return;
        if (asProblem(error).status !== 0) break;
      }
      if (this.phase !== 'idle') await pause(delay);
      else return;
    }
    this.phase = 'idle';
    this.failure = { text: sentence(null), retry: () => void this.open() };
  }

  async #receive(response: Response): Promise<void> {
    const ending = await this.#read(response);
    if (this.#abort.signal.aborted) return;
    this.stage = null;
    if (ending === 'cut') {
      this.phase = 'reconnecting';
      await pause(300);
      await this.#follow();
      return;
    }
    const reply = this.messages.find((m) => m.id === this.liveId);
    await this.#settle();
    if (reply && ending === 'finished') this.onReply(reply);
  }

  async #read(response: Response): Promise<Ending> {
    let ending: Ending = 'cut';
    this.phase = 'streaming';
    this.liveId = null;
    try {
      if (!response.body) return ending;
      for await (const batch of events(response.body)) {
        for (const data of batch) {
          const part = parsePart(data);
          if (part?.type === 'done') return ending;
          if (part) ending = this.#take(part) ?? ending;
        }
      }
    } catch {
      // A broken connection and an ended one are the same here: ask the server where it stands.
    }
    return ending;
  }

  #take(part: StreamPart): Ending | null {
    if (part.type === 'start') this.#begin(part);
    else if (part.type === 'data-status') this.stage = part.data?.stage ?? null;
    else this.#apply(part);
    if (part.type === 'text-delta') this.stage = null;
    if (part.type === 'finish') return 'finished';
    if (part.type === 'abort') return 'stopped';
    return part.type === 'error' ? 'failed' : null;
  }

  #begin(part: StreamPart): void {
    const id = part.messageId ?? uuid();
    this.liveId = id;
    const known = this.messages.find((m) => m.id === id);
    if (known) known.parts = [];
    else this.messages.push({ id, role: 'assistant', parts: [], metadata: {} });
    this.#apply(part);
  }

  #apply(part: StreamPart): void {
    const live = this.messages.findLast((m) => m.id === this.liveId);
    if (live) applyPart(live, part);
    if (live && part.type === 'error')
      live.metadata = { ...live.metadata, state: 'failed', error: part.errorText };
  }

  /** Takes over the history as the server has it; the shown text stays when that fails. */
  async #settle(): Promise<void> {
    await this.#refresh().catch(() => undefined);
    this.phase = 'idle';
    this.liveId = null;
  }

  async #refresh(): Promise<void> {
    const { messages } = await tutorApi.messages(this.threadId);
    this.messages = messages;
  }

  #unanswered(): boolean {
    return this.messages.at(-1)?.role === 'user';
  }

  #cutFrom(messageId: string): void {
    const at = this.messages.findIndex((m) => m.id === messageId);
    if (at >= 0) this.messages = this.messages.slice(0, at);
  }
}
