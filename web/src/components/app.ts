import { base, english, faultText } from '@handout/panel/ui';
import { HandoutError, join, type LeaveReason, type Room } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { forget, inviteLink, JoinError, keep, prefill, requestToken, restore, type Session } from '../model/session.js';
import './ended-screen.js';
import './join-screen.js';
import type { JoinRequest } from './join-screen.js';
import { logo } from './logo.js';
import './room-view.js';

/** Which screen the page shows. */
type Screen =
  | { readonly kind: 'join'; readonly busy: boolean; readonly problem: string }
  | { readonly kind: 'returning' }
  | { readonly kind: 'room'; readonly room: Room }
  | { readonly kind: 'ended'; readonly reason: Exclude<LeaveReason, 'left'> };

const START: Extract<Screen, { kind: 'join' }> = { kind: 'join', busy: false, problem: '' };

/** The page: from the join form into a room and out again. */
export class App extends LitElement {
  static override properties = { screen: { state: true } };

  declare screen: Screen;
  #session: Session | undefined;
  #off: (() => void) | undefined;
  /** Kept over a failed attempt, so that nothing has to be typed twice. */
  #typed = prefill(window);

  constructor() {
    super();
    this.#session = restore(window);
    this.screen = this.#session === undefined ? START : { kind: 'returning' };
    if (this.#session !== undefined) void this.#enter(this.#session);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#off?.();
  }

  override render() {
    const { screen } = this;
    switch (screen.kind) {
      case 'join':
        return html`<handout-join-screen
          .room=${this.#typed.room}
          .name=${this.#typed.name}
          .busy=${screen.busy}
          .problem=${screen.problem}
          @join-room=${(event: CustomEvent<JoinRequest>) => void this.#join(event.detail)}
        ></handout-join-screen>`;
      case 'returning':
        return html`<main class="returning" role="status">${logo(44)}<p>Going back to your room…</p></main>`;
      case 'room':
        return html`<handout-room-view .room=${screen.room} .link=${this.#link()} @leave-room=${() => void screen.room.leave()}></handout-room-view>`;
      case 'ended':
        return html`<handout-ended-screen .reason=${screen.reason} .invited=${this.#session !== undefined && this.#session.room === undefined} @rejoin=${this.#rejoin} @start=${this.#start}></handout-ended-screen>`;
      default:
        return nothing;
    }
  }

  #link(): string {
    return this.#session?.room === undefined ? '' : inviteLink(window, this.#session.room);
  }

  async #join(typed: JoinRequest): Promise<void> {
    this.#typed = typed;
    this.screen = { kind: 'join', busy: true, problem: '' };
    try {
      await this.#enter(await requestToken(typed.room, typed.name, window));
    } catch (error) {
      if (!(error instanceof JoinError)) throw error;
      this.screen = { ...START, problem: error.message };
    }
  }

  /** Joins with a token in hand; on failure the join form says why. */
  async #enter(session: Session): Promise<void> {
    try {
      const room = await join(session.token, { server: window.location.origin });
      keep(window, session);
      this.#session = session;
      this.#watch(room);
    } catch (error) {
      if (error instanceof HandoutError && error.code === 'forbidden') {
        this.#session = session; // so says the server to who was removed from the room, also after a reload
        this.screen = { kind: 'ended', reason: 'dropped' };
        return;
      }
      if (isFinal(error)) forget(window);
      this.screen = { ...START, problem: problemOf(error) };
    }
  }

  #watch(room: Room): void {
    this.#off?.();
    this.#off = room.on('state', ({ state }) => {
      if (state.kind === 'left') this.#left(state.reason);
    });
    if (room.state.kind === 'left') this.#left(room.state.reason);
    else this.screen = { kind: 'room', room };
  }

  #left(reason: LeaveReason): void {
    this.#off?.();
    if (reason === 'left') this.#start();
    else this.screen = { kind: 'ended', reason };
  }

  readonly #rejoin = (): void => {
    if (this.#session === undefined) {
      this.#start();
      return;
    }
    this.screen = { kind: 'returning' };
    void this.#enter(this.#session);
  };

  readonly #start = (): void => {
    forget(window);
    this.#session = undefined;
    this.#typed = prefill(window);
    this.screen = START;
  };

  static override styles = [
    base,
    css`
      .returning {
        display: grid;
        place-content: center;
        justify-items: center;
        gap: 16px;
        min-block-size: 100dvh;
        color: var(--_text-2);
      }
      .returning svg {
        animation: breathe 1.6s var(--_ease) infinite alternate;
      }
      @keyframes breathe {
        to {
          opacity: 0.55;
          scale: 0.94;
        }
      }
    `,
  ];
}

/** Errors after which the same token will not work either. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof HandoutError &&
    ['unauthenticated', 'token-expired', 'room-ended', 'room-not-found'].includes(error.code)
  );
}

function problemOf(error: unknown): string {
  if (!(error instanceof HandoutError)) return 'Something went wrong. Try again in a moment.';
  switch (error.code) {
    case 'unauthenticated':
    case 'token-expired':
      return 'Your invitation is not valid, or no longer. Join again, or open a new link.';
    case 'room-full':
      return 'The room is full. Try again when someone has left.';
    case 'room-ended':
    case 'room-not-found':
      return 'That room has ended.';
    case 'too-many-requests':
      return 'The server is busy. Try again in a moment.';
    case 'network':
    case 'not-connected':
    case 'unavailable':
      return 'The server cannot be reached. Check your connection and try again.';
    default:
      return `${faultText(error, english)}. Try again in a moment.`;
  }
}

customElements.define('handout-app', App);
