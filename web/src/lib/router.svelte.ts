import { parseRoute, type Route } from './routes.ts';

class Router {
  #path = $state(location.pathname);
  #search = $state(location.search);
  route: Route = $derived(parseRoute(this.#path));
  query = $derived(new URLSearchParams(this.#search));
  /** Counts moves, so that a screen can tell a new visit from a re-render. */
  visits = $state(0);

  get here(): string {
    return this.#path + this.#search;
  }

  get path(): string {
    return this.#path;
  }

  start(): void {
    addEventListener('popstate', () => this.#read());
    document.addEventListener('click', (event) => this.#follow(event));
  }

  go(to: string, options: { replace?: boolean } = {}): void {
    if (to === location.pathname + location.search + location.hash) return;
    history[options.replace ? 'replaceState' : 'pushState'](null, '', to);
    this.#read();
  }

  #read(): void {
    const moved = this.#path !== location.pathname;
    this.#path = location.pathname;
    this.#search = location.search;
    if (moved) this.visits += 1;
  }

  #follow(event: MouseEvent): void {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin)
      return;
    if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return;
    event.preventDefault();
    this.go(link.pathname + link.search + link.hash);
  }
}

export const router = new Router();
