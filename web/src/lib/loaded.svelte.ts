import { asProblem, type Problem } from './api.ts';

/** Something of the server: asked for, here, or refused. What is here stays while it is asked for again. */
export class Loaded<T> {
  value = $state.raw<T | null>(null);
  error = $state<Problem | null>(null);
  #ask: () => Promise<T>;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  load = async (): Promise<void> => {
    this.error = null;
    try {
      this.value = await this.#ask();
    } catch (problem) {
      this.error = asProblem(problem);
    }
  };
}
