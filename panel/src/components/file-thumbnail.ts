import { css, html, LitElement, type PropertyValues } from 'lit';
import { pictureSize } from '../model/picture.js';
import type { FilePort } from '../model/ports.js';
import { base } from '../styles/base.js';

/** A few bytes may say that they are a very large picture. */
const MOST_PIXELS = 1e6;

/** The small picture of a file, asked for when it comes on screen; what is in its slot stands there until then. */
export class FileThumbnail extends LitElement {
  static override properties = { file: { attribute: false }, address: { state: true } };

  declare file: FilePort;
  declare address: string;
  readonly #observer = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.#load();
  });

  constructor() {
    super();
    this.address = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#show('');
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('file') || changed.get('file') === undefined) return;
    this.#show('');
    this.#observer.disconnect();
    this.#observer.observe(this);
  }

  /** The name stands beside it. */
  override render() {
    return this.address === ''
      ? html`<slot></slot>`
      : html`<img src=${this.address} alt="" @error=${() => this.#show('')} />`;
  }

  #load(): void {
    this.#observer.disconnect();
    const { file } = this;
    void file.thumbnail().then(async (picture) => {
      const size = picture && pictureSize(await picture.arrayBuffer());
      if (picture === undefined || size === undefined || size.width * size.height > MOST_PIXELS) return;
      if (this.isConnected && this.file === file) this.#show(URL.createObjectURL(picture));
    });
  }

  #show(address: string): void {
    if (this.address !== '') URL.revokeObjectURL(this.address);
    this.address = address;
  }

  static override styles = [
    base,
    css`
      img {
        display: block;
        inline-size: 100%;
        block-size: 100%;
        border-radius: 11px;
        object-fit: cover;
      }
    `,
  ];
}

customElements.define('handout-file-thumbnail', FileThumbnail);
