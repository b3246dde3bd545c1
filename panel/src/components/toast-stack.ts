import { css, html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { CircleAlert, X } from 'lucide';
import { english, type Words } from '../messages/words.js';
import type { Toast } from '../model/toasts.js';
import { base, buttons } from '../styles/base.js';
import { icon } from './icon.js';

/** Where toasts come and go, read out politely. Fires `close-toast`, `hold-toasts`, `release-toasts`. */
export class ToastStack extends LitElement {
  static override properties = {
    words: { attribute: false },
    toasts: { attribute: false },
  };

  declare words: Words;
  declare toasts: readonly Toast[];

  constructor() {
    super();
    this.words = english;
    this.toasts = [];
  }

  override render() {
    return html`<div
      class="stack"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label=${this.words.text('toasts.label')}
      @pointerenter=${() => this.#fire('hold-toasts')}
      @pointerleave=${() => this.#fire('release-toasts')}
      @focusin=${() => this.#fire('hold-toasts')}
      @focusout=${() => this.#fire('release-toasts')}
    >
      ${repeat(
        this.toasts,
        (toast) => toast.id,
        (toast) => html`<div class="toast ${toast.tone}" part="toast" data-testid="toast">
          ${toast.tone === 'error' ? icon(CircleAlert) : ''}
          <p>${toast.text}</p>
          <button class="icon" aria-label=${this.words.text('toasts.close')} @click=${() => this.#fire('close-toast', toast.id)}>${icon(X, 16)}</button>
        </div>`,
      )}
    </div>`;
  }

  #fire(type: string, detail?: number): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  static override styles = [
    base,
    buttons,
    css`
      /* Without a height of its own, at the foot of what is seen of the panel. */
      :host {
        position: sticky;
        z-index: 10;
        inset-block-end: 0;
        display: flex;
        align-items: end;
        justify-content: center;
        block-size: 0;
      }
      .stack {
        display: grid;
        gap: 8px;
        inline-size: min(400px, 100% - 24px);
        padding-block-end: calc(12px + env(safe-area-inset-bottom));
        pointer-events: none;
      }
      .toast {
        display: flex;
        align-items: center;
        gap: 10px;
        padding-block: 6px;
        padding-inline: 16px 6px;
        border-radius: var(--_r-m);
        background: var(--_inverse);
        color: var(--_on-inverse);
        box-shadow: var(--_shadow-3);
        font-size: var(--_text-s);
        pointer-events: auto;
        animation: rise 220ms var(--_ease);
      }
      p {
        flex: 1;
        min-inline-size: 0;
        padding-block: 6px;
        line-height: 1.4;
        overflow-wrap: anywhere;
      }
      button,
      button:hover {
        border: 0;
        background: transparent;
        color: inherit;
      }
      button:focus-visible {
        outline-color: currentcolor;
        outline-offset: -4px;
      }
      @keyframes rise {
        from {
          opacity: 0;
          translate: 0 8px;
        }
      }
    `,
  ];
}

customElements.define('handout-toast-stack', ToastStack);
