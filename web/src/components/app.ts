import { base, faultText } from '@handout/panel/ui';
import { HandoutError, join, type LeaveReason, type Room } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { say, speak, words } from '../language.js';
import { forget, inviteLink, JoinError, keep, prefill, requestToken, restore, type Session } from '../model/session.js';
import './ended-screen.js';
import './join-screen.js';
import type { JoinRequest } from './join-screen.js';
import { logo } from './logo.js';
import './room-view.js';

/** Which screen the page shows. */
type Screen =
  | { readonly kind: 'join'; readonly busy: boolean; readonly error?: unknown }
  | { readonly kind: 'returning' }
  | { readonly kind: 'room'; readonly room: Room }
  | { readonly kind: 'ended'; readonly reason: Exclude<LeaveReason, 'left'> };

const START: Extract<Screen, { kind: 'join' }> = { kind: 'join', busy: false };

/** The page: from the join form into a room and out again. */
export class App extends LitElement {
  static override properties = { screen: { state: true }, spoken: { state: true } };

  declare screen: Screen;
  /** The page has found its language; it says nothing before. */
  declare spoken: boolean;
  #session: Session | undefined;
  #off: (() => void) | undefined;
  /** Kept over a failed attempt, so that nothing has to be typed twice. */
  #typed = prefill(window);

  constructor() {
    super();
    this.spoken = false;
    void speak(navigator.languages).then(() => {
      this.spoken = true;
    });
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
    if (!this.spoken) return nothing;
    switch (screen.kind) {
      case 'join':
        return html`<handout-join-screen
          .room=${this.#typed.room}
          .name=${this.#typed.name}
          .busy=${screen.busy}
          .problem=${problemOf(screen.error)}
          @join-room=${(event: CustomEvent<JoinRequest>) => void this.#join(event.detail)}
        ></handout-join-screen>`;
      case 'returning':
        return html`<main class="returning" role="status">${logo(44)}<p>${say('join.returning')}</p></main>`;
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
    this.screen = { kind: 'join', busy: true };
    try {
      await this.#enter(await requestToken(typed.room, typed.name, window));
    } catch (error) {
      if (!(error instanceof JoinError)) throw error;
      this.screen = { ...START, error };
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
      this.screen = { ...START, error };
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

/** What to say of why nobody got in; nothing where nothing went wrong. */
function problemOf(error: unknown): string {
  if (error === undefined) return '';
  if (error instanceof JoinError) return joinProblem(error);
  if (!(error instanceof HandoutError)) return words().text('room.other', { fault: words().text('fault.unknown') });
  switch (error.code) {
    case 'unauthenticated':
    case 'token-expired':
      return say('problem.token');
    case 'room-full':
      return words().text('room.room-full');
    case 'room-ended':
    case 'room-not-found':
      return say('problem.ended');
    case 'too-many-requests':
      return say('problem.busy');
    case 'network':
    case 'not-connected':
    case 'unavailable':
      return words().text('room.connection-lost');
    default:
      return words().text('room.other', { fault: faultText(error, words()) });
  }
}

/** What the server said itself is said as it is. */
function joinProblem({ problem, message }: JoinError): string {
  if (message !== '') return message;
  return problem === 'unreachable' ? words().text('room.connection-lost') : say(`problem.${problem}`);
}

customElements.define('handout-app', App);
