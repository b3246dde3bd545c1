import { html, LitElement, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { Check, ChevronDown, TriangleAlert } from 'lucide';
import { english, type Words } from '../messages/words.js';
import type { ReceiptOverview, ReceiptRow } from '../model/receipts.js';
import { base, buttons } from '../styles/base.js';
import { avatar, avatarStyles } from './avatar.js';
import { icon } from './icon.js';
import { receiptStyles } from './receipt-list.styles.js';

/** Rows beyond which the list may scroll: then the keyboard must reach it. */
const SCROLLS = 5;

/** Who has a file of mine: a line that says it, and a list of everybody. Fires `fold` when that is to be opened or closed. */
export class ReceiptList extends LitElement {
  static override properties = {
    words: { attribute: false },
    overview: { attribute: false },
    file: { attribute: false },
    open: { attribute: false },
  };

  declare words: Words;
  declare overview: ReceiptOverview;
  /** The file's name. */
  declare file: string;
  declare open: boolean;

  constructor() {
    super();
    this.words = english;
    this.file = '';
    this.open = false;
  }

  override render() {
    const { summary, tone } = this.overview;
    return html`
      <button
        class="quiet summary"
        aria-expanded=${this.open ? 'true' : 'false'}
        aria-controls="list"
        data-testid="receipts-summary"
        @click=${() => this.dispatchEvent(new CustomEvent('fold'))}
      >
        ${this.open ? nothing : this.#faces()}
        <span class="text ${tone}">${tone === 'good' ? icon(Check, 14) : nothing}<span><bdi dir=${this.words.dir}>${summary}</bdi><span class="sr">${this.file}</span></span></span>
        <span class="turn">${icon(ChevronDown, 16)}</span>
      </button>
      <div id="list" ?hidden=${!this.open}>${this.open ? this.#list() : nothing}</div>
    `;
  }

  #faces() {
    return html`<span class="faces">${this.overview.faces.map(
      (row) =>
        html`<span class="face ${row.state === 'received' ? 'has' : ''}">${avatar(row.id, row.name, 's')}</span>`,
    )}</span>`;
  }

  #list() {
    const { more } = this.overview;
    const rows = this.overview.rows();
    return html`<ul role="list" aria-label=${this.words.text('receipts.of', { name: this.file })} tabindex=${rows.length > SCROLLS ? '0' : nothing}>
      ${repeat(
        rows,
        (row) => row.id,
        (row) => this.#row(row),
      )}
      ${more > 0 ? html`<li class="more">${this.words.text('receipts.more', { count: more })}</li>` : nothing}
    </ul>`;
  }

  #row(row: ReceiptRow) {
    return html`<li data-testid="receipt" data-name=${row.name} data-state=${row.state}>
      ${avatar(row.id, row.name, 's')}
      <span class="name" title=${row.name}><bdi>${row.name}</bdi></span>
      ${this.#bar(row)}
      <span class="state ${row.tone}">${this.#mark(row)}<span>${row.text}${this.#percent(row)}</span>${this.#time(row)}</span>
    </li>`;
  }

  #mark({ tone }: ReceiptRow) {
    if (tone === 'good') return icon(Check, 14);
    return tone === 'bad' ? icon(TriangleAlert, 14) : nothing;
  }

  #percent({ percent }: ReceiptRow) {
    return percent === undefined ? nothing : html` <span class="percent">${this.words.percent(percent / 100)}</span>`;
  }

  #time({ at }: ReceiptRow) {
    if (at === undefined) return nothing;
    return html`<time datetime=${at.toISOString()} title=${this.words.moment(at)}>${this.words.clock(at)}</time>`;
  }

  #bar({ name, percent }: ReceiptRow) {
    if (percent === undefined) return nothing;
    return html`<span class="bar" role="progressbar" aria-label=${this.words.text('receipts.bar', { who: name, name: this.file })} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${percent}>
      <span .style=${`inline-size:${percent}%`}></span>
    </span>`;
  }

  static override styles = [base, buttons, avatarStyles, receiptStyles];
}

customElements.define('handout-receipt-list', ReceiptList);
