import type { Role, Sharing } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { english, type Words } from '../messages/words.js';
import { OFF, type Senders, sendersOf } from '../model/sharing.js';
import { base, buttons } from '../styles/base.js';

/** What a moderator asks of the switch. */
export interface SharingRequest {
  readonly off: readonly Role[];
  readonly cancelRunning: boolean;
}

const CHOICES = ['everyone', 'hosts', 'nobody'] as const;

/** A moderator's switch: who may send. Fires `switch-sharing` with a SharingRequest. */
export class SharingSwitch extends LitElement {
  static override properties = {
    words: { attribute: false },
    sharing: { attribute: false },
  };

  declare words: Words;
  declare sharing: Sharing;

  constructor() {
    super();
    this.words = english;
    this.sharing = { off: [], rev: 0 };
  }

  override render() {
    const { words } = this;
    const senders = sendersOf(this.sharing);
    return html`<div class="row">
        <label for="who">${words.text('sharing.who')}</label>
        <select id="who" data-testid="sharing-switch" .value=${senders} @change=${this.#changed}>
          ${CHOICES.map((value) => html`<option value=${value} ?selected=${value === senders}>${words.text(`sharing.${value}`)}</option>`)}
          ${senders === 'some' ? html`<option value="some" disabled selected>${words.text('sharing.some')}</option>` : nothing}
        </select>
      </div>
      ${senders === 'everyone' ? nothing : html`<button class="quiet" data-testid="stop-running" @click=${() => this.#ask(this.sharing.off, true)}>${words.text('sharing.stop')}</button>`}`;
  }

  #changed(event: Event): void {
    const senders = (event.target as HTMLSelectElement).value as Senders;
    if (senders !== 'some') this.#ask(OFF[senders], false);
  }

  #ask(off: readonly Role[], cancelRunning: boolean): void {
    const detail: SharingRequest = { off, cancelRunning };
    this.dispatchEvent(new CustomEvent('switch-sharing', { detail }));
  }

  static override styles = [
    base,
    buttons,
    css`
      .row {
        display: flex;
        align-items: center;
        justify-content: space-between;
        gap: 12px;
      }
      label {
        color: var(--_text-2);
        font-size: var(--_text-s);
      }
      select {
        min-block-size: var(--_touch);
        padding-inline: 12px 8px;
        border: 1px solid var(--_line);
        border-radius: var(--_r-s);
        background: var(--_surface);
        color: var(--_text);
        font: 550 var(--_text-s) / 1.2 var(--_font);
      }
      button {
        margin-block-start: 4px;
        padding-inline: 0;
        text-align: start;
      }
    `,
  ];
}

customElements.define('handout-sharing-switch', SharingSwitch);
