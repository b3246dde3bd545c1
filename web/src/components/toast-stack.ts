import { css, html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { CircleAlert, X } from 'lucide';
import type { Toast } from '../model/toasts.js';
import { base, buttons } from '../styles/base.js';
import { icon } from './icon.js';

/** The corner where toasts come and go, read out politely. Fires `close-toast`, `hold-toasts`, `release-toasts`. */
export class ToastStack extends LitElement {
  static override properties = { toasts: { attribute: false } };

  declare toasts: readonly Toast[];

  constructor() {
    super();
    this.toasts = [];
  }

  override render() {
    return html`<div
      class="stack"
      role="log"
      aria-live="polite"
      aria-relevant="additions"
      aria-label="Notifications"
      @pointerenter=${() => this.#fire('hold-toasts')}
      @pointerleave=${() => this.#fire('release-toasts')}
      @focusin=${() => this.#fire('hold-toasts')}
      @focusout=${() => this.#fire('release-toasts')}
    >
      ${repeat(
        this.toasts,
        (toast) => toast.id,
        (toast) => html`<div class="toast ${toast.tone}" data-testid="toast">
          ${toast.tone === 'error' ? icon(CircleAlert) : ''}
          <p>${toast.text}</p>
          <button class="icon" aria-label="Close notification" @click=${() => this.#fire('close-toast', toast.id)}>${icon(X, 16)}</button>
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
      .stack {
        position: fixed;
        z-index: 30;
        inset-block-end: calc(16px + env(safe-area-inset-bottom));
        inset-inline-start: 16px;
        display: grid;
        gap: 8px;
        inline-size: min(400px, 100vw - 32px);
        pointer-events: none;
      }
      .toast {
        display: flex;
        align-items: center;
        gap: 10px;
        padding-block: 6px;
        padding-inline: 16px 6px;
        border-radius: var(--r-m);
        background: var(--inverse);
        color: var(--on-inverse);
        box-shadow: var(--shadow-3);
        font-size: var(--text-s);
        pointer-events: auto;
        animation: rise 220ms var(--ease);
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
      @media (min-width: 900px) {
        .stack {
          inset-inline: auto 24px;
          inset-block-end: 24px;
        }
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
