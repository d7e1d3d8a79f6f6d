class Network {
  online = $state(navigator.onLine);
  #back = new Set<() => void>();

  start(): void {
    addEventListener('offline', () => (this.online = false));
    addEventListener('online', () => {
      this.online = true;
      this.#back.forEach((listener) => listener());
    });
  }

  /** Calls `listener` when the connection is back; returns how to stop that. */
  onBack(listener: () => void): () => void {
    this.#back.add(listener);
    return () => this.#back.delete(listener);
  }
}

export const network = new Network();
