import { base, buttons, icon } from '@handout/panel/ui';
import type { LeaveReason } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { DoorClosed, type IconNode, KeyRound, Layers2, Users, UserX, WifiOff } from 'lucide';
import { logo } from './logo.js';

interface Ending {
  readonly picture: IconNode;
  readonly title: string;
  readonly text: string;
  /** What is said instead to who came by an invitation and needs a new one. */
  readonly invited?: string;
  /** What to do next: come back with the same token, or start over. */
  readonly next: 'rejoin' | 'start';
  readonly verb: string;
}

const ENDINGS: Readonly<Record<Exclude<LeaveReason, 'left'>, Ending>> = {
  replaced: {
    picture: Layers2,
    title: 'This room is open in another window',
    text: 'You can be in a room in one window at a time. Your files are safe there.',
    next: 'rejoin',
    verb: 'Use this window',
  },
  dropped: {
    picture: UserX,
    title: 'You were removed from the room',
    text: 'A host removed you. What you were sending or saving has stopped; what you saved stays on your device.',
    invited:
      'A host removed you. What you were sending or saving has stopped; what you saved stays on your device. To come back, ask for a new invitation.',
    next: 'start',
    verb: 'Back to start',
  },
  'room-ended': {
    picture: DoorClosed,
    title: 'The room has ended',
    text: 'Its files have been deleted from the server. What you saved stays on your device.',
    next: 'start',
    verb: 'Back to start',
  },
  unauthenticated: {
    picture: KeyRound,
    title: 'Your invitation has expired',
    text: 'Join again, or open a new link, to go on.',
    invited: 'Ask for a new one to go on.',
    next: 'start',
    verb: 'Join again',
  },
  'room-full': {
    picture: Users,
    title: 'The room is full',
    text: 'Try again when someone has left.',
    next: 'rejoin',
    verb: 'Try again',
  },
  'connection-lost': {
    picture: WifiOff,
    title: 'The connection was lost',
    text: 'Check your network, then come back: uploads and downloads can go on.',
    next: 'rejoin',
    verb: 'Reconnect',
  },
};

/** The page after a room is over for this participant: why, and what to do. Fires `rejoin` or `start`. */
export class EndedScreen extends LitElement {
  static override properties = { reason: { attribute: false }, invited: { attribute: false } };

  declare reason: Exclude<LeaveReason, 'left'>;
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
    const ending = ENDINGS[this.reason];
    return html`<main data-testid="ended" data-reason=${this.reason}>
      <div class="brand">${logo(28)}<span>Handout</span></div>
      <div class="card" role="alert">
        <span class="picture">${icon(ending.picture, 28)}</span>
        <h1 tabindex="-1">${ending.title}</h1>
        <p>${this.invited ? (ending.invited ?? ending.text) : ending.text}</p>
      </div>
      ${this.#next(ending)}
    </main>`;
  }

  #next({ next, verb }: Ending) {
    if (next === 'start' && this.invited) return html`<p>You can close this window.</p>`;
    return html`<div class="next">
      <button class="primary" @click=${() => this.dispatchEvent(new CustomEvent(next))}>${verb}</button>
      ${next === 'rejoin' && !this.invited ? html`<button class="quiet" @click=${() => this.dispatchEvent(new CustomEvent('start'))}>Back to start</button>` : nothing}
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
