import { call, get, patch, post, query, remove } from '../../lib/api.ts';
import type { Page, Thread, UIMessage } from '../../lib/types.ts';
import { messagesPath, threadPath } from './early.ts';

export interface ChatRequest {
  id: string;
  trigger: 'submit-message' | 'regenerate-message' | 'continue-message';
  message?: UIMessage;
  messageId?: string;
  materialIds?: string[];
  /** These count only when the chat is new. */
  temporary?: boolean;
  onlyMaterials?: boolean;
}

interface MessagePage {
  messages: UIMessage[];
  /** The message before which there are more, or `null`. */
  earlier: string | null;
}

/** The whole branch: pages of older messages until there are none. */
async function whole(id: string, page: MessagePage): Promise<{ messages: UIMessage[] }> {
  let { messages, earlier } = page;
  while (earlier) {
    const older: MessagePage = await get(`${messagesPath(id)}${query({ before: earlier })}`);
    messages = [...older.messages, ...messages];
    earlier = older.earlier;
  }
  return { messages };
}

const stream = 'text/event-stream';

export const tutorApi = {
  threads: (q: string, after: string | null, limit: number, signal?: AbortSignal) =>
    get<{ threads: Thread[] } & Page>(`/api/threads${query({ q, after, limit })}`, signal),
  thread: (id: string) => get<Thread>(threadPath(id)),
  update: (
    id: string,
    change: { title?: string; materialIds?: string[]; onlyMaterials?: boolean },
  ) => patch<Thread>(`/api/threads/${id}`, change),
  remove: (id: string) => remove(`/api/threads/${id}`),
  restore: (id: string) => post<Thread>(`/api/threads/${id}/restore`),
  messages: async (id: string) => whole(id, await get<MessagePage>(messagesPath(id))),
  branch: async (id: string, messageId: string) =>
    whole(id, await post<MessagePage>(`/api/threads/${id}/branch`, { messageId })),
  send: (body: ChatRequest, signal: AbortSignal) =>
    call('POST', '/api/chat', { body, signal, accept: stream }),
  /** The running reply from its beginning, or `null` when nothing runs. */
  async resume(id: string, signal: AbortSignal): Promise<Response | null> {
    const response = await call('GET', `/api/chat/${id}/stream`, { signal, accept: stream });
    return response.status === 204 ? null : response;
  },
  stop: (id: string, streamId?: string) =>
    post<void>(`/api/chat/${id}/stop`, streamId ? { streamId } : {}),
};
