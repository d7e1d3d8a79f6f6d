import { renderBlocks } from './markdown.ts';

const breathe = () => new Promise((done) => setTimeout(done));

// One construct at a time: a browser compiles each pattern of the grammar when it first meets it.
const samples = [
  'a',
  'a\n- b\n- c',
  '# a',
  '1. **b** *c* `d`',
  '> a',
  'a | b\n-|-\nc | d',
  '[a](b)',
];

/**
 * Does what a browser is slow at the first time (the grammar of Markdown) in short tasks of their own
 * while the page waits for the network, so that a conversation is drawn as soon as it comes.
 */
export async function warmUp(): Promise<void> {
  for (const sample of samples) {
    await breathe();
    renderBlocks(sample, new Map(), new Map());
  }
}
