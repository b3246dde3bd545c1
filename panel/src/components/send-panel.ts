import type { Participant } from '@handout/sdk';
import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Check, FolderPlus, Plus, Users } from 'lucide';
import type { DropArea } from '../api.js';
import { english, type Words } from '../messages/words.js';
import { audienceLabel, distinctNames } from '../model/people.js';
import { audienceOf, EVERYONE, isChosen, type Selection, toggle } from '../model/selection.js';
import { base, buttons } from '../styles/base.js';
import { avatar, avatarStyles } from './avatar.js';
import { icon } from './icon.js';

/** Most phones have no folders to choose. */
const FOLDERS = 'webkitdirectory' in HTMLInputElement.prototype;

/**
 * Whom files go to, and the button that chooses them. Fires `select` with a
 * Selection, and `choose` or `choose-folder` when files are to be picked.
 */
export class SendPanel extends LitElement {
  static override properties = {
    words: { attribute: false },
    recipients: { attribute: false },
    participants: { attribute: false },
    selection: { attribute: false },
    sendToAll: { attribute: false },
    dragging: { type: Boolean, reflect: true },
    drop: { attribute: false },
    over: { attribute: false },
  };

  declare words: Words;
  declare recipients: readonly Participant[];
  declare participants: readonly Participant[];
  declare selection: Selection;
  /** Whether I may send to everyone at once. */
  declare sendToAll: boolean;
  declare dragging: boolean;
  declare drop: DropArea;
  /** The person whom a dragged file is over. */
  declare over: string | undefined;

  constructor() {
    super();
    this.words = english;
    this.recipients = [];
    this.participants = [];
    this.selection = EVERYONE;
    this.sendToAll = true;
    this.dragging = false;
    this.drop = 'panel';
    this.over = undefined;
  }

  override render() {
    const { words } = this;
    const names = distinctNames(this.participants, words);
    const to = audienceOf(this.selection);
    const label =
      to === undefined
        ? words.text('send.choose')
        : words.text('send.choose.for', { who: audienceLabel(to, names, words) });
    return html`<section part="send" aria-label=${words.text('send.files')}>
      <div class="to">
        <span class="label" id="to">${words.text('send.to')}</span>
        <div class="chips" role="group" aria-labelledby="to" data-testid="recipients">
          ${this.sendToAll ? this.#everyone() : nothing}
          ${repeat(
            this.recipients,
            (person) => person.id,
            (person) => this.#chip(person, names.get(person.id) ?? person.name),
          )}
        </div>
      </div>
      <div class="drop">
        <button class="primary" part="choose" data-testid="choose-files" aria-disabled=${to === undefined} @click=${this.#choose}>${icon(Plus)}<span class="choose">${label}</span></button>
        ${FOLDERS ? html`<button class="quiet" data-testid="choose-folder" aria-disabled=${to === undefined} @click=${this.#chooseFolder}>${icon(FolderPlus, 16)}${this.words.text('send.choose-folder')}</button>` : nothing}
        <p>${to === undefined ? this.#whomHint() : html`<span class="pointer">${this.#ways()}</span>`}</p>
      </div>
    </section>`;
  }

  #whomHint() {
    return this.words.text(this.recipients.length === 0 ? 'send.nobody-here' : 'send.choose-first');
  }

  /** The ways in besides the button. */
  #ways() {
    if (this.drop === 'none') return nothing;
    return this.words.text(this.drop === 'page' ? 'send.drop.page' : 'send.drop');
  }

  #everyone() {
    const on = this.selection.kind === 'room';
    return html`<button class="chip" part="chip" data-testid="recipient-everyone" aria-pressed=${on} @click=${() => this.#select(EVERYONE)}>
      <span class="dot">${icon(on ? Check : Users, 14)}</span>${this.words.text('send.everyone')}
    </button>`;
  }

  #chip(person: Participant, name: string) {
    const on = isChosen(this.selection, person.id);
    return html`<button class="chip ${this.over === person.id ? 'over' : ''}" part="chip" data-testid="recipient" data-name=${person.name} data-handout-to=${person.id} aria-pressed=${on} @click=${() => this.#select(toggle(this.selection, person.id))}>
      ${on ? html`<span class="dot">${icon(Check, 14)}</span>` : avatar(person.id, person.name, 's')}<bdi>${name}</bdi>
    </button>`;
  }

  #select(selection: Selection): void {
    this.dispatchEvent(new CustomEvent('select', { detail: selection }));
  }

  #choose(): void {
    if (audienceOf(this.selection) !== undefined) this.dispatchEvent(new CustomEvent('choose'));
  }

  #chooseFolder(): void {
    if (audienceOf(this.selection) !== undefined) this.dispatchEvent(new CustomEvent('choose-folder'));
  }

  static override styles = [
    base,
    buttons,
    avatarStyles,
    css`
      section {
        border: 1px solid var(--_line);
        border-radius: var(--_r-l);
        background: var(--_surface);
        box-shadow: var(--_shadow-1);
      }
      .to {
        display: flex;
        align-items: start;
        gap: 14px;
        padding: 14px 16px;
      }
      .label {
        flex: none;
        color: var(--_text-2);
        font-size: var(--_text-s);
        line-height: var(--_touch);
      }
      .chips {
        display: flex;
        flex-wrap: wrap;
        gap: 6px;
        max-block-size: 161px; /* three rows and a half: that there are more is seen */
        margin: -3px;
        padding: 3px;
        overflow-y: auto;
      }
      .chip {
        gap: 7px;
        max-inline-size: 210px;
        padding-inline: 9px 14px;
        border-radius: var(--_r-full);
        font-weight: 500;
      }
      .chip bdi {
        overflow: hidden;
        overflow-wrap: normal;
        text-overflow: ellipsis;
        white-space: nowrap;
      }
      .chip[aria-pressed='true'] {
        border-color: var(--_accent);
        background: var(--_accent-soft);
        color: var(--_accent);
        font-weight: 600;
      }
      .chip.over {
        outline: 2px solid var(--_accent);
        outline-offset: 1px;
      }
      .dot {
        display: grid;
        place-items: center;
        inline-size: 22px;
        block-size: 22px;
        border-radius: 50%;
        background: var(--_surface-2);
        color: var(--_text-2);
      }
      .chip[aria-pressed='true'] .dot {
        background: var(--_accent);
        color: var(--_on-accent);
      }
      .drop {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: center;
        gap: 10px 16px;
        margin: 0 8px 8px;
        padding: 26px 16px;
        border: 1.5px dashed var(--_line);
        border-radius: var(--_r-m);
        background: var(--_bg);
        transition: border-color 120ms var(--_ease), background-color 120ms var(--_ease);
      }
      .drop .primary {
        max-inline-size: 100%;
        min-block-size: 44px;
        padding-block: 8px;
        padding-inline: 14px 18px;
        font-size: var(--_text-m);
      }
      .choose {
        line-height: 1.3;
        overflow-wrap: anywhere;
      }
      p {
        color: var(--_text-2);
        font-size: var(--_text-s);
      }
      :host([dragging]) .drop {
        border-color: var(--_accent);
        background: var(--_accent-soft);
      }
      @container (max-width: 527px) {
        .to {
          flex-direction: column;
          gap: 0;
          padding: 8px 12px 12px;
        }
        /* One row, so that there is room for the files; that there are more is seen. */
        .chips {
          flex-wrap: nowrap;
          inline-size: calc(100% + 6px);
          padding-block-end: 6px;
          overflow-x: auto;
          scrollbar-width: thin;
        }
        .chip {
          flex: none;
        }
        .drop {
          padding: 4px;
          border: 0;
          background: none;
        }
        .drop .primary {
          inline-size: 100%;
          padding-inline: 8px 12px;
        }
        p {
          text-align: center;
        }
      }
      @container (max-width: 327px) {
        .drop .primary {
          font-size: var(--_text-s);
        }
      }
      @media (pointer: coarse) {
        .pointer {
          display: none;
        }
      }
    `,
  ];
}

customElements.define('handout-send-panel', SendPanel);
