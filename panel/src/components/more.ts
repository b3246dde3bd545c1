import { html, LitElement } from 'lit';
import { english, type Words } from '../messages/words.js';
import { base, buttons } from '../styles/base.js';

/** So many cards are drawn at first, and more as the end of the list comes near: a thousand at once take seconds. */
export const STEP = 40;

/** The end of a list that goes on. Fires `more` when it is pressed, or comes near the screen. */
export class More extends LitElement {
  static override properties = { words: { attribute: false } };

  declare words: Words;
  #observer: IntersectionObserver | undefined;

  constructor() {
    super();
    this.words = english;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) this.#ask();
      },
      { rootMargin: '600px' },
    );
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer?.disconnect();
  }

  override render() {
    return html`<button class="quiet" @click=${this.#ask}>${this.words.text('list.more')}</button>`;
  }

  #ask(): void {
    this.dispatchEvent(new CustomEvent('more'));
    // It may still be in sight when the list is longer, and that is no news to the observer.
    this.#observer?.unobserve(this);
    requestAnimationFrame(() => this.isConnected && this.#observer?.observe(this));
  }

  static override styles = [base, buttons];
}

customElements.define('handout-more', More);
