import { base, buttons, icon } from '@handout/panel/ui';
import { css, html, LitElement, nothing } from 'lit';
import { ArrowRight, LoaderCircle } from 'lucide';
import { say } from '../language.js';
import { joinPicture, joinPictureStyles } from './join-picture.js';
import { logo } from './logo.js';

export interface JoinRequest {
  readonly room: string;
  readonly name: string;
}

/** The way in: a room's name and one's own. Fires `join-room` with a JoinRequest. */
export class JoinScreen extends LitElement {
  static override properties = {
    room: { attribute: false },
    name: { attribute: false },
    busy: { type: Boolean },
    problem: { attribute: false },
  };

  declare room: string;
  declare name: string;
  declare busy: boolean;
  declare problem: string;

  constructor() {
    super();
    this.room = '';
    this.name = '';
    this.busy = false;
    this.problem = '';
  }

  override firstUpdated(): void {
    const field = this.room === '' ? '#room' : this.name === '' ? '#name' : 'button';
    this.renderRoot.querySelector<HTMLElement>(field)?.focus();
  }

  override render() {
    return html`
      <main>
        <section class="way-in">
          <div class="brand">${logo(34)}<span>Handout</span></div>
          <h1>${say('join.title')}</h1>
          <p class="lead">${say('join.lead')}</p>
          ${this.#form()}
        </section>
        ${joinPicture()}
      </main>
    `;
  }

  #form() {
    return html`<form data-testid="join-form" @submit=${this.#submit} aria-busy=${this.busy}>
      <label for="room">${say('join.room')}</label>
      <input id="room" name="room" .value=${this.room} required maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false"
        placeholder=${say('join.room.example')} aria-describedby="room-hint" />
      <p class="hint" id="room-hint">${say('join.room.hint')}</p>
      <label for="name">${say('join.name')}</label>
      <input id="name" name="name" .value=${this.name} required maxlength="64" autocomplete="name" placeholder=${say('join.name.hint')} />
      <div class="problem" role="alert">${this.problem === '' ? nothing : html`<p>${this.problem}</p>`}</div>
      <button class="primary" type="submit" aria-disabled=${this.busy}>
        ${this.busy ? html`<span class="turn">${icon(LoaderCircle)}</span>${say('join.busy')}` : html`${say('join.verb')} ${icon(ArrowRight)}`}
      </button>
    </form>`;
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.busy) return;
    const data = new FormData(event.target as HTMLFormElement);
    const detail: JoinRequest = { room: String(data.get('room')).trim(), name: String(data.get('name')).trim() };
    if (detail.room === '' || detail.name === '') return;
    this.dispatchEvent(new CustomEvent('join-room', { detail }));
  }

  static override styles = [
    base,
    buttons,
    joinPictureStyles,
    css`
      main {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        align-items: center;
        gap: 72px;
        max-inline-size: 1080px;
        min-block-size: 100dvh;
        margin-inline: auto;
        padding: 32px 20px;
      }
      .way-in {
        inline-size: 100%;
        max-inline-size: 420px;
        margin-inline: auto;
      }
      .brand {
        display: flex;
        align-items: center;
        gap: 10px;
        margin-block-end: 40px;
        font-size: var(--_text-l);
        font-weight: 650;
        letter-spacing: -0.01em;
      }
      h1 {
        font-size: var(--_text-2xl);
        font-weight: 680;
        line-height: 1.12;
        letter-spacing: -0.028em;
        text-wrap: balance;
      }
      .lead {
        margin-block: 14px 28px;
        color: var(--_text-2);
        font-size: 1rem;
        text-wrap: pretty;
      }
      form {
        display: grid;
        padding: 24px;
        border: 1px solid var(--_line);
        border-radius: var(--_r-l);
        background: var(--_surface);
        box-shadow: var(--_shadow-2);
      }
      label {
        margin-block-end: 6px;
        font-size: var(--_text-s);
        font-weight: 600;
      }
      input {
        inline-size: 100%;
        min-block-size: 46px;
        padding: 0 14px;
        border: 1px solid var(--_line-strong);
        border-radius: var(--_r-s);
        background: var(--_surface);
        color: var(--_text);
        font: 400 1rem var(--_font);
      }
      input::placeholder {
        color: var(--_text-2);
        opacity: 0.8;
      }
      input:focus-visible {
        border-color: var(--_accent);
        outline-offset: -1px;
      }
      .hint {
        margin-block: 6px 18px;
        color: var(--_text-2);
        font-size: var(--_text-s);
      }
      .problem p {
        margin-block-start: 14px;
        padding: 10px 12px;
        border-radius: var(--_r-s);
        background: var(--_danger-soft);
        color: var(--_danger);
        font-size: var(--_text-s);
      }
      form button {
        min-block-size: 48px;
        margin-block-start: 20px;
        font-size: var(--_text-m);
      }
      form button svg:dir(rtl) {
        transform: scaleX(-1);
      }
      .turn {
        animation: turn 1s linear infinite;
      }
      @keyframes turn {
        to {
          rotate: 1turn;
        }
      }
      @media (min-width: 900px) {
        main {
          grid-template-columns: minmax(0, 440px) minmax(0, 1fr);
        }
        .way-in {
          margin-inline: 0;
        }
      }
    `,
  ];
}

customElements.define('handout-join-screen', JoinScreen);
