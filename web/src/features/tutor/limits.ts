/** Code points of the longest message the server takes. */
export const longestMessage = 32_000;

/** By how many characters `text` is too long for one message. */
export function tooLong(text: string): number {
  if (text.length <= longestMessage) return 0;
  return Math.max(0, [...text.trim()].length - longestMessage);
}
