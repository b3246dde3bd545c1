import { css, html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Download } from 'lucide';
import { english, type Words } from '../messages/words.js';
import type { Card } from '../model/cards.js';
import { filesOf, type Group, intoSections, isGroup, type Section } from '../model/groups.js';
import type { FilePort } from '../model/ports.js';
import { base, buttons } from '../styles/base.js';
import { type FileCard, fileCard } from './file-card.js';
import './file-group.js';
import type { FileGroup } from './file-group.js';
import { icon } from './icon.js';
import './more.js';
import { STEP } from './more.js';
import { Sight } from './sight.js';
import { Unfolded } from './unfolded.js';

/** What is asked of all files of a section. */
export interface SaveAllRequest {
  readonly files: readonly FilePort[];
}

/** All cards, dealt into sections. When a card moves to another section, the focus goes along. Fires `save-all`. */
export class FileList extends LitElement {
  static override properties = {
    words: { attribute: false },
    cards: { attribute: false },
    names: { attribute: false },
    here: { attribute: false },
    meId: { attribute: false },
    moderator: { attribute: false },
    thumbnails: { attribute: false },
  };

  declare words: Words;
  declare cards: readonly Card[];
  declare names: ReadonlyMap<string, string>;
  /** Ids of those in the room. */
  declare here: ReadonlySet<string>;
  declare meId: string;
  declare moderator: boolean;
  /** Small pictures of files are shown. */
  declare thumbnails: boolean;
  /** What people have opened in cards and folders: it stays so when one moves to another section, as another element. */
  readonly unfolded = new Unfolded();
  #focused: string | undefined;
  /** So many cards are drawn of each section. */
  readonly #shown = new Map<string, number>();

  constructor() {
    super();
    this.words = english;
    this.cards = [];
    this.names = new Map();
    this.here = new Set();
    new Sight(this, () => this.#all());
    this.meId = '';
    this.moderator = false;
    this.thumbnails = true;
  }

  override willUpdate(): void {
    this.#focused = this.#focusedCard()?.key;
  }

  override updated(): void {
    const key = this.#focused;
    if (key === undefined) return;
    void this.#settled().then(() => {
      if (document.activeElement !== document.body) return; // kept, or the person went on
      const all = this.#all();
      (all.find((item) => item.key === key) ?? all[0])?.focus();
    });
  }

  override render() {
    return repeat(
      intoSections(this.cards),
      (section) => section.id,
      (section) => this.#section(section),
    );
  }

  #section({ id, cards, items }: Section) {
    const title = this.words.text(`section.${id}`);
    const shown = this.#shown.get(id) ?? STEP;
    const more = () => {
      this.#shown.set(id, shown + STEP);
      this.requestUpdate();
    };
    return html`<section aria-labelledby=${id} data-testid="section-${id}">
      <div class="head">
        <h2 id=${id} part="heading">${title} <span>${this.words.number(cards.length)}</span></h2>
        ${this.#saveAll(
          title,
          cards.filter(({ state }) => state === 'available'),
        )}
      </div>
      <ul role="list">
        ${repeat(
          items.slice(0, shown),
          (item) => item.key,
          (item) => html`<li>${isGroup(item) ? this.#group(item) : fileCard(item, this)}</li>`,
        )}
        ${items.length > shown ? html`<li><handout-more .words=${this.words} @more=${more}></handout-more></li>` : nothing}
      </ul>
    </section>`;
  }

  #group(group: Group) {
    return html`<handout-file-group
      exportparts="card"
      data-testid="file-group"
      data-name=${group.name}
      data-done=${group.done}
      data-files=${group.cards.length}
      .words=${this.words}
      .group=${group}
      .names=${this.names}
      .here=${this.here}
      .meId=${this.meId}
      .moderator=${this.moderator}
      .thumbnails=${this.thumbnails}
      .unfolded=${this.unfolded}
    ></handout-file-group>`;
  }

  #saveAll(title: string, ready: readonly Card[]) {
    if (ready.length < 2) return nothing;
    const count = ready.length;
    const label = this.words.text('section.save-all.of', { count, section: title });
    return html`<button class="quiet" aria-label=${label} @click=${() => this.#save(ready)}>${icon(Download, 16)}${this.words.text('section.save-all', { count })}</button>`;
  }

  #save(ready: readonly Card[]): void {
    const detail: SaveAllRequest = { files: filesOf(ready) };
    this.dispatchEvent(new CustomEvent('save-all', { detail }));
  }

  #all(): (FileCard | FileGroup)[] {
    return [...this.renderRoot.querySelectorAll<FileCard | FileGroup>('handout-file-card, handout-file-group')];
  }

  #focusedCard(): FileCard | FileGroup | undefined {
    const active = this.shadowRoot?.activeElement;
    return active?.matches('handout-file-card, handout-file-group') ? (active as FileCard | FileGroup) : undefined;
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#all().map((card) => card.updateComplete));
  }

  static override styles = [
    base,
    buttons,
    css`
      :host {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 20px;
      }
      .head {
        display: flex;
        align-items: center;
        justify-content: space-between;
        min-block-size: var(--_touch);
      }
      .head button {
        margin-inline-end: -6px;
        padding-inline: 10px;
      }
      h2 {
        display: flex;
        gap: 8px;
        font-size: var(--_text-s);
        font-weight: 600;
      }
      h2 span {
        color: var(--_text-2);
        font-weight: 500;
      }
      ul {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 8px;
      }
      /* A card that is out of sight costs nothing. The room around it is for its shadow and its focus ring. */
      li {
        min-inline-size: 0;
        margin: -4px;
        padding: 4px;
        content-visibility: auto;
        contain-intrinsic-block-size: auto 78px;
      }
      @media (prefers-reduced-motion: no-preference) {
        li {
          animation: arrive 260ms var(--_ease) backwards;
        }
        @keyframes arrive {
          from {
            opacity: 0;
            translate: 0 6px;
          }
        }
      }
    `,
  ];
}

customElements.define('handout-file-list', FileList);
