import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { FilePort } from '../model/ports.js';

/** What stands for files. */
export type Sighted = HTMLElement & { readonly files: readonly FilePort[] };

/** How much of a card must be on screen for it to have been seen. */
const SHOWN = 0.6;

/** Tells the files whose cards are on screen, in a window that is shown, that they were seen. */
export class Sight implements ReactiveController {
  readonly #cards: () => readonly Sighted[];
  readonly #onScreen = new Set<Sighted>();
  #observer: IntersectionObserver | undefined;

  constructor(host: ReactiveControllerHost, cards: () => readonly Sighted[]) {
    this.#cards = cards;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new IntersectionObserver((entries) => this.#moved(entries), { threshold: SHOWN });
    document.addEventListener('visibilitychange', this.#look);
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#onScreen.clear();
    document.removeEventListener('visibilitychange', this.#look);
  }

  /** New cards are watched; those that are watched stay so. */
  hostUpdated(): void {
    for (const card of this.#cards()) this.#observer?.observe(card);
    this.#look();
  }

  #moved(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) this.#onScreen.add(target as Sighted);
      else this.#onScreen.delete(target as Sighted);
    }
    this.#look();
  }

  readonly #look = (): void => {
    if (document.visibilityState !== 'visible') return;
    for (const { files } of this.#onScreen) for (const file of files) file.markSeen();
  };
}
