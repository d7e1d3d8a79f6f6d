/** The modal dialogs that are open. Only what stands in the topmost can be seen, pressed and heard. */
class Layers {
  top = $state<string | null>(null);
  #open: string[] = [];

  add(id: string): void {
    this.#open.push(id);
    this.top = id;
  }

  remove(id: string): void {
    this.#open = this.#open.filter((other) => other !== id);
    this.top = this.#open.at(-1) ?? null;
  }
}

export const layers = new Layers();
