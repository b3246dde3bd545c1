import { HandoutError } from '@handout/sdk';
import { html, LitElement, nothing, type PropertyValues } from 'lit';
import { Clock, CloudOff, LoaderCircle } from 'lucide';
import { admit } from '../model/admit.js';
import { Batch, isActive } from '../model/batch.js';
import { buildCards, type Card, TransferKeys } from '../model/cards.js';
import { News } from '../model/news.js';
import { audienceLabel, distinctNames } from '../model/people.js';
import type { Audience, RoomPort } from '../model/ports.js';
import { audienceOf, EVERYONE, prune, recipients, type Selection, toPeople } from '../model/selection.js';
import { whyNot } from '../model/sharing.js';
import { Toasts } from '../model/toasts.js';
import { expiryText, faultText } from '../model/wording.js';
import { base, buttons } from '../styles/base.js';
import './ask-dialog.js';
import type { AskDialog, Question } from './ask-dialog.js';
import './drop-hint.js';
import { emptyState, emptyStateStyles } from './empty-state.js';
import type { CardRequest } from './file-card.js';
import { FileIntake, type Intake } from './file-intake.js';
import './file-list.js';
import { icon } from './icon.js';
import { Moderator, type PersonRequest } from './moderator.js';
import './people-list.js';
import './room-header.js';
import type { RoomHeader } from './room-header.js';
import { roomStyles } from './room-view.styles.js';
import { RoomWatcher } from './room-watcher.js';
import './send-panel.js';
import './sharing-switch.js';
import type { SharingRequest } from './sharing-switch.js';
import './toast-stack.js';
import './total-bar.js';
import { Vigil } from './vigil.js';

const LEAVING: Question = {
  title: 'Leave and stop sending?',
  text: 'Files are still being sent. What is not yet sent will not arrive.',
  verb: 'Leave',
};

/** Whom the open file dialog is for, and the interrupted upload that it is to find the file of. */
interface Picking {
  readonly to: Audience | undefined;
  readonly again?: Card;
}

/** The room: people, files, and all that can be done with them. Fires `leave-room`. */
export class RoomView extends LitElement {
  static override properties = {
    room: { attribute: false },
    link: { attribute: false },
    selection: { state: true },
    dismissed: { state: true },
    declined: { state: true },
    announcement: { state: true },
  };

  declare room: RoomPort;
  /** The invite link; empty when others need an invitation of their own. */
  declare link: string;
  declare selection: Selection;
  declare dismissed: ReadonlySet<string>;
  /** Ids of files that I do not want. */
  declare declined: ReadonlySet<string>;
  declare announcement: string;

  readonly #keys = new TransferKeys();
  readonly #batch = new Batch();
  readonly #toasts = new Toasts(() => this.requestUpdate());
  readonly #news = new News(this.#toasts);
  readonly #vigil = new Vigil(this);
  readonly #intake = new FileIntake(this, (intake) => this.#takeIn(intake));
  readonly #watcher = new RoomWatcher(this, {
    offered: (files) => this.#news.offered(files),
    announce: (text) => {
      this.announcement = text;
    },
  });
  readonly #moderator = new Moderator({
    ask: (question) => this.#dialog.ask(question),
    done: (text) => this.#toasts.show(text),
    failed: (error) => this.#toasts.show(`${reason(error)}.`, 'error'),
  });
  readonly #known = new Map<string, string>();
  #picking: Picking | undefined;

  constructor() {
    super();
    this.link = '';
    this.selection = EVERYONE;
    this.dismissed = new Set();
    this.declined = new Set();
    this.announcement = '';
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#toasts.clear();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('room')) {
      this.#watcher.watch(this.room);
      this.dismissed = new Set();
      this.declined = new Set();
      this.selection = this.#may('sendToAll') ? EVERYONE : toPeople([]);
    }
    this.selection = prune(this.selection, new Set(this.#recipients().map(({ id }) => id)));
    this.#vigil.keep({
      uploading: this.room.transfers.some((transfer) => transfer.kind === 'upload' && isActive(transfer)),
      active: this.room.transfers.some(isActive),
    });
  }

  override render() {
    const { room } = this;
    const people = [...room.participants.values()];
    const names = this.#remember(distinctNames(people));
    const to = this.#recipients();
    const total = this.#batch.update(room.transfers);
    return html`
      <div class="top">
        <handout-room-header .name=${room.name} .link=${this.link} @leave-room=${() => void this.#leave()}></handout-room-header>
        ${this.#connection()}
      </div>
      <main>
        <aside>
          <handout-people-list
            .participants=${people}
            .meId=${room.me.id}
            .maySend=${new Set(room.maySend ? to.map(({ id }) => id) : [])}
            .moderator=${this.#may('moderate')}
            .dragging=${this.#intake.dragging}
            .over=${this.#intake.over}
            @send-to=${(event: CustomEvent<string>) => this.#pick({ to: [event.detail] })}
            @moderate=${(event: CustomEvent<PersonRequest>) => void this.#moderator.act(room, event.detail)}
          ></handout-people-list>
          ${this.#may('moderate') ? html`<handout-sharing-switch .sharing=${room.sharing} @switch-sharing=${(event: CustomEvent<SharingRequest>) => void this.#moderator.switchSharing(room, event.detail)}></handout-sharing-switch>` : nothing}
          <p class="expiry wide">${icon(Clock, 16)}<span>${expiryText(room.limits)}</span></p>
        </aside>
        <div class="files">
          ${this.#sendPanel(people, to)}
          ${total === undefined ? nothing : html`<handout-total-bar .total=${total} @cancel-all=${this.#cancelAll}></handout-total-bar>`}
          ${this.#cards(names, people.length < 2)}
          <p class="expiry narrow">${icon(Clock, 16)}<span>${expiryText(room.limits)}</span></p>
        </div>
      </main>
      <input type="file" multiple hidden data-testid="file-input" aria-label="Choose files" @change=${this.#chosen} @cancel=${() => this.#unpick()} />
      <p class="sr" role="status">${this.announcement}</p>
      ${this.#intake.dragging ? html`<handout-drop-hint .text=${this.#dropText(names)}></handout-drop-hint>` : nothing}
      <handout-toast-stack
        .toasts=${this.#toasts.items}
        @close-toast=${(event: CustomEvent<number>) => this.#toasts.close(event.detail)}
        @hold-toasts=${() => this.#toasts.hold()}
        @release-toasts=${() => this.#toasts.release()}
      ></handout-toast-stack>
      <handout-ask-dialog></handout-ask-dialog>
    `;
  }

  #connection() {
    const { kind } = this.room.state;
    return html`<div class="connection" role="status" data-testid="connection" data-state=${kind}>
      ${
        kind === 'reconnecting' || kind === 'connecting'
          ? html`<p>${icon(CloudOff)}<span><strong>Reconnecting.</strong> Files on their way go on by themselves when the network is back.</span><span class="turn">${icon(LoaderCircle, 16)}</span></p>`
          : nothing
      }
    </div>`;
  }

  #sendPanel(participants: readonly RoomPort['me'][], to: readonly RoomPort['me'][]) {
    if (!this.room.maySend)
      return html`<p class="note" data-testid="may-not-send">${this.#whyNot()} You can save what is here.</p>`;
    return html`<handout-send-panel
      .participants=${participants}
      .recipients=${to}
      .selection=${this.selection}
      .sendToAll=${this.#may('sendToAll')}
      .dragging=${this.#intake.dragging && this.#intake.over === undefined}
      @select=${(event: CustomEvent<Selection>) => {
        this.selection = event.detail;
      }}
      @choose=${() => this.#pick(undefined)}
    ></handout-send-panel>`;
  }

  #cards(names: ReadonlyMap<string, string>, alone: boolean) {
    const cards = buildCards(this.room, this.#keys, this.declined).filter(({ key }) => !this.dismissed.has(key));
    if (cards.length === 0)
      return emptyState(alone, this.room.maySend, this.link === '' ? undefined : () => void this.#header?.copy());
    return html`<handout-file-list
      .cards=${cards}
      .names=${names}
      .here=${new Set(this.room.participants.keys())}
      .meId=${this.room.me.id}
      .moderator=${this.#may('moderate')}
      @card-request=${(event: CustomEvent<CardRequest>) => void this.#act(event.detail)}
    ></handout-file-list>`;
  }

  async #act({ action, card }: CardRequest): Promise<void> {
    try {
      if (action === 'save') this.#save(card);
      else if (action === 'decline') this.#decline(card);
      else if (action === 'retry') this.#retry(card);
      else if (action === 'revoke') await card.file?.revoke();
      else if (action === 'pick') this.#pick({ to: card.to, again: card });
      else if (action === 'dismiss') this.#dismiss(card);
      else await this.#cancel(card);
    } catch (error) {
      this.#toasts.show(`${card.name}: ${reason(error)}.`, 'error');
    }
    this.requestUpdate();
  }

  #save(card: Card): void {
    this.declined = new Set([...this.declined].filter((id) => id !== card.file?.id));
    card.file?.save();
  }

  #decline({ file }: Card): void {
    if (file === undefined) return;
    file.decline();
    this.declined = new Set(this.declined).add(file.id);
    this.announcement = `You declined ${file.name}`;
  }

  /** A retry of what the server has ended becomes a share of its own; the ended one would be a card too many. */
  #retry(card: Card): void {
    if (card.mine && card.file !== undefined && card.file.state !== 'uploading') {
      this.dismissed = new Set(this.dismissed).add(card.file.id);
    }
    card.transfer?.retry();
  }

  /** What runs is cancelled; what stands still but is kept by the server is withdrawn there. */
  async #cancel(card: Card): Promise<void> {
    if (card.state !== 'needs-file' && card.state !== 'upload-failed') {
      card.transfer?.cancel();
      return;
    }
    if (card.file?.state === 'uploading') await card.file.revoke();
    this.#dismiss(card);
  }

  #dismiss(card: Card): void {
    this.dismissed = new Set(this.dismissed).add(card.key);
  }

  #cancelAll(): void {
    for (const transfer of this.room.transfers) if (isActive(transfer)) transfer.cancel();
  }

  #pick(picking: Picking | undefined): void {
    const input = this.renderRoot.querySelector<HTMLInputElement>('input[type=file]');
    this.#picking = picking;
    input?.click();
  }

  #unpick(): void {
    this.#picking = undefined;
  }

  #chosen(event: Event): void {
    const input = event.target as HTMLInputElement;
    const files = [...(input.files ?? [])];
    const picking = this.#picking ?? { to: audienceOf(this.selection) };
    this.#unpick();
    input.value = ''; // so that the same file can be chosen again
    if (picking.again === undefined) this.#send(files, [], picking.to);
    else this.#goOn(files, picking.again);
  }

  /** Goes on with an interrupted upload. Another file must not be sent in its place: nobody meant to share it. */
  #goOn(files: readonly File[], card: Card): void {
    const same = files.filter((file) => file.size === card.size);
    if (files.length === 1 && same.length === 1) this.#send(same, [], card.to);
    else if (files.length > 0) this.#toasts.show(`That is another file. Choose “${card.name}” to go on.`, 'error');
  }

  #takeIn({ files, folders, person }: Intake): void {
    this.#send(files, folders, person === undefined ? audienceOf(this.selection) : [person]);
  }

  #send(files: readonly File[], folders: readonly string[], to: Audience | undefined): void {
    const refusal = this.room.maySend ? undefined : this.#whyNot();
    if (to === undefined || refusal !== undefined) {
      this.#toasts.show(refusal ?? 'Choose who gets the files first.', 'error');
      return;
    }
    const admitted = admit(files, this.room.limits.fileSize, folders);
    for (const sentence of admitted.refusals) this.#toasts.show(sentence, 'error');
    if (admitted.files.length === 0) return;
    try {
      this.room.send(admitted.files, { to });
    } catch (error) {
      this.#toasts.show(`${reason(error)}.`, 'error');
    }
    this.requestUpdate();
  }

  #dropText(names: ReadonlyMap<string, string>): string {
    const { over } = this.#intake;
    if (!this.room.maySend) return this.#whyNot();
    if (over !== undefined) return `Drop to send to ${names.get(over) ?? 'this person'} only`;
    const to = audienceOf(this.selection);
    return to === undefined ? 'Drop on a person to send to them' : `Drop to send to ${audienceLabel(to, names)}`;
  }

  /** Names of those here, and of those who were: files outlive their sender's stay. */
  #remember(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
    for (const [id, name] of names) this.#known.set(id, name);
    return this.#known;
  }

  get #dialog(): AskDialog {
    return this.renderRoot.querySelector('handout-ask-dialog') as AskDialog;
  }

  get #header(): RoomHeader | null {
    return this.renderRoot.querySelector<RoomHeader>('handout-room-header');
  }

  #recipients() {
    return recipients(this.room.participants.values(), this.room.me.id);
  }

  #whyNot(): string {
    return whyNot(this.room.sharing, this.#may('send'));
  }

  #may(grant: RoomPort['me']['grants'][number]): boolean {
    return this.room.me.grants.includes(grant);
  }

  async #leave(): Promise<void> {
    const sending = this.room.transfers.some((transfer) => transfer.kind === 'upload' && isActive(transfer));
    if (sending && !(await this.#dialog.ask(LEAVING)).yes) return;
    this.dispatchEvent(new CustomEvent('leave-room'));
  }

  static override styles = [base, buttons, emptyStateStyles, roomStyles];
}

function reason(error: unknown): string {
  return error instanceof HandoutError ? faultText(error) : 'Something went wrong';
}

customElements.define('handout-room-view', RoomView);
