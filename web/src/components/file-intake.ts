import type { ReactiveController, ReactiveControllerHost } from 'lit';
import { contentsOf, namePasted } from '../model/admit.js';

/** Files that came in by drop or paste; `person` when they were dropped on one. */
export interface Intake {
  readonly files: File[];
  readonly folders: string[];
  readonly person: string | undefined;
}

/**
 * Takes files from anywhere on the page. While files are dragged, `dragging` is
 * true and `over` is the person under the pointer: the element with
 * `data-person-id`.
 */
export class FileIntake implements ReactiveController {
  dragging = false;
  over: string | undefined;
  readonly #host: ReactiveControllerHost;
  readonly #take: (intake: Intake) => void;

  constructor(host: ReactiveControllerHost, take: (intake: Intake) => void) {
    this.#host = host;
    this.#take = take;
    host.addController(this);
  }

  hostConnected(): void {
    window.addEventListener('dragover', this.#dragOver);
    window.addEventListener('dragleave', this.#dragLeave);
    window.addEventListener('drop', this.#drop);
    window.addEventListener('paste', this.#paste);
  }

  hostDisconnected(): void {
    window.removeEventListener('dragover', this.#dragOver);
    window.removeEventListener('dragleave', this.#dragLeave);
    window.removeEventListener('drop', this.#drop);
    window.removeEventListener('paste', this.#paste);
  }

  readonly #dragOver = (event: DragEvent): void => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); // without this the browser would open the file
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
    this.#set(true, personUnder(event));
  };

  readonly #dragLeave = (event: DragEvent): void => {
    if (event.relatedTarget === null) this.#set(false, undefined); // left the window
  };

  readonly #drop = (event: DragEvent): void => {
    if (!carriesFiles(event) || event.dataTransfer === null) return;
    event.preventDefault();
    const person = personUnder(event);
    const contents = contentsOf(event.dataTransfer);
    this.#set(false, undefined);
    this.#take({ ...contents, person });
  };

  readonly #paste = (event: ClipboardEvent): void => {
    if (event.clipboardData === null) return;
    const { files, folders } = contentsOf(event.clipboardData);
    if (files.length === 0 && folders.length === 0) return; // text belongs to the field that it was pasted in
    event.preventDefault();
    const now = new Date();
    this.#take({ files: files.map((file) => namePasted(file, now)), folders, person: undefined });
  };

  #set(dragging: boolean, over: string | undefined): void {
    if (this.dragging === dragging && this.over === over) return;
    this.dragging = dragging;
    this.over = over;
    this.#host.requestUpdate();
  }
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

function personUnder(event: DragEvent): string | undefined {
  for (const node of event.composedPath()) {
    if (node instanceof HTMLElement && node.dataset.personId !== undefined) return node.dataset.personId;
  }
  return undefined;
}
