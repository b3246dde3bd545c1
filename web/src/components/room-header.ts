import { base, buttons, icon } from '@handout/panel/ui';
import { css, html, LitElement, nothing } from 'lit';
import { LogOut, UserPlus } from 'lucide';
import { say } from '../language.js';
import { logo } from './logo.js';

/** The room's name, the way in for others and the way out. Fires `invite` and `leave-room`. */
export class RoomHeader extends LitElement {
  static override properties = {
    name: { attribute: false },
    invites: { attribute: false },
  };

  declare name: string;
  /** There is a link that lets others in. */
  declare invites: boolean;

  constructor() {
    super();
    this.name = '';
    this.invites = false;
  }

  override render() {
    return html`<header>
      ${logo(30)}
      <h1 title=${this.name}><bdi>${this.name}</bdi></h1>
      ${this.invites ? html`<button data-testid="invite-button" @click=${() => this.#fire('invite')}>${icon(UserPlus)}${say('room.invite')}</button>` : nothing}
      <button class="quiet leave" @click=${() => this.#fire('leave-room')} aria-label=${say('room.leave')}>
        ${icon(LogOut)}<span>${say('room.leave.short')}</span>
      </button>
    </header>`;
  }

  #fire(type: 'invite' | 'leave-room'): void {
    this.dispatchEvent(new CustomEvent(type));
  }

  static override styles = [
    base,
    buttons,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        min-block-size: 60px;
        padding: 8px 20px;
      }
      h1 {
        flex: 1;
        min-inline-size: 0;
        margin-inline-start: 4px;
        overflow: hidden;
        font-size: var(--_text-l);
        font-weight: 650;
        letter-spacing: -0.012em;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      bdi {
        overflow-wrap: normal;
      }
      .leave svg:dir(rtl) {
        transform: scaleX(-1);
      }
      @media (max-width: 559px) {
        header {
          padding-inline: 16px 8px;
        }
        .leave span {
          display: none;
        }
        .leave {
          inline-size: var(--_touch);
          padding: 0;
        }
      }
      @media (max-width: 379px) {
        header > svg {
          display: none;
        }
        h1 {
          margin: 0;
          font-size: var(--_text-m);
        }
      }
    `,
  ];
}

customElements.define('handout-room-header', RoomHeader);
