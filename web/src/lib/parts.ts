import type {
  MessageMetadata,
  ProofPart,
  SourcePart,
  TextPart,
  UIMessage,
  Unsupported,
} from './types.ts';

/** One part of the UI message stream, as far as this page uses it. */
export interface StreamPart {
  type: string;
  id?: string;
  messageId?: string;
  messageMetadata?: MessageMetadata;
  delta?: string;
  errorText?: string;
  data?: { stage?: 'searching' | 'thinking' };
}

/** How a stream ended: by itself, by a stop, by an error of the tutor, or cut off on the way. */
export type Ending = 'finished' | 'stopped' | 'failed' | 'cut';

export function parsePart(data: string): StreamPart | null {
  if (data === '[DONE]') return { type: 'done' };
  try {
    return JSON.parse(data) as StreamPart;
  } catch {
    return null;
  }
}

/** Applies a part to the reply that is being received. */
export function applyPart(message: UIMessage, part: StreamPart): void {
  switch (part.type) {
    case 'text-start':
      message.parts.push({ type: 'text', text: '' });
      break;
    case 'text-delta': {
      const text = message.parts.findLast((p): p is TextPart => p.type === 'text');
      if (text) text.text += part.delta ?? '';
      break;
    }
    case 'source-document':
      addSource(message, part as unknown as SourcePart);
      break;
    case 'data-proof':
      message.parts = [...message.parts.filter((p) => p.type !== part.type), part];
      break;
    default:
      break;
  }
  if (part.messageMetadata) message.metadata = { ...message.metadata, ...part.messageMetadata };
}

function addSource(message: UIMessage, source: SourcePart): void {
  const known = message.parts.some(
    (p) => p.type === 'source-document' && (p as SourcePart).sourceId === source.sourceId,
  );
  if (!known) message.parts.push(source);
}

export function textOf(message: UIMessage): string {
  return message.parts
    .filter((p): p is TextPart => p.type === 'text')
    .map((p) => p.text)
    .join('\n\n');
}

/** The cited sentences of a reply that were not found in their sources. */
export function unsupportedIn(message: UIMessage): Unsupported[] {
  const proof = message.parts.find((p): p is ProofPart => p.type === 'data-proof');
  return proof?.data.unsupported ?? [];
}

export function sourcesOf(message: UIMessage): SourcePart[] {
  return message.parts.filter((p): p is SourcePart => p.type === 'source-document');
}
