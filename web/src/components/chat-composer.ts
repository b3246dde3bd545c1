import { base, buttons, icon } from '@handout/panel/ui';
import type { Participant } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { SendHorizontal } from 'lucide';
import { say, words } from '../language.js';
import type { Chat } from '../model/chat.js';

const EVERYONE = '';

/** The field for a message, and whom it is for. Fires `said` when a message has been given to the chat. */
export class ChatComposer extends LitElement {
  static override properties = {
    chat: { attribute: false },
    people: { attribute: false },
    names: { attribute: false },
    away: { attribute: false },
    to: { state: true },
    text: { state: true },
  };

  declare chat: Chat;
  /** Whom I may write to. */
  declare people: readonly Participant[];
  declare names: ReadonlyMap<string, string>;
  /** The network is away. */
  declare away: boolean;
  /** The chosen person's id; empty is everyone. It stays when that person leaves: nothing goes to others instead. */
  declare to: string;
  declare text: string;

  constructor() {
    super();
    this.people = [];
    this.names = new Map();
    this.away = false;
    this.to = EVERYONE;
    this.text = '';
  }

  /** Chooses whom the next message is for, and takes the focus. */
  writeTo(id: string): void {
    this.to = id;
    this.#field?.focus();
  }

  override render() {
    const problem = this.#problem();
    const name = this.#nameOf(this.to);
    return html`<form @submit=${this.#submit}>
      <div class="to">
        <label for="to">${say('chat.to')}</label>
        <select id="to" aria-label=${say('chat.to.label')} data-testid="chat-to" @change=${this.#chosen}>
          <option value=${EVERYONE} ?selected=${this.to === EVERYONE}>${words().text('send.everyone')}</option>
          ${this.people.map(({ id }) => html`<option value=${id} ?selected=${this.to === id}>${this.#nameOf(id)}</option>`)}
          ${this.#gone ? html`<option value=${this.to} selected>${say('chat.to.gone', { name })}</option>` : nothing}
        </select>
      </div>
      <div class="field">
        <textarea
          rows="1"
          dir=${this.text === '' ? nothing : 'auto'}
          aria-label=${this.to === EVERYONE ? say('chat.field.everyone') : say('chat.field.one', { name })}
          aria-describedby="problem"
          aria-invalid=${problem !== '' && this.text !== ''}
          placeholder=${say('chat.field')}
          enterkeyhint="send"
          data-testid="chat-field"
          .value=${this.text}
          @input=${this.#typed}
          @keydown=${this.#keyed}
        ></textarea>
        <button class="primary icon" type="submit" aria-label=${say('chat.send')} aria-disabled=${problem !== '' || this.text.trim() === ''}>
          ${icon(SendHorizontal)}
        </button>
      </div>
      <p id="problem" class="problem" role="status" data-testid="chat-problem">${problem}</p>
    </form>`;
  }

  /** Why nothing can be sent as it is, in words; empty when it can. */
  #problem(): string {
    if (this.#gone) return say('chat.gone', { name: this.#nameOf(this.to) });
    if (this.people.length === 0) return say('chat.alone');
    const excess = this.chat.excess(this.text.trim());
    if (excess > 0) return say('chat.long', { size: words().bytes(excess) });
    if (this.chat.full) return say('chat.full');
    return '';
  }

  get #gone(): boolean {
    return this.to !== EVERYONE && !this.people.some(({ id }) => id === this.to);
  }

  #nameOf(id: string): string {
    return this.names.get(id) ?? say('people.someone');
  }

  #chosen(event: Event): void {
    this.to = (event.target as HTMLSelectElement).value;
  }

  #typed(event: Event): void {
    this.text = (event.target as HTMLTextAreaElement).value;
  }

  /** Enter sends; with Shift, or where a keyboard on the screen has no Shift+Enter, it is a new line. */
  #keyed(event: KeyboardEvent): void {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    this.#send();
  }

  #submit(event: Event): void {
    event.preventDefault();
    this.#send();
  }

  #send(): void {
    const text = this.text.trim();
    if (text === '' || this.#problem() !== '') return;
    this.chat.send(text, this.to === EVERYONE ? 'room' : [this.to]);
    this.text = '';
    this.#field?.focus();
    this.dispatchEvent(new CustomEvent('said'));
  }

  /** The field is as high as its text, up to a third of the screen. */
  override updated(): void {
    const field = this.#field;
    if (field === null) return;
    field.style.blockSize = 'auto';
    field.style.blockSize = `${field.scrollHeight + 2}px`; // with its border
  }

  get #field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('textarea');
  }

  static override styles = [
    base,
    buttons,
    css`
      form {
        padding: 8px 12px 12px;
        border-block-start: 1px solid var(--_line);
      }
      .to {
        display: flex;
        align-items: center;
        gap: 4px;
        color: var(--_text-2);
        font-size: var(--_text-s);
      }
      select {
        min-inline-size: 0;
        max-inline-size: 100%;
        min-block-size: var(--_touch);
        padding: 0 4px;
        border: 0;
        border-radius: var(--_r-s);
        background: transparent;
        color: var(--_text);
        font: 600 var(--_text-s) / 1.2 var(--_font);
        text-overflow: ellipsis;
        cursor: pointer;
      }
      option {
        background: var(--_surface);
      }
      .field {
        display: flex;
        align-items: end;
        gap: 8px;
      }
      textarea {
        flex: 1;
        min-inline-size: 0;
        min-block-size: var(--_touch);
        max-block-size: 33vh;
        padding: 8px 12px;
        border: 1px solid var(--_line-strong);
        border-radius: calc(var(--_touch) / 2);
        background: var(--_surface);
        color: var(--_text);
        font: 400 var(--_text-m) / 1.45 var(--_font);
        resize: none;
        scrollbar-width: thin;
      }
      textarea::placeholder {
        color: var(--_text-2);
      }
      textarea:focus-visible {
        border-color: var(--_accent);
        outline-offset: -1px;
      }
      button.primary {
        flex: none;
        border-radius: 50%;
      }
      button svg:dir(rtl) {
        transform: scaleX(-1);
      }
      .problem {
        color: var(--_text-2);
        font-size: var(--_text-xs);
        overflow-wrap: anywhere;
      }
      .problem:not(:empty) {
        padding-block-start: 8px;
      }
      textarea[aria-invalid='true'] {
        border-color: var(--_danger);
      }
      form:has([aria-invalid='true']) .problem {
        color: var(--_danger);
      }
      /* A phone zooms into a field with smaller letters. */
      @media (pointer: coarse) {
        textarea {
          font-size: 1rem;
        }
      }
    `,
  ];
}

customElements.define('handout-chat-composer', ChatComposer);
