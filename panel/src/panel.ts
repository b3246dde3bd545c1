import type { Room } from '@handout/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { Clock, CloudOff, LoaderCircle } from 'lucide';
import type { DropArea, HandoutPanelEventMap, PanelSendOptions, PanelTheme } from './api.js';
import { Archive } from './archive/archive.js';
import { CardActions } from './card-actions.js';
import './components/drop-hint.js';
import { emptyState, emptyStateStyles } from './components/empty-state.js';
import type { CardRequest } from './components/file-card.js';
import type { GroupRequest } from './components/file-group.js';
import './components/file-list.js';
import type { SaveAllRequest } from './components/file-list.js';
import { icon } from './components/icon.js';
import './components/send-panel.js';
import './components/sharing-switch.js';
import type { SharingRequest } from './components/sharing-switch.js';
import { standing, standingStyles } from './components/standing.js';
import './components/toast-stack.js';
import './components/total-bar.js';
import { FileIntake } from './file-intake.js';
import { Language } from './language.js';
import { Member } from './membership.js';
import type { Words } from './messages/words.js';
import { Batch, isActive } from './model/batch.js';
import { buildCards, TransferKeys } from './model/cards.js';
import { filesOf } from './model/groups.js';
import { News } from './model/news.js';
import { audienceLabel, distinctNames, recipients } from './model/people.js';
import type { Audience, Fault, RoomPort, TransferPort } from './model/ports.js';
import { audienceOf, EVERYONE, prune, type Selection, selectionOf, toPeople } from './model/selection.js';
import { switchedText } from './model/sharing.js';
import { Toasts, type ToastTone } from './model/toasts.js';
import { Unread } from './model/unread.js';
import { errorText, expiryText } from './model/wording.js';
import { panelStyles } from './panel.styles.js';
import { Presence } from './presence.js';
import { RoomWatcher } from './room-watcher.js';
import { Sending, whyNotSend } from './sending.js';
import { base, buttons } from './styles/base.js';
import { tokens } from './styles/tokens.js';

type Details = { [K in keyof HandoutPanelEventMap]: HandoutPanelEventMap[K]['detail'] };

/** The files of a room, and all that can be done with them. What an application sees of it is in `api.ts`. */
export class Panel extends LitElement {
  static override properties = {
    server: { type: String },
    token: { type: String },
    theme: { type: String, reflect: true },
    drop: { type: String },
    noThumbnails: { type: Boolean, attribute: 'no-thumbnails' },
    room: { attribute: false, noAccessor: true },
    to: { converter: { fromAttribute: audienceFrom }, noAccessor: true },
    announcement: { state: true },
  };

  declare server: string;
  declare token: string;
  declare theme: PanelTheme;
  declare drop: DropArea;
  declare noThumbnails: boolean;
  declare announcement: string;

  readonly #keys = new TransferKeys();
  readonly #batch = new Batch();
  readonly #known = new Map<string, string>();
  #selection: Selection = EVERYONE;

  readonly #member = new Member(this, {
    joined: (room) => this.#tell('handout-joined', { room: room as Room }),
    refused: (error) => this.#tell('handout-refused', { error }),
    left: (room, reason) => this.#tell('handout-left', { room: room as Room, reason }),
  });
  readonly #toasts = new Toasts(() => this.requestUpdate());
  readonly #language = new Language(this);
  readonly #news = new News(this.#toasts, () => this.#words);
  readonly #presence = new Presence(this, () => this.#unread.seen());
  readonly #unread = new Unread(
    () => this.#presence.looking,
    (count) => this.#tell('handout-unread', { count }),
  );
  readonly #watcher = new RoomWatcher(this, {
    offered: (files) => {
      this.#news.offered(files);
      this.#unread.add(files.length);
      this.#tell('handout-offered', { files: files as Details['handout-offered']['files'] });
    },
    switched: (sharing) => {
      this.announcement = switchedText(sharing, this.#in?.maySend ?? false, this.#words);
    },
    ended: (transfer, fault) => this.#ended(transfer, fault),
  });
  readonly #sending = new Sending({
    room: () => this.#in,
    audience: () => this.to,
    thumbnails: () => !this.noThumbnails,
    words: () => this.#words,
    refuse: (text) => this.notify(text, 'error'),
  });
  readonly #actions = new CardActions({
    pick: (card) => this.#sending.pick(this.#input, { again: card }),
    announce: (text) => {
      this.announcement = text;
    },
    refuse: (text) => this.notify(text, 'error'),
    changed: () => this.requestUpdate(),
    words: () => this.#words,
  });
  readonly #archive = new Archive({
    words: () => this.#words,
    say: (text, tone) => this.notify(text, tone),
    changed: () => this.requestUpdate(),
  });
  readonly #intake = new FileIntake(this, {
    take: ({ files, folders, person }) => {
      const to = person === undefined ? undefined : [person];
      if (folders.length > 0) void this.#sending.sendFolders(folders, files, to);
      else this.#sending.send(files, to);
      this.requestUpdate();
    },
    words: () => this.#words,
    dragged: () => {
      const { dragging, over } = this.#intake;
      this.#tell('handout-dragging', { dragging, over });
      this.requestUpdate();
    },
  });

  constructor() {
    super();
    this.server = '';
    this.token = '';
    this.theme = 'auto';
    this.drop = 'panel';
    this.noThumbnails = false;
    this.announcement = '';
  }

  get room(): RoomPort | undefined {
    return this.#member.room;
  }

  set room(room: RoomPort | undefined) {
    this.#member.use(room ?? undefined); // a framework may mean none by null
  }

  get to(): Audience | undefined {
    return audienceOf(this.#selection);
  }

  set to(to: Audience | undefined) {
    this.#select(selectionOf(to));
  }

  get unread(): number {
    return this.#unread.count;
  }

  send(files: Iterable<File>, { to }: PanelSendOptions = {}) {
    const uploads = this.#sending.send([...files], to);
    this.requestUpdate();
    return uploads;
  }

  pick({ to }: PanelSendOptions = {}): void {
    this.#sending.pick(this.#input, { to });
  }

  notify(text: string, tone: ToastTone = 'info'): void {
    this.#toasts.show(text, tone);
  }

  leave(): Promise<void> {
    return this.#member.leave();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#toasts.clear();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    this.#intake.from(this.drop);
    if (changed.has('token') || changed.has('server')) this.#member.with(this.token ?? '', this.server ?? '');
    this.#look();
  }

  /** Takes in which room it is, and who is in it. */
  #look(): void {
    const room = this.#in;
    if (room !== this.#watched) {
      this.#watched = room;
      this.#watcher.watch(room);
      this.#actions.forget();
      this.#unread.seen();
    }
    if (room === undefined) return;
    // Who may send nothing for a while comes back to what was chosen.
    if (this.#selection.kind === 'room' && room.maySend && !room.maySendToAll) this.#select(toPeople([]));
    this.#select(prune(this.#selection, new Set(whom(room).map(({ id }) => id))));
  }

  #watched: RoomPort | undefined;

  override render() {
    const room = this.#in;
    const words = this.#words;
    return html`<slot name="header"></slot>
      <div class="body" part="body">${room === undefined ? standing(this.#member.standing, words, () => this.#member.again()) : this.#files(room)}</div>
      <slot name="footer"></slot>
      <input type="file" multiple hidden data-testid="file-input" aria-label=${words.text('send.choose')} @change=${this.#chosen} @cancel=${() => this.#sending.unpick()} />
      <input type="file" multiple hidden webkitdirectory data-testid="folder-input" aria-label=${words.text('send.choose-folder')} @change=${this.#chosen} @cancel=${() => this.#sending.unpick()} />
      <p class="sr" role="status">${this.announcement}</p>
      <handout-toast-stack
        exportparts="toast"
        .words=${words}
        .toasts=${this.#toasts.items}
        @close-toast=${(event: CustomEvent<number>) => this.#toasts.close(event.detail)}
        @hold-toasts=${() => this.#toasts.hold()}
        @release-toasts=${() => this.#toasts.release()}
      ></handout-toast-stack>`;
  }

  #files(room: RoomPort) {
    const words = this.#words;
    const people = [...room.participants.values()];
    const names = this.#remember(distinctNames(people, words));
    const total = this.#batch.update(room.transfers.filter((transfer) => !this.#archive.owns(transfer)));
    const archive = this.#archive.total;
    return html`${connection(room, words)} ${this.#sendPanel(room, people)}
      ${may(room, 'moderate') ? html`<handout-sharing-switch .words=${words} .sharing=${room.sharing} @switch-sharing=${(event: CustomEvent<SharingRequest>) => void this.#switch(room, event.detail)}></handout-sharing-switch>` : nothing}
      ${total === undefined ? nothing : html`<handout-total-bar .words=${words} .total=${total} @cancel-all=${() => cancelAll(room)}></handout-total-bar>`}
      ${archive === undefined ? nothing : html`<handout-total-bar .words=${words} .total=${archive} @cancel-all=${() => this.#archive.cancel()}></handout-total-bar>`}
      ${this.#cards(room, names)}
      <p class="expiry" part="expiry">${icon(Clock, 16)}<span>${expiryText(room.limits, words)}</span></p>
      ${this.#intake.dragging ? html`<handout-drop-hint .text=${this.#dropText(room, names)} .page=${this.drop === 'page'}></handout-drop-hint>` : nothing}`;
  }

  #sendPanel(room: RoomPort, people: readonly RoomPort['me'][]) {
    if (!room.maySend)
      return html`<p class="note" data-testid="may-not-send">${whyNotSend(room, this.#words)} ${this.#words.text('send.still-save')}</p>`;
    return html`<handout-send-panel
      exportparts="send, choose, chip"
      .words=${this.#words}
      .drop=${this.drop}
      .participants=${people}
      .recipients=${whom(room)}
      .selection=${this.#selection}
      .sendToAll=${room.maySendToAll}
      .dragging=${this.#intake.dragging && this.#intake.over === undefined}
      .over=${this.#intake.over}
      @select=${(event: CustomEvent<Selection>) => this.#select(event.detail)}
      @choose=${() => this.pick()}
      @choose-folder=${() => this.#sending.pick(this.#folderInput, {})}
    ></handout-send-panel>`;
  }

  #cards(room: RoomPort, names: ReadonlyMap<string, string>) {
    const cards = this.#actions.shown(buildCards(room, this.#keys, this.#actions.declined));
    if (cards.length === 0)
      return html`<slot name="empty">${emptyState(room.participants.size < 2, room.maySend, this.#words)}</slot>`;
    return html`<handout-file-list
      exportparts="card, heading"
      .words=${this.#words}
      .cards=${cards}
      .names=${names}
      .here=${new Set(room.participants.keys())}
      .meId=${room.me.id}
      .moderator=${may(room, 'moderate')}
      .thumbnails=${!this.noThumbnails}
      @card-request=${(event: CustomEvent<CardRequest>) => void this.#actions.act(event.detail)}
      @group-request=${(event: CustomEvent<GroupRequest>) => this.#actOnGroup(event.detail)}
      @save-all=${({ detail: { files } }: CustomEvent<SaveAllRequest>) => void this.#archive.save(files, this.#words.text('archive.name', { room: room.name }))}
    ></handout-file-list>`;
  }

  #actOnGroup({ action, group }: GroupRequest): void {
    if (action === 'save') void this.#archive.save(filesOf(group.ready), group.name);
    else void this.#actions.actOnAll(action, group);
  }

  #dropText(room: RoomPort, names: ReadonlyMap<string, string>): string {
    const words = this.#words;
    const { over } = this.#intake;
    if (!room.maySend) return whyNotSend(room, words);
    if (over !== undefined) return words.text('drop.person', { who: names.get(over) ?? words.text('who.this') });
    return this.to === undefined
      ? words.text('drop.nobody')
      : words.text('drop.to', { who: audienceLabel(this.to, names, words) });
  }

  async #switch(room: RoomPort, { off, cancelRunning }: SharingRequest): Promise<void> {
    try {
      await room.moderate.switchSharing(off, { cancelRunning });
    } catch (error) {
      this.notify(errorText(error, this.#words), 'error');
    }
  }

  #select(selection: Selection): void {
    if (selection === this.#selection) return;
    this.#selection = selection;
    this.#tell('handout-recipients', { to: this.to });
    this.requestUpdate();
  }

  #chosen(event: Event): void {
    this.#sending.chosen(event.target as HTMLInputElement);
    this.requestUpdate();
  }

  #ended(transfer: TransferPort, fault: Fault | undefined): void {
    const told = transfer as unknown as Details['handout-failed']['transfer'];
    if (fault !== undefined)
      this.#tell('handout-failed', { transfer: told, error: fault as Details['handout-failed']['error'] });
    else if (transfer.state.kind !== 'completed') return;
    else if (told.kind === 'upload') this.#tell('handout-sent', { upload: told });
    else this.#tell('handout-received', { download: told });
  }

  /** Names of those here, and of those who were: files outlive their sender's stay. */
  #remember(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    for (const [id, name] of names) this.#known.set(id, name);
    return this.#known;
  }

  #tell<K extends keyof Details>(type: K, detail: Details[K]): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  /** The room that I am in. */
  get #in(): RoomPort | undefined {
    const now = this.#member.standing;
    return now.kind === 'in' ? now.room : undefined;
  }

  get #words(): Words {
    return this.#language.words;
  }

  get #input(): HTMLInputElement | null {
    return this.renderRoot.querySelector<HTMLInputElement>('input[type=file]');
  }

  get #folderInput(): HTMLInputElement | null {
    return this.renderRoot.querySelector<HTMLInputElement>('input[webkitdirectory]');
  }

  static override styles = [tokens, base, buttons, emptyStateStyles, standingStyles, panelStyles];
}

function connection({ state }: RoomPort, words: Words) {
  const gone = state.kind === 'reconnecting' || state.kind === 'connecting';
  return html`<div class="connection" role="status" data-testid="connection" data-state=${state.kind}>${
    gone
      ? html`<p>${icon(CloudOff)}<span><strong>${words.text('room.reconnecting')}</strong> ${words.text('room.reconnecting.files')}</span><span class="turn">${icon(LoaderCircle, 16)}</span></p>`
      : nothing
  }</div>`;
}

function cancelAll({ transfers }: RoomPort): void {
  for (const transfer of transfers) if (isActive(transfer)) transfer.cancel();
}

function whom(room: RoomPort) {
  return recipients(room.participants.values(), room.me.id);
}

function may({ me }: RoomPort, grant: RoomPort['me']['grants'][number]): boolean {
  return me.grants.includes(grant);
}

/** "room", or ids with blanks between. */
function audienceFrom(value: string | null): Audience | undefined {
  const ids = value?.split(/\s+/).filter((id) => id !== '') ?? [];
  return ids.length === 1 && ids[0] === 'room' ? 'room' : ids;
}

customElements.define('handout-panel', Panel);
