import { css, html, LitElement, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { styleMap } from 'lit/directives/style-map.js';
import { Check, ChevronRight, Download, Folder, RotateCcw, Trash2, Undo2, X } from 'lucide';
import { english, type Words } from '../messages/words.js';
import { filesOf, type Group } from '../model/groups.js';
import { audienceLabel } from '../model/people.js';
import type { FilePort } from '../model/ports.js';
import { paceText, percent } from '../model/wording.js';
import { base, buttons } from '../styles/base.js';
import './file-card.js';
import { cardStyles } from './file-card.styles.js';
import { fileTileStyles } from './file-tile.js';
import { icon } from './icon.js';
import './more.js';
import { STEP } from './more.js';

/** What a person may ask of a folder. */
export type GroupAction = 'save' | 'cancel' | 'retry' | 'revoke' | 'dismiss';

export interface GroupRequest {
  readonly action: GroupAction;
  readonly group: Group;
}

/** One folder, one card, and the list of its files in it. Fires `group-request`; its files fire `card-request`. */
export class FileGroup extends LitElement {
  static override properties = {
    words: { attribute: false },
    group: { attribute: false },
    names: { attribute: false },
    here: { attribute: false },
    meId: { attribute: false },
    moderator: { attribute: false },
    thumbnails: { attribute: false },
    open: { state: true },
    shown: { state: true },
    confirming: { state: true },
  };

  declare words: Words;
  declare group: Group;
  declare names: ReadonlyMap<string, string>;
  declare here: ReadonlySet<string>;
  declare meId: string;
  declare moderator: boolean;
  /** Small pictures of files are shown. */
  declare thumbnails: boolean;
  declare open: boolean;
  /** So many of its files are drawn. */
  declare shown: number;
  declare confirming: boolean;

  constructor() {
    super();
    this.words = english;
    this.names = new Map();
    this.here = new Set();
    this.meId = '';
    this.moderator = false;
    this.thumbnails = false;
    this.open = false;
    this.shown = STEP;
    this.confirming = false;
  }

  /** What is seen with it. */
  get files(): readonly FilePort[] {
    return filesOf(this.group.cards);
  }

  get key(): string {
    return this.group.key;
  }

  override render() {
    const { group, words } = this;
    const files = words.text('group.files', { count: group.cards.length });
    return html`<article class=${group.live === 0 ? 'ended' : ''} aria-labelledby="name" tabindex="-1">
      <span class="tile folder" aria-hidden="true">${icon(Folder, 22)}</span>
      <div class="body">
        <h3 id="name" title=${group.name}><bdi class="head">${group.name}</bdi></h3>
        <div class="facts">
          <p class="meta">
            <button class="quiet fold" aria-expanded=${this.open} aria-label=${words.text('group.files.of', { files, name: group.name })} @click=${this.#fold}>
              ${icon(ChevronRight, 14)}${files}
            </button>
            <span class="sep">·</span>${words.bytes(group.size)}<span class="sep">·</span><span class="whom">${this.#whom()}</span>
          </p>
          ${this.#status()}
        </div>
      </div>
      ${this.confirming ? nothing : html`<div class="actions">${this.#actions()}</div>`} ${this.#bar()} ${this.#below()}
    </article>
    ${this.open ? this.#list() : nothing}`;
  }

  #whom(): string {
    const { group, words } = this;
    if (group.mine) return words.text('card.to', { who: audienceLabel(group.to, this.names, words) });
    return words.text('card.from', { who: this.names.get(group.sender.id) ?? group.sender.name });
  }

  #status() {
    const { group, words } = this;
    const { progress, mine, done, live } = group;
    if (progress === undefined && done === 0) return nothing;
    const count = words.text(mine ? 'group.sent' : 'group.saved', { count: done, all: live });
    const numbers = progress === undefined ? [] : [words.percent(this.#percent() / 100), ...paceText(progress, words)];
    const whole = done === live;
    return html`<p class="status ${whole ? 'shared' : ''}">
      ${whole ? icon(Check, 14) : nothing}<span>${count}</span>${numbers.length === 0 ? nothing : html`<span class="sep">·</span><span class="numbers">${numbers.join(' · ')}</span>`}
    </p>`;
  }

  #percent(): number {
    const { progress } = this.group;
    return progress === undefined ? 0 : percent(progress.transferred, progress.total);
  }

  #bar() {
    if (this.group.progress === undefined) return nothing;
    const value = this.#percent();
    return html`<div class="bar" role="progressbar" aria-label=${this.group.name} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${value}>
      <span style=${styleMap({ inlineSize: `${value}%` })}></span>
    </div>`;
  }

  #actions() {
    const { mine, running, ready, live } = this.group;
    if (live === 0) return this.#button('dismiss', X, 'quiet icon', false);
    return html`${this.#mayRevoke()}${running.length > 0 ? this.#button('cancel', X, 'quiet icon', false) : nothing}${
      !mine && ready.length > 0 ? this.#button('save', Download, 'primary', true) : nothing
    }`;
  }

  #button(action: 'save' | 'cancel' | 'dismiss', picture: Parameters<typeof icon>[0], look: string, spelt: boolean) {
    const { words, group } = this;
    const label = words.text(action);
    return html`<button class=${look} aria-label=${words.text(`${action}.of`, { name: group.name })} title=${label} @click=${() => this.#ask(action)}>
      ${icon(picture)}${spelt ? html`<span>${label}</span>` : nothing}
    </button>`;
  }

  #mayRevoke() {
    const { words, group } = this;
    const there = group.cards.some(({ file }) => file?.state === 'available' || file?.state === 'uploading');
    if (!there || (!group.mine && !this.moderator)) return nothing;
    const label = words.text('withdraw.of', { name: group.name });
    if (group.mine)
      return html`<button class="quiet" aria-label=${label} title=${words.text('withdraw')} @click=${this.#confirm}>${icon(Undo2)}<span class="word">${words.text('withdraw')}</span></button>`;
    return html`<button class="quiet icon" aria-label=${label} title=${words.text('withdraw.everyone')} @click=${this.#confirm}>${icon(Trash2)}</button>`;
  }

  /** A fault or a question takes a line of its own. */
  #below(): TemplateResult | typeof nothing {
    const { words, group } = this;
    if (this.confirming)
      return html`<div class="question" role="group" aria-label=${words.text('withdraw.of', { name: group.name })} @keydown=${this.#escape}>
        <p>${words.text('group.withdraw.question')}</p>
        <button @click=${this.#keep}>${words.text('keep')}</button>
        <button class="danger" @click=${() => this.#ask('revoke')}>${words.text('withdraw')}</button>
      </div>`;
    if (group.failed.length === 0) return nothing;
    return html`<button class="wide bad" @click=${() => this.#ask('retry')}>
      ${icon(RotateCcw)}<span>${words.text('group.failed', { count: group.failed.length })}<span class="sr">.</span></span> <strong>${words.text('try-again')}</strong> <span class="sr">${group.name}</span>
    </button>`;
  }

  #list() {
    const cards = sorted(this.group.cards);
    return html`<ul role="list" aria-labelledby="name">
      ${repeat(
        cards.slice(0, this.shown),
        (card) => card.key,
        (card) => html`<li>
          <handout-file-card
            data-testid="file-card"
            data-state=${card.state}
            data-name=${card.name}
            .words=${this.words}
            .card=${card}
            .names=${this.names}
            .here=${this.here}
            .meId=${this.meId}
            .moderator=${this.moderator}
            .thumbnails=${this.thumbnails}
          ></handout-file-card>
        </li>`,
      )}
      ${cards.length > this.shown ? html`<li><handout-more .words=${this.words} @more=${this.#more}></handout-more></li>` : nothing}
    </ul>`;
  }

  #fold(): void {
    this.open = !this.open;
    this.shown = STEP;
  }

  #more(): void {
    this.shown += STEP;
  }

  async #confirm(): Promise<void> {
    this.confirming = true;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.question button')?.focus();
  }

  async #keep(): Promise<void> {
    this.confirming = false;
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.actions button')?.focus();
  }

  #escape(event: KeyboardEvent): void {
    if (event.key === 'Escape') void this.#keep();
  }

  #ask(action: GroupAction): void {
    this.confirming = false;
    const detail: GroupRequest = { action, group: this.group };
    this.dispatchEvent(new CustomEvent('group-request', { detail, bubbles: true, composed: true }));
  }

  /** Takes the focus that a removed button had. */
  override focus(): void {
    this.renderRoot.querySelector('article')?.focus();
  }

  static override styles = [
    base,
    buttons,
    fileTileStyles,
    cardStyles,
    css`
      .folder {
        --hue: 210;
      }
      .fold {
        /* As large as a finger, in a line of small text. */
        margin-block: -10px;
        margin-inline-start: -8px;
        padding-inline: 6px 8px;
        min-block-size: var(--_touch);
        color: inherit;
        font: inherit;
      }
      .fold[aria-expanded='true'] svg {
        rotate: 90deg;
      }
      .fold:dir(rtl) svg {
        scale: -1 1;
      }
      ul {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
        gap: 6px;
        margin-block-start: 6px;
        padding-inline-start: 22px;
      }
      li {
        min-inline-size: 0;
        margin: -4px;
        padding: 4px;
        content-visibility: auto;
        contain-intrinsic-block-size: auto 78px;
      }
    `,
  ];
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** As a file manager has them: the folders within below each other. */
function sorted(cards: Group['cards']): Group['cards'] {
  return [...cards].sort((a, b) => collator.compare(a.path, b.path) || collator.compare(a.name, b.name));
}

customElements.define('handout-file-group', FileGroup);
