import { MediaQuery } from 'svelte/reactivity';

const wide = new MediaQuery('min-width: 900px');
const panel = new MediaQuery('min-width: 1180px');
const touch = new MediaQuery('pointer: coarse');

/** What the screen is like. The widths are repeated in the style sheets. */
export const media = {
  /** The list of conversations stands beside the content. */
  get wide() {
    return wide.current;
  },
  /** A source stands beside the conversation instead of over it. */
  get panel() {
    return panel.current;
  },
  get touch() {
    return touch.current;
  },
};
