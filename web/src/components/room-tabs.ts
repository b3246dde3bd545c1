import { base, icon } from '@handout/panel/ui';
import { css, html, LitElement, nothing, type ReactiveController, type ReactiveControllerHost } from 'lit';
import { Files, MessageCircle, Users } from 'lucide';
import { say, words } from '../language.js';

/** A part of the room that a narrow screen shows alone. */
export type RoomPart = 'files' | 'chat' | 'people';

const PARTS = [
  ['files', Files],
  ['chat', MessageCircle],
  ['people', Users],
] as const;

/** From this width on everything is side by side. */
export const WIDE = '(min-width: 900px)';

/** Whether a part of the room is on screen: on a wide one all of them are. */
export class Parts implements ReactiveController {
  current: RoomPart = 'files';
  readonly #host: ReactiveControllerHost;
  readonly #query = window.matchMedia(WIDE);

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  hostConnected(): void {
    this.#query.addEventListener('change', this.#changed);
  }

  hostDisconnected(): void {
    this.#query.removeEventListener('change', this.#changed);
  }

  get narrow(): boolean {
    return !this.#query.matches;
  }

  shows(part: RoomPart): boolean {
    return !this.narrow || this.current === part;
  }

  choose(part: RoomPart): void {
    this.current = part;
    this.#host.requestUpdate();
  }

  readonly #changed = (): void => this.#host.requestUpdate();
}

/**
 * The bar that chooses a part of the room on a narrow screen. The parts are elsewhere, so it is a navigation of
 * buttons. Fires `choose-part` with a RoomPart.
 */
export class RoomTabs extends LitElement {
  static override properties = {
    current: { attribute: false },
    files: { attribute: false },
    messages: { attribute: false },
    people: { attribute: false },
  };

  declare current: RoomPart;
  /** How many files are new. */
  declare files: number;
  /** How many messages are new. */
  declare messages: number;
  /** How many people are here. */
  declare people: number;

  constructor() {
    super();
    this.current = 'files';
    this.files = 0;
    this.messages = 0;
    this.people = 0;
  }

  override render() {
    return html`<nav aria-label=${say('parts.label')}>${PARTS.map(([part, picture]) => this.#tab(part, picture))}</nav>`;
  }

  #tab(part: RoomPart, picture: Parameters<typeof icon>[0]) {
    const news = part === 'files' ? this.files : part === 'chat' ? this.messages : 0;
    return html`<button data-testid="part-${part}" aria-current=${this.current === part ? 'true' : 'false'} @click=${() => this.#choose(part)}>
      ${icon(picture)}<span>${say(`parts.${part}`)}</span>
      ${part === 'people' ? html`<span class="count">${words().number(this.people)}</span>` : nothing}
      ${news > 0 ? html`<span class="news"><span aria-hidden="true">${news > 99 ? `${words().number(99)}+` : words().number(news)}</span><span class="sr">${say('parts.new', { count: news })}</span></span>` : nothing}
    </button>`;
  }

  #choose(detail: RoomPart): void {
    this.dispatchEvent(new CustomEvent('choose-part', { detail }));
  }

  static override styles = [
    base,
    css`
      nav {
        display: flex;
        padding-inline: 8px;
      }
      button {
        display: flex;
        flex: 1;
        align-items: center;
        justify-content: center;
        gap: 7px;
        min-inline-size: 0;
        min-block-size: 46px;
        padding: 0 4px;
        border: 0;
        border-block-end: 2.5px solid transparent;
        background: none;
        color: var(--_text-2);
        font: 550 var(--_text-s) / 1.2 var(--_font);
        cursor: pointer;
        -webkit-tap-highlight-color: transparent;
      }
      button:focus-visible {
        outline-offset: -3px;
      }
      button[aria-current='true'] {
        border-color: var(--_accent);
        color: var(--_text);
      }
      .count {
        color: var(--_text-2);
        font-weight: 500;
      }
      .news {
        min-inline-size: 20px;
        padding: 3px 6px;
        border-radius: var(--_r-full);
        background: var(--_accent);
        color: var(--_on-accent);
        font-size: var(--_text-xs);
        line-height: 14px;
        text-align: center;
      }
      @media (max-width: 359px) {
        svg {
          display: none;
        }
      }
    `,
  ];
}

customElements.define('handout-room-tabs', RoomTabs);
