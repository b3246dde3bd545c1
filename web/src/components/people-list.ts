import { avatar, avatarStyles, base, buttons, distinctNames, icon } from '@handout/panel/ui';
import type { Participant } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Send } from 'lucide';
import { say, words } from '../language.js';
import { inOrder, labelOf } from '../model/people.js';
import type { PersonRequest } from './moderator.js';
import './person-menu.js';
import type { PersonAction } from './person-menu.js';

/**
 * Who is here. A row is also a place to drop files for that person. Fires `send-to` with the person's id,
 * and `moderate` with a PersonRequest.
 */
export class PeopleList extends LitElement {
  static override properties = {
    participants: { attribute: false },
    meId: { attribute: false },
    maySend: { attribute: false },
    moderator: { attribute: false },
    away: { type: Boolean, reflect: true },
    dragging: { type: Boolean, reflect: true },
    over: { attribute: false },
  };

  declare participants: readonly Participant[];
  declare meId: string;
  /** Ids of those whom I may send to. */
  declare maySend: ReadonlySet<string>;
  /** I may remove people. */
  declare moderator: boolean;
  /** The network is away: who is here is not known any more. */
  declare away: boolean;
  declare dragging: boolean;
  /** The person whom a dragged file is over. */
  declare over: string | undefined;
  #focused = false;

  constructor() {
    super();
    this.participants = [];
    this.meId = '';
    this.maySend = new Set();
    this.moderator = false;
    this.away = false;
    this.dragging = false;
    this.over = undefined;
  }

  override willUpdate(): void {
    this.#focused = this.shadowRoot?.activeElement != null;
  }

  /** When the row that had the focus has gone, the list takes it. */
  override updated(): void {
    if (this.#focused && document.activeElement === document.body) this.renderRoot.querySelector('ul')?.focus();
  }

  override render() {
    const names = distinctNames(this.participants, words());
    return html`<section aria-labelledby="title">
      <h2 id="title">${say('people.title')} <span class="count">${words().number(this.participants.length)}</span></h2>
      <ul role="list" tabindex=${this.maySend.size === 0 && !this.moderator ? '0' : '-1'} aria-labelledby="title" data-testid="participants">
        ${repeat(
          inOrder(this.participants, this.meId),
          (person) => person.id,
          (person) => this.#row(person, names.get(person.id) ?? person.name),
        )}
      </ul>
    </section>`;
  }

  #row(person: Participant, name: string) {
    const me = person.id === this.meId;
    const sendable = this.maySend.has(person.id);
    const label = labelOf(person, { me, away: this.away });
    const send = say('people.send', { name });
    return html`<li
      class=${this.over === person.id ? 'over' : ''}
      data-handout-to=${sendable ? person.id : nothing}
      data-testid="participant"
      data-name=${person.name}
    >
      ${avatar(person.id, person.name)}
      <span class="who">
        <span class="name" title=${name}><bdi>${name}</bdi></span>
        ${label === '' ? nothing : html`<span class="role">${label}</span>`}
      </span>
      ${
        sendable
          ? html`<button class="quiet icon" data-testid="send-to" title=${send} aria-label=${send} @click=${() => this.#send(person.id)}>
            ${icon(Send)}
          </button>`
          : nothing
      }
      ${this.moderator && !me ? html`<handout-person-menu .name=${name} @person-action=${(event: CustomEvent<PersonAction>) => this.#moderate({ action: event.detail, id: person.id, name })}></handout-person-menu>` : nothing}
    </li>`;
  }

  #send(id: string): void {
    this.dispatchEvent(new CustomEvent('send-to', { detail: id }));
  }

  #moderate(detail: PersonRequest): void {
    this.dispatchEvent(new CustomEvent('moderate', { detail }));
  }

  static override styles = [
    base,
    buttons,
    avatarStyles,
    css`
      h2 {
        display: flex;
        align-items: center;
        gap: 8px;
        margin-block-end: 8px;
        font-size: var(--_text-s);
        font-weight: 600;
      }
      .count {
        color: var(--_text-2);
        font-weight: 500;
      }
      li {
        display: flex;
        align-items: center;
        min-block-size: 52px;
        margin-inline: -8px;
        padding-block: 4px;
        padding-inline: 8px 0;
        border: 1.5px solid transparent;
        border-radius: var(--_r-s);
      }
      .who {
        display: grid;
        flex: 1;
        margin-inline: 12px 8px;
        min-inline-size: 0;
        line-height: 1.3;
      }
      .name {
        display: -webkit-box;
        overflow: hidden;
        font-size: var(--_text-m);
        font-weight: 500;
        -webkit-box-orient: vertical;
        -webkit-line-clamp: 2;
      }
      .role {
        color: var(--_text-2);
        font-size: var(--_text-xs);
      }
      :host([away]) .name {
        color: var(--_text-2);
      }
      button svg:dir(rtl) {
        transform: scaleX(-1);
      }
      :host([dragging]) li[data-handout-to] {
        border: 1.5px dashed var(--_accent-line);
      }
      :host([dragging]) li.over {
        border: 1.5px solid var(--_accent);
        background: var(--_accent-soft);
      }
    `,
  ];
}

customElements.define('handout-people-list', PeopleList);
