import DOMPurify from 'dompurify';
import { Marked, type Lexer, type Parser, type Token, type Tokens, type TokensList } from 'marked';
import { doubtBegins, doubtEnds, withoutDoubtMarks } from './doubts.ts';
import { extras } from './extras.svelte.ts';

/** What a citation `[n]` needs to become a button: the names of the sources by number. */
export type SourceNames = ReadonlyMap<number, string>;

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (c) => escapes[c] ?? c);

let names: SourceNames = new Map();
let doubted = false;

interface MathToken extends Tokens.Generic {
  tex: string;
  display: boolean;
}

function mathHtml(token: MathToken): string {
  extras.wantMath();
  const rendered = extras.math?.(token.tex, token.display);
  if (rendered) return rendered;
  const code = `<code>${escapeHtml(token.tex)}</code>`;
  return token.display ? `<p>${code}</p>` : code;
}

const blockMath = {
  name: 'blockMath',
  level: 'block' as const,
  start: (src: string) => src.match(/(^|\n) {0,3}(\$\$|\\\[)/)?.index,
  tokenizer(src: string): MathToken | undefined {
    const found = /^ {0,3}(?:\$\$([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n|$)/.exec(src);
    if (!found) return undefined;
    const tex = (found[1] ?? found[2] ?? '').trim();
    return { type: 'blockMath', raw: found[0], tex, display: true };
  },
  renderer: (token: Tokens.Generic) => mathHtml(token as MathToken),
};

const inlineMath = {
  name: 'inlineMath',
  level: 'inline' as const,
  start: (src: string) => src.match(/\$|\\\(|\\\[/)?.index,
  tokenizer(src: string): MathToken | undefined {
    const display = /^\$\$([^$]+?)\$\$|^\\\[([\s\S]+?)\\\]/.exec(src);
    if (display)
      return {
        type: 'inlineMath',
        raw: display[0],
        tex: display[1] ?? display[2] ?? '',
        display: true,
      };
    // A price ("$5 and $6") is not a formula: no space inside the dollars, no digit after.
    const inline = /^\$(?!\s)((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)|^\\\(([\s\S]+?)\\\)/.exec(src);
    if (!inline) return undefined;
    return {
      type: 'inlineMath',
      raw: inline[0],
      tex: inline[1] ?? inline[2] ?? '',
      display: false,
    };
  },
  renderer: (token: Tokens.Generic) => mathHtml(token as MathToken),
};

const citation = {
  name: 'citation',
  level: 'inline' as const,
  start: (src: string) => src.match(/\[\d/)?.index,
  tokenizer(src: string): Tokens.Generic | undefined {
    const found = /^\[(\d{1,3})\](?![(:])/.exec(src);
    if (!found || !names.has(Number(found[1]))) return undefined;
    return { type: 'citation', raw: found[0], number: Number(found[1]) };
  },
  renderer(token: Tokens.Generic): string {
    const n = token.number as number;
    const doubt = doubted ? ` (${extras.doubtLabel})` : '';
    const label = escapeHtml(`${extras.sourceLabel} ${n}: ${names.get(n) ?? ''}${doubt}`);
    return `<button type="button" class="cite" data-cite="${n}" aria-label="${label}">${n}</button>`;
  },
};

/** What stands between the marks of doubts.ts. */
const doubt = {
  name: 'doubt',
  level: 'inline' as const,
  start: (src: string) => src.indexOf(doubtBegins),
  tokenizer(this: { lexer: Lexer }, src: string): Tokens.Generic | undefined {
    const end = src.startsWith(doubtBegins) ? src.indexOf(doubtEnds) : -1;
    if (end < 0) return undefined;
    const tokens = this.lexer.inlineTokens(src.slice(1, end));
    return { type: 'doubt', raw: src.slice(0, end + 1), tokens };
  },
  renderer(this: { parser: Parser }, token: Tokens.Generic): string {
    doubted = true;
    const inner = this.parser.parseInline(token.tokens ?? []);
    doubted = false;
    return `<mark class="doubt">${inner}</mark>`;
  },
};

const marked = new Marked({ gfm: true, breaks: false, async: false });
marked.use({
  extensions: [blockMath, inlineMath, doubt, citation],
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text, href }) => escapeHtml(text || href),
    link({ href, tokens }) {
      const inner = this.parser.parseInline(tokens);
      if (!/^(https?:|mailto:)/i.test(href)) return inner;
      return `<a href="${escapeHtml(href)}" target="_blank" rel="noopener noreferrer">${inner}</a>`;
    },
    code({ text, lang }) {
      const name = /^[\w+#.-]+/.exec(lang ?? '')?.[0] ?? '';
      if (name) extras.wantCode();
      const inner = (name && extras.code?.(text, name)) || escapeHtml(text);
      return `<div class="code"><div class="code-head"><span>${escapeHtml(name)}</span><button type="button" class="copy-code">${escapeHtml(extras.copyLabel)}</button></div><pre tabindex="0"><code>${inner}</code></pre></div>`;
    },
    table(token) {
      const cells = (row: Tokens.TableCell[], tag: string) =>
        row.map((cell) => `<${tag}>${this.parser.parseInline(cell.tokens)}</${tag}>`).join('');
      const body = token.rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('');
      return `<div class="table" tabindex="0"><table><thead><tr>${cells(token.header, 'th')}</tr></thead><tbody>${body}</tbody></table></div>`;
    },
    checkbox: ({ checked }) => (checked ? '☑ ' : '☐ '),
  },
});

const allowed = {
  USE_PROFILES: { html: true, mathMl: true },
  FORBID_TAGS: [
    'img',
    'style',
    'form',
    'input',
    'textarea',
    'select',
    'video',
    'audio',
    'svg',
    'iframe',
  ],
  FORBID_ATTR: ['style', 'src', 'srcset', 'action', 'formaction'],
  ADD_ATTR: ['target', 'data-cite'],
  ALLOW_UNKNOWN_PROTOCOLS: false,
};

function render(token: Token, list: TokensList): string {
  const one = Object.assign([token], { links: list.links }) as TokensList;
  return DOMPurify.sanitize(withoutDoubtMarks(marked.parser(one)), allowed);
}

/**
 * Renders Markdown to safe HTML, one string per block, so that a growing reply only touches its
 * last block. `memo` keeps the blocks that did not change between two calls.
 */
export function renderBlocks(
  text: string,
  sources: SourceNames,
  memo: Map<string, string>,
): string[] {
  names = sources;
  const list = marked.lexer(text);
  const stamp = `${extras.version}:${sources.size}:`;
  const used = new Map<string, string>();
  const out: string[] = [];
  for (const token of list) {
    if (token.type === 'space' || token.type === 'def') continue;
    const key = stamp + token.raw;
    const html = memo.get(key) ?? render(token, list);
    used.set(key, html);
    out.push(html);
  }
  memo.clear();
  used.forEach((html, key) => memo.set(key, html));
  return out;
}
