import { type FileActions, SharedFile } from './file.js';
import { hasEnded, type ShareRecord, type ShareState, type TransferRecord } from './protocol.js';

/** What changes among the files. */
export interface FilesListener {
  added(file: SharedFile): void;
  changed(file: SharedFile): void;
  /** A sender other than me started to upload these; a small one may be there already. */
  offered(files: SharedFile[]): void;
}

/**
 * The files of a room. Records come from pages, pushes and replies, in any order
 * and more than once; the listener hears of each change once.
 */
export class Files {
  readonly byId = new Map<string, SharedFile>();
  readonly #me: string;
  readonly #actions: FileActions;
  readonly #listener: FilesListener;

  constructor(me: string, actions: FileActions, listener: FilesListener) {
    this.#me = me;
    this.#actions = actions;
    this.#listener = listener;
  }

  /**
   * Takes records in. Files that ended before we heard of them stay unknown.
   * `news`: they tell what has just happened, so one that is available and that we
   * do not know has been offered and completed in one step.
   */
  apply(records: readonly ShareRecord[], news = false): void {
    const added: SharedFile[] = [];
    const changed: SharedFile[] = [];
    for (const record of records) {
      const known = this.byId.get(record.id);
      if (known?.update(record) && !added.includes(known)) changed.push(known);
      if (known === undefined && !hasEnded(record.state)) added.push(this.#add(record));
    }
    // The model is whole before anybody is told.
    if (news) for (const batch of offers(added, 'available')) this.#listener.offered(batch);
    for (const file of added) this.#listener.added(file);
    for (const batch of offers(added, 'uploading')) this.#listener.offered(batch);
    for (const file of changed) this.#listener.changed(file);
  }

  /** Takes in how far uploads are. */
  moved(transfers: readonly TransferRecord[]): void {
    for (const { share, participant, bytes } of transfers) {
      const file = this.byId.get(share);
      if (participant === undefined && file?.moveTo(bytes)) this.#listener.changed(file);
    }
  }

  /** Ends the files that the server no longer knows. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const file of this.byId.values()) {
      if (ids.has(file.id) || hasEnded(file.state)) continue;
      file.forget();
      this.#listener.changed(file);
    }
  }

  /** My uploads that the server counts as open, those of other pages included. */
  openUploads(): number {
    let open = 0;
    for (const file of this.byId.values()) if (file.mine && file.state === 'uploading') open++;
    return open;
  }

  #add(record: ShareRecord): SharedFile {
    const file = new SharedFile(record, record.sender.id === this.#me, this.#actions);
    this.byId.set(file.id, file);
    return file;
  }
}

/** Those of others in that state, one batch for each sender. */
function offers(added: readonly SharedFile[], state: ShareState): SharedFile[][] {
  const batches = new Map<string, SharedFile[]>();
  for (const file of added) {
    if (file.mine || file.state !== state) continue;
    const batch = batches.get(file.sender.id) ?? [];
    batch.push(file);
    batches.set(file.sender.id, batch);
  }
  return [...batches.values()];
}
