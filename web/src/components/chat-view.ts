import { audienceLabel, avatar, avatarStyles, base, buttons, faultText, icon } from '@handout/panel/ui';
import type { Participant } from '@handout/sdk';
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { ArrowDown, Lock, MessageCircle } from 'lucide';
import { say, words } from '../language.js';
import type { Chat, ChatMessage } from '../model/chat.js';
import { linkify } from '../model/links.js';
import './chat-composer.js';
import { chatStyles } from './chat-view.styles.js';

/** What one says within this is one group, under one name. */
const GROUP_MS = 5 * 60_000;
/** A text longer than this is shown in full when that is asked for. */
const LONG = 1_200;
/** So near to its end the list counts as being there, in px. */
const NEAR = 48;

/** The text chat of a room: what was said, newest at the bottom, and the field to say something. */
export class ChatView extends LitElement {
  static override properties = {
    chat: { attribute: false },
    items: { attribute: false },
    unread: { attribute: false },
    people: { attribute: false },
    names: { attribute: false },
    meId: { attribute: false },
    away: { attribute: false },
    shown: { attribute: false },
    atEnd: { state: true },
    whole: { state: true },
  };

  declare chat: Chat;
  /** Those of `chat`: a new array is a new drawing. */
  declare items: readonly ChatMessage[];
  declare unread: number;
  /** Whom I may write to. */
  declare people: readonly Participant[];
  declare names: ReadonlyMap<string, string>;
  declare meId: string;
  /** The network is away. */
  declare away: boolean;
  /** This view is on screen, as far as its page is. */
  declare shown: boolean;
  declare atEnd: boolean;
  /** Ids of long messages that are shown in full. */
  declare whole: ReadonlySet<number>;

  constructor() {
    super();
    this.items = [];
    this.unread = 0;
    this.people = [];
    this.names = new Map();
    this.meId = '';
    this.away = false;
    this.shown = true;
    this.atEnd = true;
    this.whole = new Set();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('visibilitychange', this.#look);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener('visibilitychange', this.#look);
    this.chat.look(false);
  }

  override render() {
    return html`<section aria-labelledby="title">
      <h2 id="title">${say('chat.title')}</h2>
      <div class="middle">
        <div class="log" role="log" aria-live="polite" aria-relevant="additions" aria-labelledby="title" tabindex="0" data-testid="chat-log" @scroll=${this.#scrolled}>
          ${this.items.length === 0 ? this.#empty() : html`<p class="note">${say('chat.note')}</p>`}
          ${repeat(
            this.items,
            ({ id }) => id,
            (item, at) => this.#message(item, this.items[at - 1]),
          )}
        </div>
        ${this.unread > 0 ? html`<button class="jump" @click=${this.#toEnd}>${icon(ArrowDown, 16)}${say('chat.new', { count: this.unread })}</button>` : nothing}
      </div>
      <handout-chat-composer
        .people=${this.people}
        .names=${this.names}
        .away=${this.away}
        .chat=${this.chat}
        @said=${this.#toEnd}
      ></handout-chat-composer>
    </section>`;
  }

  #empty() {
    return html`<div class="empty">
      ${icon(MessageCircle, 32)}
      <p>${say('chat.empty')} ${say('chat.note')}</p>
    </div>`;
  }

  #message(item: ChatMessage, before: ChatMessage | undefined) {
    const follows = before !== undefined && isGroup(before, item) && this.chat.mark !== item.id;
    return html`${this.chat.mark === item.id ? html`<p class="mark"><span>${say('chat.mark')}</span></p>` : nothing}
      <div class="message ${item.mine ? 'mine' : ''} ${follows ? 'follows' : ''} ${item.to === 'room' ? '' : 'private'} ${item.state}"
        data-testid="chat-message" data-sender=${item.sender.name} data-state=${item.state}>
        ${follows ? nothing : this.#heading(item)}
        <p class="text" dir="auto">${this.#text(item)}</p>
        ${this.#long(item)} ${this.#status(item)}
      </div>`;
  }

  #heading({ mine, sender, to, at }: ChatMessage) {
    const name = this.names.get(sender.id) ?? sender.name;
    const others = to === 'room' ? [] : to.filter((id) => id !== this.meId);
    const whom = mine
      ? say('chat.only-to', { who: audienceLabel(others, this.names, words()) })
      : say('chat.only-to-you');
    return html`<p class="head">
      ${mine ? nothing : avatar(sender.id, sender.name, 's')}
      <span class="name">${mine ? say('people.you') : html`<bdi>${name}</bdi>`}</span>
      ${to === 'room' ? nothing : html`<span class="whom">${icon(Lock, 12)}<span>${whom}</span></span>`}
      <time datetime=${new Date(at).toISOString()}>${words().clock(new Date(at))}</time>
    </p>`;
  }

  #text({ id, text }: ChatMessage): (string | TemplateResult)[] {
    const shown = this.#isCut(text, id) ? `${cut(text, LONG)}…` : text;
    return linkify(shown).map((piece) =>
      piece.href === undefined
        ? piece.text
        : html`<a href=${piece.href} title=${piece.href} target="_blank" rel="noopener noreferrer"><bdi>${piece.text}</bdi></a>`,
    );
  }

  #isCut(text: string, id: number): boolean {
    return text.length > LONG && !this.whole.has(id);
  }

  #long({ id, text }: ChatMessage) {
    if (!this.#isCut(text, id)) return nothing;
    return html`<button class="quiet more" @click=${() => this.#showWhole(id)}>${say('chat.whole')}</button>`;
  }

  /** Where mine stands, as long as it is not sent. */
  #status({ id, state, fault, mine }: ChatMessage) {
    if (!mine || state === 'sent') return nothing;
    if (state !== 'failed') {
      return html`<p class="status">${say(state === 'waiting' && this.away ? 'chat.waiting' : 'chat.sending')}</p>`;
    }
    return html`<p class="status bad" role="alert">
      <span>${fault?.code === 'network' ? say('chat.perhaps') : say('chat.failed', { fault: faultText(fault ?? UNKNOWN, words()) })}</span>
      <button class="quiet" @click=${() => this.chat.retry(id)}>${words().text('resend')}</button>
      <button class="quiet" @click=${() => this.chat.discard(id)}>${say('chat.remove')}</button>
    </p>`;
  }

  #showWhole(id: number): void {
    this.whole = new Set(this.whole).add(id);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('chat')) {
      this.atEnd = true;
      this.whole = new Set();
    }
  }

  override updated(changed: PropertyValues<this>): void {
    if ((changed.has('items') || changed.has('shown')) && this.atEnd) this.#toEnd();
    if (changed.has('chat') || changed.has('shown') || changed.has('atEnd')) this.#look();
  }

  readonly #look = (): void => {
    this.chat.look(this.shown && this.atEnd && document.visibilityState === 'visible');
  };

  readonly #scrolled = (): void => {
    const log = this.#log;
    if (log !== null && this.shown) this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
  };

  readonly #toEnd = (): void => {
    const log = this.#log;
    if (log === null) return;
    log.scrollTop = log.scrollHeight;
    this.atEnd = true;
  };

  get #log(): HTMLElement | null {
    return this.renderRoot.querySelector('.log');
  }

  static override styles = [base, buttons, avatarStyles, chatStyles];
}

const UNKNOWN = { code: 'internal', message: '' };

/** Said by the same person to the same people, soon after. */
function isGroup(a: ChatMessage, b: ChatMessage): boolean {
  return a.sender.id === b.sender.id && String(a.to) === String(b.to) && b.at - a.at < GROUP_MS && a.state !== 'failed';
}

/** The first characters of a text, none of them halved. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

customElements.define('handout-chat-view', ChatView);
