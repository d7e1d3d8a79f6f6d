/** A piece of a text for which help was asked. */
export interface Asked {
  from: number;
  to: number;
  source: string;
}

/** Where that piece stands now, when it is unchanged; `null` when it is gone or cannot be told from a twin. */
export function placeOf(asked: Asked, content: string): { from: number; to: number } | null {
  if (asked.source === '') return null;
  if (content.slice(asked.from, asked.to) === asked.source)
    return { from: asked.from, to: asked.to };
  const first = content.indexOf(asked.source);
  if (first < 0 || first !== content.lastIndexOf(asked.source)) return null;
  return { from: first, to: first + asked.source.length };
}
