import { css, html, LitElement, nothing, type PropertyValues } from 'lit';
import { english, type Words } from '../messages/words.js';
import { isPassive } from '../model/pdf.js';
import { HEAD_BYTES, pictureSize } from '../model/picture.js';
import { type PreviewType, previewType } from '../model/preview-kind.js';
import { base, buttons } from '../styles/base.js';

/** So much of a text is shown. */
const TEXT_BYTES = 64 << 10;
/** A larger picture would take the page's memory: it is for programs that look at a part of it. */
const MOST_PIXELS = 100e6;

type Said = 'preview.opening' | 'preview.gone' | 'preview.broken' | 'preview.large' | 'preview.scripts';

/** What is on screen of a file. `address` is of its bytes as they are here; nothing is fetched. */
type Shown =
  | { readonly kind: 'words'; readonly key: Said }
  | { readonly kind: 'text'; readonly text: string; readonly cut: boolean }
  | { readonly kind: 'image' | 'audio' | 'video' | 'pdf'; readonly address: string };

const OPENING: Shown = { kind: 'words', key: 'preview.opening' };

/** Shows the bytes of a file that is here, as what its name says and as nothing that could run. */
export class FilePreview extends LitElement {
  static override properties = {
    words: { attribute: false },
    name: { attribute: false },
    bytes: { attribute: false },
    shown: { state: true },
    large: { state: true },
  };

  declare words: Words;
  declare name: string;
  declare bytes: Promise<Blob>;
  declare shown: Shown;
  /** A picture is as large as it is, rather than as the card. */
  declare large: boolean;

  constructor() {
    super();
    this.words = english;
    this.name = '';
    this.shown = OPENING;
    this.large = false;
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('bytes')) void this.#open(this.bytes);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#show(OPENING);
  }

  override render() {
    const { shown, name, words } = this;
    switch (shown.kind) {
      case 'words':
        return html`<p role="status">${words.text(shown.key)}</p>`;
      case 'text':
        return html`<pre tabindex="0" dir="auto" role="region" aria-label=${words.text('preview.of', { name })}>${shown.text}</pre>
          ${shown.cut ? html`<p>${words.text('preview.cut')}</p>` : nothing}`;
      case 'image':
        return this.#picture(shown.address);
      case 'audio':
        return html`<audio controls preload="metadata" src=${shown.address} aria-label=${name} @error=${this.#broken}></audio>`;
      case 'video':
        return html`<video controls playsinline preload="metadata" src=${shown.address} aria-label=${name} @error=${this.#broken}></video>`;
      case 'pdf':
        return html`<iframe src=${shown.address} title=${name}></iframe>`;
    }
  }

  #picture(address: string) {
    const { large, name, words } = this;
    const picture = html`<img src=${address} alt=${name} @error=${this.#broken} />`;
    return html`${
      large
        ? html`<div class="large" tabindex="0" role="region" aria-label=${words.text('preview.of', { name })}>${picture}</div>`
        : picture
    }
    <button class="quiet" aria-pressed=${large} @click=${this.#zoom}>${words.text('preview.zoom')}</button>`;
  }

  async #open(bytes: Promise<Blob>): Promise<void> {
    this.large = false;
    this.#show(OPENING);
    const shown = await bytes
      .then((file) => prepare(file, previewType(this.name)))
      .catch((): Shown => ({ kind: 'words', key: 'preview.gone' })); // a file of the disk may have changed since
    if (this.isConnected && this.bytes === bytes) this.#show(shown);
    else release(shown);
  }

  #show(shown: Shown): void {
    release(this.shown);
    this.shown = shown;
  }

  #broken(): void {
    this.#show({ kind: 'words', key: 'preview.broken' });
  }

  #zoom(): void {
    this.large = !this.large;
  }

  static override styles = [
    base,
    buttons,
    css`
      :host {
        min-inline-size: 0;
      }
      p {
        padding: 4px 0;
        color: var(--_text-2);
        font-size: var(--_text-s);
      }
      img,
      video {
        display: block;
        max-inline-size: 100%;
        max-block-size: min(420px, 60vh);
        margin-inline: auto;
        border-radius: var(--_r-s);
      }
      .large {
        max-block-size: min(640px, 75vh);
        overflow: auto;
        border-radius: var(--_r-s);
      }
      .large img {
        max-inline-size: none;
        max-block-size: none;
      }
      audio {
        display: block;
        inline-size: 100%;
      }
      iframe {
        display: block;
        inline-size: 100%;
        block-size: min(560px, 70vh);
        border: 1px solid var(--_line);
        border-radius: var(--_r-s);
      }
      pre {
        max-block-size: min(420px, 60vh);
        margin: 0;
        padding: 12px;
        overflow: auto;
        border-radius: var(--_r-s);
        background: var(--_surface-2);
        font-size: var(--_text-s);
        line-height: 1.5;
        overflow-wrap: anywhere;
        tab-size: 4;
        white-space: pre-wrap;
      }
    `,
  ];
}

/** Gets a file ready to be shown as what its name says. */
async function prepare(file: Blob, as: PreviewType | undefined): Promise<Shown> {
  if (as === undefined) return { kind: 'words', key: 'preview.broken' };
  if (as.kind === 'text') {
    return { kind: 'text', text: await file.slice(0, TEXT_BYTES).text(), cut: file.size > TEXT_BYTES };
  }
  if (as.kind === 'pdf' && !(await isPassive(file))) return { kind: 'words', key: 'preview.scripts' };
  if (as.kind === 'image' && as.type !== 'image/svg+xml') {
    const size = pictureSize(await file.slice(0, HEAD_BYTES).arrayBuffer());
    if (size === undefined) return { kind: 'words', key: 'preview.broken' };
    if (size.width * size.height > MOST_PIXELS) return { kind: 'words', key: 'preview.large' };
  }
  // The type is ours: whatever the bytes are, they are taken for this and for nothing else.
  return { kind: as.kind, address: URL.createObjectURL(file.slice(0, file.size, as.type)) };
}

function release(shown: Shown): void {
  if ('address' in shown) URL.revokeObjectURL(shown.address);
}

customElements.define('handout-file-preview', FilePreview);
