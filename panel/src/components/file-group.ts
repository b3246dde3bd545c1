import { css, html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Check, ChevronRight, Download, Folder, RotateCcw, X } from 'lucide';
import { filesOf, type Group } from '../model/groups.js';
import { audienceLabel } from '../model/people.js';
import type { FilePort } from '../model/ports.js';
import { paceText, percent } from '../model/wording.js';
import { base, buttons } from '../styles/base.js';
import { fileCard } from './file-card.js';
import { cardStyles } from './file-card.styles.js';
import { fileTileStyles } from './file-tile.js';
import { icon } from './icon.js';
import './more.js';
import { STEP } from './more.js';
import { Unfolded } from './unfolded.js';
import { Withdrawable } from './withdrawable.js';

/** What a person may ask of a folder. */
export type GroupAction = 'save' | 'cancel' | 'retry' | 'revoke' | 'dismiss';

export interface GroupRequest {
  readonly action: GroupAction;
  readonly group: Group;
}

/** One folder, one card, and the list of its files in it. Fires `group-request`; its files fire `card-request`. */
export class FileGroup extends Withdrawable {
  static override properties = {
    group: { attribute: false },
    names: { attribute: false },
    here: { attribute: false },
    meId: { attribute: false },
    thumbnails: { attribute: false },
    unfolded: { attribute: false },
    shown: { state: true },
  };

  declare group: Group;
  declare names: ReadonlyMap<string, string>;
  declare here: ReadonlySet<string>;
  declare meId: string;
  /** Small pictures of files are shown. */
  declare thumbnails: boolean;
  /** Keys of what is open in the whole list; a folder that moves finds itself in it again. */
  declare unfolded: Unfolded;
  /** So many of its files are drawn. */
  declare shown: number;

  constructor() {
    super();
    this.names = new Map();
    this.here = new Set();
    this.meId = '';
    this.thumbnails = false;
    this.unfolded = new Unfolded();
    this.shown = STEP;
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
    const open = this.unfolded.has(this.key);
    const files = words.text('group.files', { count: group.cards.length });
    return html`<article class=${group.live === 0 ? 'ended' : ''} aria-labelledby="name" tabindex="-1">
      <span class="tile folder" aria-hidden="true">${icon(Folder, 22)}</span>
      <div class="body">
        <h3 id="name" title=${group.name}><bdi class="head">${group.name}</bdi></h3>
        <div class="facts">
          <p class="meta">
            <button class="quiet fold" aria-expanded=${open} aria-label=${words.text('group.files.of', { files, name: group.name })} @click=${this.#fold}>
              ${icon(ChevronRight, 14)}${files}
            </button>
            <span class="sep">·</span>${words.bytes(group.size)}<span class="sep">·</span><span class="whom">${this.#whom()}</span>
          </p>
          ${this.#status()}
        </div>
      </div>
      ${this.confirming ? nothing : html`<div class="actions">${this.#actions()}</div>`} ${this.#bar()} ${this.#below()}
    </article>
    ${open ? this.#list() : nothing}`;
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
      <span .style=${`inline-size:${value}%`}></span>
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
    const { group } = this;
    const there = group.cards.some(({ file }) => file?.state === 'available' || file?.state === 'uploading');
    return there ? this.mayRevoke(group) : nothing;
  }

  /** A fault or a question takes a line of its own. */
  #below(): TemplateResult | typeof nothing {
    const { words, group } = this;
    if (this.confirming) return this.question(group.name, words.text('group.withdraw.question'));
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
        (card) => html`<li>${fileCard(card, this)}</li>`,
      )}
      ${cards.length > this.shown ? html`<li><handout-more .words=${this.words} @more=${this.#more}></handout-more></li>` : nothing}
    </ul>`;
  }

  #fold(): void {
    this.unfolded.turn(this.key);
    this.shown = STEP;
    this.requestUpdate();
  }

  #more(): void {
    this.shown += STEP;
  }

  protected override withdraw(): void {
    this.#ask('revoke');
  }

  #ask(action: GroupAction): void {
    this.confirming = false;
    const detail: GroupRequest = { action, group: this.group };
    this.dispatchEvent(new CustomEvent('group-request', { detail, bubbles: true, composed: true }));
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
