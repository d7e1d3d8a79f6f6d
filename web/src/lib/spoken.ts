/** What a screen reader is to say of rendered Markdown: its words, block by block, without marks and buttons. */
export function spoken(rendered: Element | null): string {
  if (!rendered) return '';
  const words = rendered.cloneNode(true) as Element;
  words.querySelectorAll('.copy-code').forEach((button) => button.remove());
  words.querySelectorAll('.cite').forEach((cite) => cite.replaceWith(` (${cite.textContent}) `));
  words.querySelectorAll('td, th, li, br').forEach((end) => end.after(' '));
  return [...words.children].map((block) => block.textContent.trim()).join('\n');
}
