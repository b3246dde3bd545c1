import '@handout/panel';
import type { HandoutPanelElement, HandoutPanelEventMap } from '@handout/panel';
import { base, buttons, distinctNames, faultText, icon, isActive, type RoomPort, recipients } from '@handout/panel/ui';
import { HandoutError } from '@handout/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { UserPlus } from 'lucide';
import { say, words } from '../language.js';
import { Chat, type ChatRoom } from '../model/chat.js';
import { titleOf } from '../model/title.js';
import './ask-dialog.js';
import type { AskDialog } from './ask-dialog.js';
import './chat-view.js';
import './invite-dialog.js';
import type { InviteDialog } from './invite-dialog.js';
import { Moderator, type PersonRequest } from './moderator.js';
import './people-list.js';
import './room-header.js';
import './room-tabs.js';
import { Parts, type RoomPart } from './room-tabs.js';
import { roomStyles } from './room-view.styles.js';
import { Vigil } from './vigil.js';

type Dragging = HandoutPanelEventMap['handout-dragging']['detail'];

/** The room: its header, who is here, the panel with the files, and the chat. Fires `leave-room`. */
export class RoomView extends LitElement {
  static override properties = {
    room: { attribute: false },
    link: { attribute: false },
    announcement: { state: true },
    notice: { state: true },
    dragged: { state: true },
    newFiles: { state: true },
  };

  declare room: RoomPort & ChatRoom;
  /** The invite link; empty when others need an invitation of their own. */
  declare link: string;
  declare announcement: string;
  /** What the panel would say, where it is not on screen. */
  declare notice: string;
  declare dragged: Dragging;
  /** Files that others have offered and nobody has looked at. */
  declare newFiles: number;

  readonly #parts = new Parts(this);
  readonly #vigil = new Vigil(this);
  readonly #moderator = new Moderator({
    ask: (question) => this.#dialog.ask(question),
    done: (text) => this.#notify(text),
    failed: (error) => this.#notify(reason(error), 'error'),
  });
  #chat: Chat | undefined;
  readonly #known = new Map<string, string>();
  #off: (() => void)[] = [];

  constructor() {
    super();
    this.link = '';
    this.announcement = '';
    this.notice = '';
    this.newFiles = 0;
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
    if (changed.has('room')) {
      this.#chat = new Chat(this.room, () => this.requestUpdate());
      this.#listen();
    }
    document.title = titleOf(this.room.name, this.newFiles + (this.#chat?.unread ?? 0));
  }

  override render() {
    const { room } = this;
    const people = [...room.participants.values()];
    return html`
      <div class="top">
        <handout-room-header .name=${room.name} .invites=${this.link !== ''} @invite=${this.#invite} @leave-room=${() => void this.#leave()}></handout-room-header>
        ${this.#tabs(people.length)}
      </div>
      <main>${this.#people(people)} ${this.#files(people.length < 2)} ${this.#messages(people)}</main>
      <p class="sr" role="status">${this.announcement}</p>
      <handout-invite-dialog .link=${this.link} .room=${room.name}></handout-invite-dialog>
      <handout-ask-dialog></handout-ask-dialog>
    `;
  }

  #tabs(people: number) {
    if (!this.#parts.narrow) return nothing;
    return html`<handout-room-tabs
      .current=${this.#parts.current}
      .files=${this.newFiles}
      .messages=${this.#chat?.unread ?? 0}
      .people=${people}
      @choose-part=${(event: CustomEvent<RoomPart>) => this.#show(event.detail)}
    ></handout-room-tabs>`;
  }

  #people(people: RoomPort['me'][]) {
    const { room } = this;
    const to = room.maySend ? recipients(people, room.me.id) : [];
    return html`<aside ?hidden=${!this.#parts.shows('people')}>
      ${this.notice === '' ? nothing : html`<p class="notice" role="status">${this.notice}</p>`}
      <handout-people-list
        .participants=${people}
        .meId=${room.me.id}
        .maySend=${new Set(to.map(({ id }) => id))}
        .moderator=${room.me.grants.includes('moderate')}
        .away=${room.state.kind !== 'connected'}
        .dragging=${this.dragged.dragging}
        .over=${this.dragged.over}
        @send-to=${(event: CustomEvent<string>) => this.#panel?.pick({ to: [event.detail] })}
        @moderate=${(event: CustomEvent<PersonRequest>) => void this.#moderator.act(room, event.detail)}
      ></handout-people-list>
    </aside>`;
  }

  #files(alone: boolean) {
    return html`<handout-panel
      drop="page"
      ?hidden=${!this.#parts.shows('files')}
      .room=${this.room}
      @handout-dragging=${(event: CustomEvent<Dragging>) => {
        this.dragged = event.detail;
      }}
      @handout-unread=${(event: CustomEvent<{ count: number }>) => {
        this.newFiles = event.detail.count;
      }}
      >${alone && this.link !== '' ? html`<button slot="empty-action" @click=${this.#invite}>${icon(UserPlus)}${say('room.invite-others')}</button>` : nothing}</handout-panel
    >`;
  }

  #messages(people: RoomPort['me'][]) {
    return html`<handout-chat-view
      ?hidden=${!this.#parts.shows('chat')}
      .shown=${this.#parts.shows('chat')}
      .chat=${this.#chat}
      .items=${this.#chat?.items ?? []}
      .unread=${this.#chat?.unread ?? 0}
      .people=${people.filter(({ id }) => id !== this.room.me.id)}
      .names=${this.#remember(people)}
      .meId=${this.room.me.id}
      .away=${this.room.state.kind !== 'connected'}
    ></handout-chat-view>`;
  }

  /** Names of those here, and of those who were: what they said outlives their stay. */
  #remember(people: RoomPort['me'][]): ReadonlyMap<string, string> {
    for (const [id, name] of distinctNames(people, words())) this.#known.set(id, name);
    return this.#known;
  }

  #show(part: RoomPart): void {
    this.notice = '';
    this.#parts.choose(part);
  }

  /** Says it in the panel; while another part of the room is on screen, there. */
  #notify(text: string, tone?: 'error'): void {
    if (this.#parts.shows('files')) this.#panel?.notify(text, tone);
    else this.notice = text;
  }

  readonly #invite = (): void => {
    void this.renderRoot.querySelector<InviteDialog>('handout-invite-dialog')?.show();
  };

  #listen(): void {
    const { room } = this;
    this.#stop();
    const redraw = () => this.requestUpdate();
    const watch = () => this.#watch();
    this.#off = [
      this.#chat?.listen() ?? (() => undefined),
      room.on('state', redraw),
      room.on('sharing-changed', redraw),
      room.on('participant-joined', ({ participant }) => this.#said(say('room.joined', { name: participant.name }))),
      room.on('participant-left', ({ participant }) => this.#said(say('room.gone', { name: participant.name }))),
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

  get #panel(): HandoutPanelElement | null {
    return this.renderRoot.querySelector('handout-panel');
  }

  async #leave(): Promise<void> {
    const leaving = { title: say('leave.title'), text: say('leave.text'), verb: say('leave.verb') };
    if (this.#uploading && !(await this.#dialog.ask(leaving)).yes) return;
    this.dispatchEvent(new CustomEvent('leave-room'));
  }

  static override styles = [base, buttons, roomStyles];
}

function reason(error: unknown): string {
  const fault = error instanceof HandoutError ? faultText(error, words()) : words().text('fault.unknown');
  return words().text('fault.sentence', { fault });
}

customElements.define('handout-room-view', RoomView);
