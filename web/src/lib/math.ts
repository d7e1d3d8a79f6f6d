import katex from 'katex';

/** TeX to MathML, which browsers draw themselves: no style attribute and no font of ours. */
export function renderMath(tex: string, display: boolean): string {
  const html = katex.renderToString(tex, {
    displayMode: display,
    output: 'mathml',
    throwOnError: false,
    strict: 'ignore',
    trust: false,
    maxExpand: 200,
  });
  const bare = html
    .replace(/<annotation[\s\S]*?<\/annotation>/g, '')
    .replace(/<\/?semantics>/g, '');
  return display ? `<div class="math" tabindex="0">${bare}</div>` : bare;
}
