import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { FileCard } from './file-card.js';

/** How much of a card must be on screen for it to have been seen. */
const SHOWN = 0.6;

/** Tells the files whose cards are on screen, in a window that is shown, that they were seen. */
export class Sight implements ReactiveController {
  readonly #cards: () => readonly FileCard[];
  readonly #onScreen = new Set<FileCard>();
  #observer: IntersectionObserver | undefined;

  constructor(host: ReactiveControllerHost, cards: () => readonly FileCard[]) {
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
      if (isIntersecting) this.#onScreen.add(target as FileCard);
      else this.#onScreen.delete(target as FileCard);
    }
    this.#look();
  }

  readonly #look = (): void => {
    if (document.visibilityState !== 'visible') return;
    for (const { card } of this.#onScreen) card.file?.markSeen();
  };
}
