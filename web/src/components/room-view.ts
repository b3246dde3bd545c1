import '@handout/panel';
import type { HandoutPanelElement, HandoutPanelEventMap } from '@handout/panel';
import { base, buttons, english, faultText, icon, isActive, type RoomPort, recipients } from '@handout/panel/ui';
import { HandoutError } from '@handout/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { Link } from 'lucide';
import { titleOf } from '../model/title.js';
import './ask-dialog.js';
import type { AskDialog, Question } from './ask-dialog.js';
import { Moderator, type PersonRequest } from './moderator.js';
import './people-list.js';
import './room-header.js';
import type { RoomHeader } from './room-header.js';
import { roomStyles } from './room-view.styles.js';
import { Vigil } from './vigil.js';

const LEAVING: Question = {
  title: 'Leave and stop sending?',
  text: 'Files are still being sent. What is not yet sent will not arrive.',
  verb: 'Leave',
};

type Dragging = HandoutPanelEventMap['handout-dragging']['detail'];

/** The room: its header, who is here, and the panel with the files. Fires `leave-room`. */
export class RoomView extends LitElement {
  static override properties = {
    room: { attribute: false },
    link: { attribute: false },
    announcement: { state: true },
    dragged: { state: true },
  };

  declare room: RoomPort;
  /** The invite link; empty when others need an invitation of their own. */
  declare link: string;
  declare announcement: string;
  declare dragged: Dragging;

  readonly #vigil = new Vigil(this);
  readonly #moderator = new Moderator({
    ask: (question) => this.#dialog.ask(question),
    done: (text) => this.#panel?.notify(text),
    failed: (error) => this.#panel?.notify(`${reason(error)}.`, 'error'),
  });
  #off: (() => void)[] = [];

  constructor() {
    super();
    this.link = '';
    this.announcement = '';
    this.dragged = { dragging: false, over: undefined };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.room !== undefined) this.#listen();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stop();
    document.title = 'Handout';
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('room')) this.#listen();
  }

  override render() {
    const { room } = this;
    const people = [...room.participants.values()];
    const to = room.maySend ? recipients(people, room.me.id) : [];
    return html`
      <div class="top">
        <handout-room-header .name=${room.name} .link=${this.link} @leave-room=${() => void this.#leave()}></handout-room-header>
      </div>
      <main>
        <aside>
          <handout-people-list
            .participants=${people}
            .meId=${room.me.id}
            .maySend=${new Set(to.map(({ id }) => id))}
            .moderator=${room.me.grants.includes('moderate')}
            .dragging=${this.dragged.dragging}
            .over=${this.dragged.over}
            @send-to=${(event: CustomEvent<string>) => this.#panel?.pick({ to: [event.detail] })}
            @moderate=${(event: CustomEvent<PersonRequest>) => void this.#moderator.act(room, event.detail)}
          ></handout-people-list>
        </aside>
        <handout-panel
          drop="page"
          .room=${room}
          @handout-dragging=${(event: CustomEvent<Dragging>) => {
            this.dragged = event.detail;
          }}
          @handout-unread=${(event: CustomEvent<{ count: number }>) => {
            document.title = titleOf(room.name, event.detail.count);
          }}
          >${people.length < 2 && this.link !== '' ? html`<button slot="empty-action" @click=${() => void this.#header?.copy()}>${icon(Link)}Copy invite link</button>` : nothing}</handout-panel
        >
      </main>
      <p class="sr" role="status">${this.announcement}</p>
      <handout-ask-dialog></handout-ask-dialog>
    `;
  }

  #listen(): void {
    const { room } = this;
    this.#stop();
    document.title = titleOf(room.name, 0);
    const redraw = () => this.requestUpdate();
    const watch = () => this.#watch();
    this.#off = [
      room.on('state', redraw),
      room.on('sharing-changed', redraw),
      room.on('participant-joined', ({ participant }) => this.#said(`${participant.name} joined`)),
      room.on('participant-left', ({ participant }) => this.#said(`${participant.name} left`)),
      room.on('transfer-added', watch),
      room.on('transfer-changed', watch),
    ];
    this.#watch();
  }

  #stop(): void {
    for (const off of this.#off) off();
    this.#off = [];
  }

  #said(text: string): void {
    this.announcement = text;
    this.requestUpdate(); // the same words may be said twice
  }

  #watch(): void {
    this.#vigil.keep({ uploading: this.#uploading, active: this.room.transfers.some(isActive) });
  }

  get #uploading(): boolean {
    return this.room.transfers.some((transfer) => transfer.kind === 'upload' && isActive(transfer));
  }

  get #dialog(): AskDialog {
    return this.renderRoot.querySelector('handout-ask-dialog') as AskDialog;
  }

  get #header(): RoomHeader | null {
    return this.renderRoot.querySelector<RoomHeader>('handout-room-header');
  }

  get #panel(): HandoutPanelElement | null {
    return this.renderRoot.querySelector('handout-panel');
  }

  async #leave(): Promise<void> {
    if (this.#uploading && !(await this.#dialog.ask(LEAVING)).yes) return;
    this.dispatchEvent(new CustomEvent('leave-room'));
  }

  static override styles = [base, buttons, roomStyles];
}

function reason(error: unknown): string {
  return error instanceof HandoutError ? faultText(error, english) : 'Something went wrong';
}

customElements.define('handout-room-view', RoomView);
