import { messages, type MessageKey } from '../../lib/messages.ts';

/** The sentence about what ended a way through GitHub, from the `problem` the server names in the address. */
export function githubProblem(slug: string | null): MessageKey | null {
  const name = /^github-([a-z]+)$/.exec(slug ?? '')?.[1];
  const key = `github.problem.${name}`;
  return name && Object.hasOwn(messages, key) ? (key as MessageKey) : null;
}
