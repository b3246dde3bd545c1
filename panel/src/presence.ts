import type { ReactiveController, ReactiveControllerHost } from 'lit';

/** Whether somebody may be looking: the element is on screen, in a window that is shown. */
export class Presence implements ReactiveController {
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #looked: () => void;
  #observer: IntersectionObserver | undefined;
  #onScreen = false;

  /** `looked` is called whenever it comes into view. */
  constructor(host: ReactiveControllerHost & HTMLElement, looked: () => void) {
    this.#host = host;
    this.#looked = looked;
    host.addController(this);
  }

  get looking(): boolean {
    return this.#onScreen && document.visibilityState === 'visible';
  }

  hostConnected(): void {
    this.#observer = new IntersectionObserver((entries) => {
      this.#onScreen = entries.at(-1)?.isIntersecting ?? false;
      this.#look();
    });
    this.#observer.observe(this.#host);
    document.addEventListener('visibilitychange', this.#look);
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#onScreen = false;
    document.removeEventListener('visibilitychange', this.#look);
  }

  readonly #look = (): void => {
    if (this.looking) this.#looked();
  };
}
