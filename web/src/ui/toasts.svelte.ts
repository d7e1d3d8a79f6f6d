export interface Toast {
  id: number;
  text: string;
  action?: { label: string; run: () => void };
}

const most = 5;

class Toasts {
  list = $state<Toast[]>([]);
  #last = 0;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  show(text: string, action?: Toast['action']): void {
    const toast = { id: (this.#last += 1), text, action };
    this.list = [...this.list, toast];
    // Those that offer nothing go first.
    if (this.list.length > most) this.close((this.list.find((t) => !t.action) ?? this.list[0]!).id);
    this.resume(toast.id);
  }

  close(id: number): void {
    this.hold(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Keeps a toast that somebody is reading or about to press. */
  hold(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.hold(id);
    const toast = this.list.find((other) => other.id === id);
    if (!toast) return;
    const stay = toast.action ? 20_000 : 10_000;
    this.#timers.set(
      id,
      setTimeout(() => this.close(id), stay),
    );
  }

  forget(): void {
    this.list.forEach((toast) => this.hold(toast.id));
    this.list = [];
  }
}

export const toasts = new Toasts();
