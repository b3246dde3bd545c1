import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import { Trash2, Undo2 } from 'lucide';
import { english, type Words } from '../messages/words.js';
import { icon } from './icon.js';

/** A card that asks in its place before what it shows is withdrawn, and says yes by `withdraw`. */
export abstract class Withdrawable extends LitElement {
  static override properties: PropertyDeclarations = {
    words: { attribute: false },
    moderator: { attribute: false },
    confirming: { state: true },
  };

  declare words: Words;
  /** I may withdraw what others share. */
  declare moderator: boolean;
  declare confirming: boolean;

  constructor() {
    super();
    this.words = english;
    this.moderator = false;
    this.confirming = false;
  }

  protected abstract withdraw(): void;

  /** The button that asks, for who may. */
  protected mayRevoke({ name, mine }: { readonly name: string; readonly mine: boolean }) {
    const { words } = this;
    const label = words.text('withdraw.of', { name });
    const verb = words.text('withdraw');
    if (mine)
      return html`<button class="quiet" aria-label=${label} title=${verb} @click=${this.#confirm}>${icon(Undo2)}<span class="word">${verb}</span></button>`;
    if (!this.moderator) return nothing;
    return html`<button class="quiet icon" aria-label=${label} title=${words.text('withdraw.everyone')} @click=${this.#confirm}>${icon(Trash2)}</button>`;
  }

  protected question(name: string, text: string): TemplateResult {
    const { words } = this;
    return html`<div class="question" role="group" aria-label=${words.text('withdraw.of', { name })} @keydown=${this.#escape}>
      <p>${text}</p>
      <button @click=${this.#keep}>${words.text('keep')}</button>
      <button class="danger" @click=${() => this.withdraw()}>${words.text('withdraw')}</button>
    </div>`;
  }

  async #confirm(): Promise<void> {
    this.confirming = true;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.question button')?.focus();
  }

  async #keep(): Promise<void> {
    this.confirming = false;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.actions button')?.focus();
  }

  #escape(event: KeyboardEvent): void {
    if (event.key === 'Escape') void this.#keep();
  }

  /** Takes the focus that a removed button had. Not the next button: a second Enter would cancel what the first began. */
  override focus(): void {
    this.renderRoot.querySelector('article')?.focus();
  }
}
