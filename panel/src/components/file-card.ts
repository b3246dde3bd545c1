import { html, nothing, type TemplateResult } from 'lit';
import { Ban, Check, Download, Eye, FilePlus, RotateCcw, X } from 'lucide';
import { bytesOf } from '../model/bytes.js';
import { type Card, hasEnded } from '../model/cards.js';
import { splitName } from '../model/file-kind.js';
import { within } from '../model/groups.js';
import { audienceLabel } from '../model/people.js';
import type { FilePort } from '../model/ports.js';
import { previewType } from '../model/preview-kind.js';
import { overview } from '../model/receipts.js';
import { faultText, percent, progressText, sizeText, stateText } from '../model/wording.js';
import { base, buttons } from '../styles/base.js';
import { cardStyles } from './file-card.styles.js';
import { fileTile, fileTileStyles } from './file-tile.js';
import './file-preview.js';
import './file-thumbnail.js';
import { icon } from './icon.js';
import './receipt-list.js';
import { Unfolded } from './unfolded.js';
import { Withdrawable } from './withdrawable.js';

/** What a person may ask of a card. */
export type CardAction = 'save' | 'decline' | 'cancel' | 'retry' | 'revoke' | 'pick' | 'dismiss';

/** What a button of a card is called. */
type Verb = 'cancel' | 'decline' | 'save' | 'save-again' | 'dismiss' | 'resend';

export interface CardRequest {
  readonly action: CardAction;
  readonly card: Card;
}

/** One file, one card, every state in place. Fires `card-request`. */
export class FileCard extends Withdrawable {
  static override properties = {
    card: { attribute: false },
    names: { attribute: false },
    here: { attribute: false },
    meId: { attribute: false },
    thumbnails: { attribute: false },
    unfolded: { attribute: false },
    preview: { state: true },
  };

  declare card: Card;
  declare names: ReadonlyMap<string, string>;
  /** Ids of those in the room. */
  declare here: ReadonlySet<string>;
  declare meId: string;
  /** Small pictures of files are shown. */
  declare thumbnails: boolean;
  /** Keys of what is open in the whole list; a card that moves finds itself in it again. */
  declare unfolded: Unfolded;
  /** The bytes that are shown below, while they are. */
  declare preview: Promise<Blob> | undefined;

  constructor() {
    super();
    this.names = new Map();
    this.here = new Set();
    this.meId = '';
    this.thumbnails = true;
    this.unfolded = new Unfolded();
  }

  /** What is seen with it. */
  get files(): readonly FilePort[] {
    return this.card.file === undefined ? [] : [this.card.file];
  }

  get key(): string {
    return this.card.key;
  }

  override render() {
    const { card } = this;
    return html`<article part="card" class=${hasEnded(card.state) ? 'ended' : ''} aria-labelledby="name" tabindex="-1">
      ${this.#tile()}
      <div class="body">
        ${this.#name()}
        <div class="facts">
          <p class="meta">${sizeText(card.size, this.words)}${this.#aside()}</p>
          ${this.#status()}
        </div>
      </div>
      ${this.confirming ? nothing : html`<div class="actions">${this.#actions()}</div>`} ${this.#bar()} ${this.#below()} ${this.#shown()} ${this.#receipts()}
    </article>`;
  }

  #tile() {
    const { name, type, file } = this.card;
    const tile = fileTile(name, type);
    if (!this.thumbnails || file?.hasThumbnail !== true) return tile;
    return html`<handout-file-thumbnail class="thumbnail" data-testid="thumbnail" .file=${file}>${tile}</handout-file-thumbnail>`;
  }

  override willUpdate(): void {
    if (this.preview !== undefined && bytesOf(this.card) === undefined) this.preview = undefined;
  }

  #shown() {
    if (this.preview === undefined) return nothing;
    return html`<handout-file-preview class="preview" data-testid="preview" .words=${this.words} .name=${this.card.name} .bytes=${this.preview}></handout-file-preview>`;
  }

  /** Who has it, of what is mine. Of what has ended, only who did something with it. */
  #receipts() {
    const { file, state, name } = this.card;
    if (!file?.mine || state === 'needs-file') return nothing;
    const all = [...file.receipts.values()];
    const told = hasEnded(state) ? all.filter((one) => one.state !== 'offered') : all;
    const shown = overview(told, { names: this.names, here: this.here }, this.words);
    if (shown === undefined) return nothing;
    return html`<handout-receipt-list class="receipts" data-testid="receipts" .words=${this.words} .overview=${shown} .file=${name} .open=${this.unfolded.has(this.key)} @fold=${this.#fold}></handout-receipt-list>`;
  }

  #fold(): void {
    this.unfolded.turn(this.key);
    this.requestUpdate();
  }

  #name(): TemplateResult {
    const { name } = this.card;
    const { head, tail } = splitName(name);
    return html`<h3 id="name" title=${name}><span class="whole" dir=${tail === '' ? 'auto' : 'ltr'}><span class="head">${head}</span><span class="tail">${tail}</span></span></h3>`;
  }

  /** Whom it is from or for; among the files of a folder that is said once, and where it lies counts. */
  #aside(): TemplateResult | typeof nothing {
    const { path } = this.card;
    const text = path === '' ? this.#whomText() : within(path);
    if (text === '') return nothing;
    return html`<span class="sep">·</span><span class="whom">${path === '' ? text : html`<bdi>${text}</bdi>`}</span>`;
  }

  #whomText(): string {
    const { card, words } = this;
    if (card.mine) return words.text('card.to', { who: audienceLabel(card.to, this.names, words) });
    const who = this.names.get(card.sender.id) ?? card.sender.name;
    const others = card.to === 'room' ? 0 : card.to.filter((id) => id !== this.meId).length;
    return others > 0 ? words.text('card.from-more', { who, count: others }) : words.text('card.from', { who });
  }

  /** Where it stands. What has a button that says so needs no words. */
  #status() {
    const { card } = this;
    if (
      card.state === 'available' ||
      card.state === 'upload-failed' ||
      card.state === 'download-failed' ||
      card.state === 'needs-file'
    )
      return nothing;
    const running = card.state === 'uploading' || card.state === 'downloading';
    const tick = card.state === 'saved' || card.state === 'shared' ? icon(Check, 14) : nothing;
    const progress = progressText(card, this.words);
    return html`<p class="status ${card.state}">
      ${tick}<span class=${running ? 'verb' : ''}>${stateText(card, this.words)}</span>${progress === '' ? nothing : html`<span class="sep">·</span><span class="numbers">${progress}</span>`}
    </p>`;
  }

  #bar() {
    const { card, words } = this;
    const { progress, state, name } = card;
    const label = words.text('card.bar', { state: stateText(card, words), name });
    if (state === 'arriving' && !progress?.transferred) {
      return html`<div class="bar arriving unmeasured" role="progressbar" aria-label=${label}><span></span></div>`;
    }
    if (progress === undefined || state === 'needs-file' || hasEnded(state)) return nothing;
    const value = percent(progress.transferred, progress.total);
    return html`<div
      class="bar ${state}"
      role="progressbar"
      aria-label=${label}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${value}
      aria-valuetext=${progressText(card, words) || words.percent(value / 100)}
    >
      <span .style=${`inline-size:${value}%`}></span>
    </div>`;
  }

  #actions(): TemplateResult | typeof nothing {
    switch (this.card.state) {
      case 'waiting':
      case 'uploading':
      case 'upload-paused':
      case 'upload-failed':
      case 'needs-file':
        return this.#button('cancel', 'cancel', X);
      case 'download-waiting':
      case 'downloading':
      case 'download-paused':
      case 'checking':
        return html`${this.mayRevoke(this.card)}${this.#button('cancel', 'cancel', X)}`;
      case 'available':
      case 'arriving': // it is saved as it comes
        return html`${this.mayRevoke(this.card)}${this.#button('decline', 'decline', Ban)}${this.#button('save', 'save', Download, 'primary')}`;
      case 'declined':
        return html`${this.mayRevoke(this.card)}${this.#button('save', 'save', Download)}${this.#button('dismiss', 'dismiss', X)}`;
      case 'saved':
        return html`${this.#mayPreview()}${this.mayRevoke(this.card)}${this.#button('save', 'save-again', Download)}`;
      case 'shared':
        return html`${this.#mayPreview()}${this.mayRevoke(this.card)}`;
      case 'upload-cancelled':
        return html`${this.#button('retry', 'resend', RotateCcw)}${this.#button('dismiss', 'dismiss', X)}`;
      case 'download-failed':
        return this.mayRevoke(this.card);
      case 'finishing':
        return nothing;
      default:
        return this.#button('dismiss', 'dismiss', X);
    }
  }

  /** Of what is here already, and is of a kind that is shown. */
  #mayPreview() {
    const { card, words } = this;
    const kind = previewType(card.name)?.kind;
    if (kind === undefined || bytesOf(card) === undefined || (kind === 'pdf' && !navigator.pdfViewerEnabled))
      return nothing;
    const label = words.text('preview.of', { name: card.name });
    return html`<button class="quiet icon" aria-label=${label} title=${words.text('preview')} aria-expanded=${this.preview !== undefined} @click=${this.#toggle}>${icon(Eye)}</button>`;
  }

  #toggle(): void {
    this.preview = this.preview === undefined ? bytesOf(this.card) : undefined;
  }

  #button(action: CardAction, verb: Verb, picture: Parameters<typeof icon>[0], look = ''): TemplateResult {
    const label = this.words.text(verb);
    const of = this.words.text(`${verb}.of`, { name: this.card.name });
    const bare = action === 'cancel' || action === 'dismiss' || action === 'decline';
    return html`<button class=${bare ? 'quiet icon' : look} aria-label=${of} title=${label} @click=${() => this.#ask(action)}>
      ${icon(picture)}${bare ? nothing : html`<span class=${look === 'primary' ? '' : 'word'}>${label}</span>`}
    </button>`;
  }

  /** A fault or a question takes a line of its own: the failed state is the retry button. */
  #below() {
    const { card, words } = this;
    if (this.confirming) return this.question(card.name, words.text('withdraw.question'));
    if (card.state === 'needs-file')
      return this.#wide('pick', FilePlus, 'warn', stateText(card, words), words.text('choose-file'));
    if (card.state !== 'upload-failed' && card.state !== 'download-failed') return nothing;
    return this.#wide(
      'retry',
      RotateCcw,
      'bad',
      card.fault === undefined ? stateText(card, words) : faultText(card.fault, words),
      words.text('try-again'),
    );
  }

  #wide(action: CardAction, picture: Parameters<typeof icon>[0], look: string, text: string, verb: string) {
    return html`<button class="wide ${look}" @click=${() => this.#ask(action)}>
      ${icon(picture)}<span>${text}<span class="sr">.</span></span> <strong>${verb}</strong> <span class="sr">${this.card.name}</span>
    </button>`;
  }

  protected override withdraw(): void {
    this.#ask('revoke');
  }

  #ask(action: CardAction): void {
    this.confirming = false;
    const detail: CardRequest = { action, card: this.card };
    this.dispatchEvent(new CustomEvent('card-request', { detail, bubbles: true, composed: true }));
  }

  static override styles = [base, buttons, fileTileStyles, cardStyles];
}

customElements.define('handout-file-card', FileCard);

/** What every card of a list is told. */
export type Surroundings = Pick<
  FileCard,
  'words' | 'names' | 'here' | 'meId' | 'moderator' | 'thumbnails' | 'unfolded'
>;

/** The element of a card in a list, whose own shadow tree it goes into. */
export function fileCard(
  card: Card,
  { words, names, here, meId, moderator, thumbnails, unfolded }: Surroundings,
): TemplateResult {
  return html`<handout-file-card
    exportparts="card"
    data-testid="file-card"
    data-state=${card.state}
    data-name=${card.name}
    .words=${words}
    .card=${card}
    .names=${names}
    .here=${here}
    .meId=${meId}
    .moderator=${moderator}
    .thumbnails=${thumbnails}
    .unfolded=${unfolded}
  ></handout-file-card>`;
}
