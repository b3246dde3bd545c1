import { base, buttons, icon } from '@handout/panel/ui';
import type { LeaveReason } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { DoorClosed, type IconNode, KeyRound, Layers2, Users, UserX, WifiOff } from 'lucide';
import { say } from '../language.js';
import { logo } from './logo.js';

type Reason = Exclude<LeaveReason, 'left'>;

const PICTURES: Readonly<Record<Reason, IconNode>> = {
  replaced: Layers2,
  dropped: UserX,
  'room-ended': DoorClosed,
  unauthenticated: KeyRound,
  'room-full': Users,
  'connection-lost': WifiOff,
};

/** After these the same token leads back; after the others there is the start. */
const REJOIN = new Set<Reason>(['replaced', 'room-full', 'connection-lost']);

/** What the button that goes on is called. */
function verbOf(reason: Reason): string {
  return reason === 'dropped' || reason === 'room-ended' ? say('ended.start') : say(`ended.${reason}.verb`);
}

/** Why it is over; who came by an invitation may need a new one, and is told so. */
function textOf(reason: Reason, invited: boolean): string {
  if (invited && reason === 'unauthenticated') return say('ended.unauthenticated.invited');
  const text = say(`ended.${reason}.text`);
  return invited && reason === 'dropped' ? `${text} ${say('ended.dropped.invited')}` : text;
}

/** The page after a room is over for this participant: why, and what to do. Fires `rejoin` or `start`. */
export class EndedScreen extends LitElement {
  static override properties = { reason: { attribute: false }, invited: { attribute: false } };

  declare reason: Reason;
  /** I came by an invitation: the start, where rooms are joined by name, is of no use to me. */
  declare invited: boolean;

  constructor() {
    super();
    this.reason = 'connection-lost';
    this.invited = false;
  }

  override firstUpdated(): void {
    const [button, title] = [this.renderRoot.querySelector('button'), this.renderRoot.querySelector('h1')];
    (button ?? title)?.focus();
  }

  override render() {
    const { reason, invited } = this;
    return html`<main data-testid="ended" data-reason=${reason}>
      <div class="brand">${logo(28)}<span>Handout</span></div>
      <div class="card" role="alert">
        <span class="picture">${icon(PICTURES[reason], 28)}</span>
        <h1 tabindex="-1">${say(`ended.${reason}.title`)}</h1>
        <p>${textOf(reason, invited)}</p>
      </div>
      ${this.#next()}
    </main>`;
  }

  #next() {
    const { reason, invited } = this;
    const next = REJOIN.has(reason) ? 'rejoin' : 'start';
    if (next === 'start' && invited) return html`<p>${say('ended.close')}</p>`;
    return html`<div class="next">
      <button class="primary" @click=${() => this.dispatchEvent(new CustomEvent(next))}>${verbOf(reason)}</button>
      ${next === 'rejoin' && !invited ? html`<button class="quiet" @click=${() => this.dispatchEvent(new CustomEvent('start'))}>${say('ended.start')}</button>` : nothing}
    </div>`;
  }

  static override styles = [
    base,
    buttons,
    css`
      main {
        display: grid;
        align-content: center;
        justify-items: center;
        max-inline-size: 460px;
        min-block-size: 100dvh;
        margin-inline: auto;
        padding: 72px 20px;
        text-align: center;
      }
      .brand {
        position: absolute;
        inset-block-start: 20px;
        inset-inline-start: 24px;
        display: flex;
        align-items: center;
        gap: 10px;
        font-weight: 650;
      }
      .card {
        display: grid;
        justify-items: center;
      }
      .picture {
        display: grid;
        place-items: center;
        inline-size: 68px;
        block-size: 68px;
        margin-block-end: 22px;
        border-radius: 22px;
        background: var(--_surface);
        color: var(--_accent);
        box-shadow: var(--_shadow-2);
      }
      h1:focus {
        outline: none;
      }
      h1 {
        font-size: var(--_text-xl);
        font-weight: 660;
        line-height: 1.2;
        letter-spacing: -0.02em;
        text-wrap: balance;
      }
      p {
        margin-block-start: 10px;
        color: var(--_text-2);
        text-wrap: balance;
      }
      .next {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 8px;
        margin-block-start: 26px;
      }
      .next button {
        min-block-size: 44px;
        padding-inline: 20px;
        font-size: var(--_text-m);
      }
    `,
  ];
}

customElements.define('handout-ended-screen', EndedScreen);
