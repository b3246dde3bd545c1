import { base, buttons, icon } from '@handout/panel/ui';
import { css, html, LitElement, nothing } from 'lit';
import { Check, Link, LogOut } from 'lucide';
import { logo } from './logo.js';

/** The room's name, its invite link and the way out. Fires `leave-room`. */
export class RoomHeader extends LitElement {
  static override properties = {
    name: { attribute: false },
    link: { attribute: false },
    copied: { state: true },
  };

  declare name: string;
  /** Empty: this room has no link that would let others in. */
  declare link: string;
  declare copied: boolean;
  #reset = 0;

  constructor() {
    super();
    this.name = '';
    this.link = '';
    this.copied = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.clearTimeout(this.#reset);
  }

  override render() {
    return html`<header>
      ${logo(30)}
      <h1 title=${this.name}><bdi>${this.name}</bdi></h1>
      ${this.link === '' ? nothing : this.#share()}
      <button class="quiet leave" @click=${() => this.dispatchEvent(new CustomEvent('leave-room'))} aria-label="Leave room">
        ${icon(LogOut)}<span>Leave</span>
      </button>
    </header>`;
  }

  #share() {
    return html`<button class="share" data-testid="copy-link" aria-label="Copy invite link" @click=${this.copy}>
        ${this.copied ? icon(Check) : icon(Link)}<span class="long">${this.copied ? 'Copied' : 'Copy invite link'}</span><span class="short">${this.copied ? 'Copied' : 'Invite'}</span>
      </button>
      <span class="sr" role="status">${this.copied ? 'Invite link copied' : ''}</span>`;
  }

  /** Puts the invite link on the clipboard; where that is refused, shows it to be copied by hand. */
  async copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.link);
    } catch {
      window.prompt('Copy this link to invite others', this.link);
      return;
    }
    this.copied = true;
    window.clearTimeout(this.#reset);
    this.#reset = window.setTimeout(() => {
      this.copied = false;
    }, 2_000);
  }

  static override styles = [
    base,
    buttons,
    css`
      header {
        display: flex;
        align-items: center;
        gap: 8px;
        max-inline-size: 1128px;
        min-block-size: 64px;
        margin-inline: auto;
        padding: 8px 24px;
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
      .short {
        display: none;
      }
      @media (max-width: 479px) {
        .short {
          display: inline;
        }
        .long {
          display: none;
        }
      }
    `,
  ];
}

customElements.define('handout-room-header', RoomHeader);
