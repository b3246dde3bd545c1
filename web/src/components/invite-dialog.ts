import { base, buttons, icon } from '@handout/panel/ui';
import { css, html, LitElement, nothing, svg } from 'lit';
import { Check, Copy, Share2, X } from 'lucide';
import { say } from '../language.js';
import { qrCode } from '../model/qr.js';
import { closeBeside, dialogStyles } from './dialog.js';

/** How long the button says that the link was copied. */
const COPIED_MS = 2_000;

/** The way to bring others in: the room's link, to be scanned, copied or handed to another application. */
export class InviteDialog extends LitElement {
  static override properties = {
    link: { attribute: false },
    room: { attribute: false },
    open: { state: true },
    copied: { state: true },
  };

  declare link: string;
  /** The room's name. */
  declare room: string;
  declare open: boolean;
  declare copied: boolean;
  #reset = 0;

  constructor() {
    super();
    this.link = '';
    this.room = '';
    this.open = false;
    this.copied = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#reset);
  }

  /** Opens it over the page; the focus goes back where it was when it is closed. */
  async show(): Promise<void> {
    this.open = true;
    await this.updateComplete;
    const dialog = this.renderRoot.querySelector('dialog');
    if (dialog?.open === false) dialog.showModal();
  }

  override render() {
    if (!this.open) return nothing;
    return html`<dialog aria-labelledby="title" data-testid="invite" @close=${this.#closed} @click=${closeBeside}>
      <form method="dialog">
        <h2 id="title">${say('invite.title', { room: this.room })}</h2>
        <button class="quiet icon" aria-label=${say('invite.close')}>${icon(X)}</button>
      </form>
      ${this.#code()}
      <p>${say('invite.how')}</p>
      <input readonly aria-label=${say('invite.link')} data-testid="invite-link" .value=${this.link} @focus=${this.#selected} />
      <div class="buttons">
        ${'share' in navigator ? html`<button data-testid="share-link" @click=${this.#share}>${icon(Share2)}${say('invite.share')}</button>` : nothing}
        <button class="primary" autofocus data-testid="copy-link" @click=${this.#copy}>${icon(this.copied ? Check : Copy)}${say(this.copied ? 'invite.copied' : 'invite.copy')}</button>
      </div>
      <span class="sr" role="status">${this.copied ? say('invite.copied.link') : ''}</span>
    </dialog>`;
  }

  /** Dark on white, whatever the page's colours are: many readers want it so. */
  #code() {
    const code = qrCode(this.link);
    if (code === undefined) return nothing;
    return html`<svg class="code" role="img" aria-label=${say('invite.code')} data-testid="qr" viewBox=${code.viewBox} shape-rendering="crispEdges">
      ${svg`<path d=${code.path} />`}
    </svg>`;
  }

  async #copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link);
    } catch {
      this.renderRoot.querySelector('input')?.select(); // refused: it is there to be copied by hand
      return;
    }
    this.copied = true;
    window.clearTimeout(this.#reset);
    this.#reset = window.setTimeout(() => {
      this.copied = false;
    }, COPIED_MS);
  }

  async #share(): Promise<void> {
    // That it was closed again is an answer, too.
    await navigator.share({ title: this.room, url: this.link }).catch(() => undefined);
  }

  #selected(event: Event): void {
    (event.target as HTMLInputElement).select();
  }

  #closed(): void {
    this.open = false;
    this.copied = false;
  }

  static override styles = [
    base,
    buttons,
    dialogStyles,
    css`
      dialog {
        inline-size: min(360px, calc(100vw - 32px));
        padding: 12px 24px 24px;
      }
      form {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 8px;
        margin-inline-end: -12px;
      }
      form button {
        flex: none;
      }
      h2 {
        min-inline-size: 0;
      }
      .code {
        inline-size: min(100%, 248px);
        margin: 12px auto;
        border-radius: var(--_r-m);
        background: #fff;
        fill: #0b1512;
      }
      p {
        color: var(--_text-2);
        font-size: var(--_text-s);
        text-align: center;
        text-wrap: balance;
      }
      input {
        inline-size: 100%;
        min-block-size: var(--_touch);
        margin-block: 16px 12px;
        padding: 0 12px;
        border: 1px solid var(--_line);
        border-radius: var(--_r-s);
        background: var(--_surface-2);
        color: var(--_text);
        font: 400 var(--_text-s) var(--_font);
        text-overflow: ellipsis;
      }
      .buttons {
        display: flex;
        gap: 8px;
      }
      .buttons button {
        flex: 1;
        min-block-size: 44px;
      }
    `,
  ];
}

customElements.define('handout-invite-dialog', InviteDialog);
