import { parsePart, type Ending, type StreamPart } from '../../lib/parts.ts';
import { events } from '../../lib/sse.ts';

const endings: Record<string, Ending> = { finish: 'finished', abort: 'stopped', error: 'failed' };

/** Hands over the parts of a reply as they arrive and says how it ended; after an abort nothing more is handed over. */
export async function readReply(
  response: Response,
  turn: AbortSignal,
  take: (part: StreamPart) => void,
): Promise<Ending> {
  let ending: Ending = 'cut';
  try {
    if (!response.body) return ending;
    for await (const batch of events(response.body)) {
      for (const data of batch) {
        const part = parsePart(data);
        if (turn.aborted || part?.type === 'done') return ending;
        if (!part) continue;
        take(part);
        ending = endings[part.type] ?? ending;
      }
    }
  } catch {
    // A broken connection and an ended one are the same here: ask the server where it stands.
  }
  return ending;
}
