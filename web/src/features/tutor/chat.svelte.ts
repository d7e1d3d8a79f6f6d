import { asProblem, type Problem } from '../../lib/api.ts';
import { sentence } from '../../lib/failure.ts';
import { t } from '../../lib/i18n.svelte.ts';
import { applyPart, textOf, type Ending, type StreamPart } from '../../lib/parts.ts';
import type { Thread, UIMessage } from '../../lib/types.ts';
import { uuid } from '../../lib/uuid.ts';
import { tutorApi, type ChatRequest } from './api.ts';
import { Drafts } from './drafts.ts';
import { readReply } from './reading.ts';

type Failure = { text: string; retry: () => void };
type Phase = 'loading' | 'idle' | 'sending' | 'streaming' | 'reconnecting';

const retryDelays = [500, 1000, 2000, 4000, 8000];
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const passing = ({ status }: Problem) => status === 0 || status === 429 || status >= 500;

/** One open conversation: its history, what is being written, and the reply that is running. */
export class Chat {
  readonly threadId: string;
  /** Begun here and not yet known to the server. */
  fresh = $state(false);
  /** Wanted as a temporary one, while it is fresh. */
  temporary = $state(false);
  /** Wanted for a fresh one: no answers from general knowledge. */
  onlyMaterials = $state(false);
  thread = $state.raw<Thread | null>(null);
  messages = $state<UIMessage[]>([]);
  draft = $state('');
  phase = $state<Phase>('loading');
  stage = $state<'searching' | 'thinking' | null>(null);
  loadError = $state<Problem | null>(null);
  /** Why the last thing failed, with what the retry button does. */
  failure = $state<Failure | null>(null);
  liveId = $state<string | null>(null);
  onReply: (id: string, ending: Ending) => void = () => undefined;
  onAccepted: () => void = () => undefined;
  /** Takes the keyboard back to where one writes, when the button that was pressed goes away. */
  attend: () => void = () => undefined;
  readonly #person: string;
  #drafts: Drafts;
  /** What was asked in vain: its message stands at the end of `messages`. */
  #vain: { request: ChatRequest; message: UIMessage; failure: Failure } | null = null;
  #lost = false;
  #stopWanted = false;
  #closed = false;
  // Whoever asks, follows or reads anew takes the turn; the one before stops listening.
  #turn = new AbortController();

  constructor(threadId: string, person: string, fresh = false) {
    this.threadId = threadId;
    this.#person = person;
    this.#drafts = new Drafts(person, fresh ? 'new' : threadId);
    this.draft = this.#drafts.text;
    if (fresh) this.#begin();
  }

  get busy(): boolean {
    return this.phase === 'sending' || this.phase === 'streaming' || this.phase === 'reconnecting';
  }

  /** Reads the history, then follows the reply that may be running. */
  async open(): Promise<void> {
    const turn = this.#takeTurn();
    this.loadError = null;
    this.failure = this.#vain?.failure ?? null;
    this.phase = 'loading';
    try {
      const reading = Promise.all([tutorApi.thread(this.threadId), this.#history()]);
      const [thread, messages] = await reading;
      if (turn.aborted) return;
      this.thread = thread;
      this.#show(messages);
    } catch (error) {
      if (!turn.aborted) this.#notRead(asProblem(error));
      return;
    }
    this.phase = 'idle';
    this.#recover();
    if (this.#unanswered()) await this.#follow(turn);
    if (!turn.aborted && this.phase === 'idle' && this.#unanswered())
      this.failure ??= { text: t('chat.noReply'), retry: () => void this.regenerate() };
  }

  /** Stops listening. The server goes on with the reply, and a message on its way still arrives. */
  close(): void {
    this.#closed = true;
    this.#turn.abort();
  }

  /** Takes what is in the composer. */
  write(text: string): void {
    this.draft = text;
    this.#drafts.text = text;
  }

  async send(text: string, materialIds?: string[], replaces?: string): Promise<void> {
    const message: UIMessage = {
      id: uuid(),
      role: 'user',
      parts: [{ type: 'text', text }],
      metadata: { createdAt: new Date().toISOString() },
    };
    const asked = { id: this.threadId, trigger: 'submit-message' as const, message };
    const vain = this.#vain;
    if (vain && replaces === vain.message.id) {
      this.#forget();
      await this.#ask({ ...vain.request, message }); // mended: the server never had the first words
    } else await this.#ask({ ...asked, messageId: replaces, materialIds, ...this.#wanted });
  }

  async regenerate(messageId?: string): Promise<void> {
    await this.#ask({ id: this.threadId, trigger: 'regenerate-message', messageId });
  }

  async resumeReply(messageId: string): Promise<void> {
    await this.#ask({ id: this.threadId, trigger: 'continue-message', messageId });
  }

  async stop(): Promise<void> {
    // Nothing runs yet that could be stopped: it is as soon as the server has begun.
    this.#stopWanted = this.phase === 'sending';
    if (this.#stopWanted) return;
    try {
      await tutorApi.stop(this.threadId, this.liveId ?? undefined);
    } catch (error) {
      this.failure = { text: sentence(error), retry: () => void this.stop() };
    }
  }

  /** Shows the version of the conversation that holds this message. */
  async switchTo(messageId: string): Promise<void> {
    const turn = this.#takeTurn();
    try {
      const { messages } = await tutorApi.branch(this.threadId, messageId);
      if (turn.aborted) return;
      this.failure = null;
      this.#show(messages);
    } catch (error) {
      if (turn.aborted) return;
      this.failure = { text: sentence(error), retry: () => void this.switchTo(messageId) };
    }
  }

  /** Reads title and choice of materials anew. */
  async readThread(): Promise<void> {
    const thread = await tutorApi.thread(this.threadId).catch(() => null);
    if (thread) this.thread = thread;
  }

  async choose(materialIds: string[], onlyMaterials: boolean): Promise<void> {
    this.thread = await tutorApi.update(this.threadId, { materialIds, onlyMaterials });
  }

  /** The connection is back: catch up with what happened meanwhile. */
  async catchUp(): Promise<void> {
    if (this.fresh || this.phase === 'sending' || this.phase === 'streaming') return;
    if (this.phase === 'reconnecting') await this.#follow(this.#takeTurn());
    else if (this.phase === 'loading' || this.loadError || this.#lost || this.#vain)
      await this.open();
    else if (!this.failure) await this.#follow(this.#takeTurn(), true);
  }

  async #ask(request: ChatRequest): Promise<void> {
    if (this.#vain?.request !== request) this.#takeBack();
    const turn = this.#takeTurn();
    this.failure = null;
    this.loadError = null;
    this.phase = 'sending';
    this.#stopWanted = false;
    const before = this.messages.filter((m) => m.id !== request.message?.id);
    this.messages = shownWhile(request, before);
    const sending = new AbortController();
    let response: Response;
    try {
      response = await this.#post(request, sending.signal);
    } catch (error) {
      if (!turn.aborted) await this.#refused(error, request, before, turn);
      return;
    }
    // Only now: leaving must not call back a message that is on its way.
    turn.addEventListener('abort', () => sending.abort());
    this.#accepted(request);
    if (turn.aborted) sending.abort();
    else await this.#receive(response, turn);
  }

  #post(request: ChatRequest, signal: AbortSignal): Promise<Response> {
    const { message } = request;
    if (!message) return tutorApi.send(request, signal);
    const { id, role, parts } = message;
    const kept = { thread: this.threadId, id, text: textOf(message) };
    const body = { ...request, message: { id, role, parts } };
    return this.#drafts.keepWhile(kept, () => tutorApi.send(body, signal));
  }

  get #wanted(): Partial<ChatRequest> {
    const { fresh, temporary, onlyMaterials } = this;
    return fresh ? { temporary, onlyMaterials } : {};
  }

  #accepted(request: ChatRequest): void {
    if (request.message) this.#drafts.settle(request.message.id);
    this.#vain = null;
    const now = new Date().toISOString();
    const { materialIds = [], temporary, onlyMaterials } = request;
    const made = { id: this.threadId, title: '', materialIds, temporary, onlyMaterials };
    this.thread ??= { ...made, createdAt: now, updatedAt: now };
    if (this.fresh && !this.#closed) {
      this.fresh = false;
      this.#drafts.text = '';
      this.#drafts = new Drafts(this.#person, this.threadId);
      this.write(this.draft);
    }
    this.onAccepted();
  }

  async #refused(
    error: unknown,
    request: ChatRequest,
    before: UIMessage[],
    turn: AbortSignal,
  ): Promise<void> {
    this.phase = 'idle';
    const problem = asProblem(error);
    const failure = { text: sentence(problem), retry: () => void this.#ask(request) };
    if (request.message) this.#vain = { request, message: request.message, failure };
    this.#show(before);
    this.failure = failure;
    if (problem.status !== 409) return;
    await this.#settle(turn); // what the reply in the way answers
    if (!turn.aborted) await this.#follow(turn);
  }

  /** Follows the running reply, if any, over failures that pass; a quiet one does not tell of them. */
  async #follow(turn: AbortSignal, quiet = false): Promise<void> {
    let problem: Problem | null = null;
    for (const delay of retryDelays) {
      try {
        const response = await tutorApi.resume(this.threadId, turn);
        if (response) await this.#receive(response, turn);
        else await this.#settle(turn);
        return;
      } catch (error) {
        if (turn.aborted) return;
        problem = asProblem(error);
      }
      if (!passing(problem)) break;
      if (!quiet) this.phase = 'reconnecting';
      await pause(delay);
      if (turn.aborted) return;
    }
    if (quiet) return;
    this.phase = 'idle';
    this.#lost = true;
    this.failure = { text: sentence(problem), retry: () => void this.open() };
  }

  async #receive(response: Response, turn: AbortSignal): Promise<void> {
    this.phase = 'streaming';
    this.liveId = null;
    if (this.#stopWanted) void this.stop();
    const ending = await readReply(response, turn, (part) => this.#take(part));
    if (turn.aborted) return;
    this.stage = null;
    if (ending === 'cut') {
      this.phase = 'reconnecting';
      await pause(300);
      if (!turn.aborted) await this.#follow(turn);
      return;
    }
    const reply = this.liveId;
    await this.#settle(turn);
    if (turn.aborted) return;
    if (reply) this.onReply(reply, ending);
    if (this.#unanswered()) await this.#follow(turn, true); // asked from elsewhere meanwhile
  }

  #take(part: StreamPart): void {
    if (part.type === 'start') this.#beginReply(part);
    else if (part.type === 'data-status') this.stage = part.data?.stage ?? null;
    else this.#apply(part);
    if (part.type === 'text-delta') this.stage = null;
  }

  #beginReply(part: StreamPart): void {
    const id = part.messageId ?? uuid();
    this.liveId = id;
    const known = this.messages.find((m) => m.id === id);
    if (known) known.parts = [];
    else this.#show([...this.#known(), { id, role: 'assistant', parts: [], metadata: {} }]);
    this.#apply(part);
  }

  #apply(part: StreamPart): void {
    const live = this.messages.findLast((m) => m.id === this.liveId);
    if (live) applyPart(live, part);
    if (live && part.type === 'error')
      live.metadata = { ...live.metadata, state: 'failed', error: part.errorText };
  }

  /** Takes over the history as the server has it; the shown text stays when that fails. */
  async #settle(turn: AbortSignal): Promise<void> {
    const messages = await this.#history().catch(() => null);
    if (turn.aborted) return;
    if (messages) this.#show(messages);
    this.phase = 'idle';
    this.liveId = null;
  }

  async #history(): Promise<UIMessage[]> {
    return (await tutorApi.messages(this.threadId)).messages;
  }

  /** Shows these messages, and after them the one sent in vain, unless the server has it after all. */
  #show(messages: UIMessage[]): void {
    const vain = this.#vain?.message;
    if (vain && messages.some((m) => m.id === vain.id)) {
      this.#forget();
      this.failure = null;
    }
    this.messages = this.#vain ? [...messages, this.#vain.message] : messages;
  }

  /** The messages that the server has. */
  #known(): UIMessage[] {
    return this.messages.filter((m) => m.id !== this.#vain?.message.id);
  }

  #unanswered(): boolean {
    return this.#known().at(-1)?.role === 'user';
  }

  #notRead(problem: Problem): void {
    const drafts = new Drafts(this.#person, 'new');
    this.phase = problem.status === 404 ? 'idle' : 'loading';
    // Its first message never arrived: begin with it once more.
    if (problem.status === 404 && drafts.unsent?.thread === this.threadId) {
      this.#drafts = drafts;
      this.#begin();
    } else this.loadError = problem;
  }

  #begin(): void {
    this.fresh = true;
    this.phase = 'idle';
    this.#recover();
  }

  /** After a reload: words that were sent and did not arrive are in the composer again. */
  #recover(): void {
    const unsent = this.#drafts.unsent;
    if (!unsent || unsent.id === this.#vain?.message.id) return;
    if (!this.messages.some((m) => m.id === unsent.id)) this.#prepend(unsent.text);
    this.#drafts.settle(unsent.id);
  }

  /** Something else overtakes the message sent in vain: its words go back to the composer. */
  #takeBack(): void {
    if (!this.#vain) return;
    this.#prepend(textOf(this.#vain.message));
    this.#forget();
  }

  #forget(): void {
    if (!this.#vain) return;
    this.messages = this.#known();
    this.#drafts.settle(this.#vain.message.id);
    this.#vain = null;
  }

  #prepend(text: string): void {
    this.write([text, this.draft].filter(Boolean).join('\n\n'));
  }

  #takeTurn(): AbortSignal {
    this.#turn.abort();
    this.#turn = new AbortController();
    if (this.#closed) this.#turn.abort();
    this.#lost = false;
    return this.#turn.signal;
  }
}

/** What is shown while `request` is on its way: an edit and a new answer take the place of what they replace. */
function shownWhile(request: ChatRequest, before: UIMessage[]): UIMessage[] {
  const cut = request.trigger === 'continue-message' ? undefined : request.messageId;
  const at = before.findIndex((m) => m.id === cut);
  const kept = at < 0 ? before : before.slice(0, at);
  return request.message ? [...kept, request.message] : kept;
}
