import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { onLanguages, wordsOf } from './messages/languages.js';
import { english, type Words } from './messages/words.js';

/**
 * The words that an element speaks: those of the nearest `lang`, its own included, else of the browser. It follows
 * its own attribute and that of the document; English until the words are there.
 */
export class Language implements ReactiveController {
  words: Words = english;
  readonly #host: ReactiveControllerHost & HTMLElement;
  #wanted: Promise<Words> | undefined;
  #observer: MutationObserver | undefined;
  #off: (() => void) | undefined;

  constructor(host: ReactiveControllerHost & HTMLElement) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#observer = new MutationObserver(() => this.#choose());
    for (const element of [this.#host, document.documentElement])
      this.#observer.observe(element, { attributeFilter: ['lang'] });
    this.#off = onLanguages(() => this.#choose());
    this.#choose();
  }

  hostDisconnected(): void {
    this.#observer?.disconnect();
    this.#off?.();
  }

  #choose(): void {
    const wanted = wordsOf(languagesOf(this.#host));
    this.#wanted = wanted;
    void wanted.then((words) => {
      if (this.#wanted !== wanted || this.words === words) return; // another was asked for meanwhile
      this.words = words;
      this.#host.requestUpdate();
    });
  }
}

/** The language of an element as HTML has it, through shadow roots; the browser's where nothing says. */
function languagesOf(element: Element): readonly string[] {
  for (let at: Element | undefined = element; at !== undefined; ) {
    const near: Element | null = at.closest('[lang]:not([lang=""])');
    if (near !== null) return [near.getAttribute('lang') ?? ''];
    const root: Node = at.getRootNode();
    at = root instanceof ShadowRoot ? root.host : undefined;
  }
  return navigator.languages;
}
