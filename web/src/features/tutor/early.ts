import { callSoon } from '../../lib/api.ts';
import { namesBeginning } from '../../lib/storage.ts';

export const threadPath = (id: string) => `/api/threads/${id}`;
export const messagesPath = (id: string) => `/api/threads/${id}/messages`;

/** Asks for what opening a conversation reads, before the part of the page that opens it is there. */
export function askForThread(id: string): void {
  // A message may still be on its way from here: what is read before it arrives would say that it never did.
  if (namesBeginning('unsent:').length > 0) return;
  callSoon(threadPath(id));
  callSoon(messagesPath(id));
}
