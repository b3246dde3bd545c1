import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { DropArea } from './api.js';
import type { Words } from './messages/words.js';
import { contentsOf, namePasted } from './model/admit.js';

/** Files that came in by drop or paste; `person` when they were dropped on one. */
export interface Intake {
  readonly files: File[];
  readonly folders: FileSystemDirectoryEntry[];
  readonly person: string | undefined;
}

/** What the intake tells. */
export interface IntakeEars {
  take(intake: Intake): void;
  words(): Words;
  /** `dragging` or `over` has changed. */
  dragged(): void;
}

/**
 * Takes files that are dropped or pasted. While files are dragged, `dragging` is true and `over` is the person under
 * the pointer: the id in the element's `data-handout-to`. What another panel has taken is left alone.
 */
export class FileIntake implements ReactiveController {
  dragging = false;
  over: string | undefined;
  readonly #host: ReactiveControllerHost & HTMLElement;
  readonly #ears: IntakeEars;
  #area: DropArea = 'panel';
  #off: AbortController | undefined;

  constructor(host: ReactiveControllerHost & HTMLElement, ears: IntakeEars) {
    this.#host = host;
    this.#ears = ears;
    host.addController(this);
  }

  /** Says where files are taken from. */
  from(area: DropArea): void {
    if (area === this.#area) return;
    this.#area = area;
    if (this.#host.isConnected) this.hostConnected();
  }

  hostConnected(): void {
    this.hostDisconnected();
    if (this.#area === 'none') return;
    this.#off = new AbortController();
    const { signal } = this.#off;
    const target: EventTarget = this.#area === 'page' ? window : this.#host;
    const listen = (type: string, listener: (event: never) => void) =>
      target.addEventListener(type, listener as EventListener, { signal });
    listen('dragover', this.#dragOver);
    listen('dragleave', this.#dragLeave);
    listen('drop', this.#drop);
    listen('paste', this.#paste);
  }

  hostDisconnected(): void {
    this.#off?.abort();
    this.#set(false, undefined);
  }

  readonly #dragOver = (event: DragEvent): void => {
    if (!carriesFiles(event)) return;
    if (event.defaultPrevented) {
      this.#set(false, undefined); // over a panel within the page
      return;
    }
    event.preventDefault(); // without this the browser would open the file
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = 'copy';
    this.#set(true, personUnder(event));
  };

  /** What is left is the window, or the panel: within it, nothing is. */
  readonly #dragLeave = ({ relatedTarget: to }: DragEvent): void => {
    const inside = this.#area === 'page' ? to !== null : to instanceof Node && this.#host.contains(to);
    if (!inside) this.#set(false, undefined);
  };

  readonly #drop = (event: DragEvent): void => {
    if (!carriesFiles(event) || event.dataTransfer === null || event.defaultPrevented) return;
    event.preventDefault();
    const person = personUnder(event);
    const contents = contentsOf(event.dataTransfer);
    this.#set(false, undefined);
    this.#ears.take({ ...contents, person });
  };

  readonly #paste = (event: ClipboardEvent): void => {
    if (event.clipboardData === null || event.defaultPrevented) return;
    const { files, folders } = contentsOf(event.clipboardData);
    if (files.length === 0 && folders.length === 0) return; // text belongs to the field that it was pasted in
    event.preventDefault();
    const now = new Date();
    this.#ears.take({
      files: files.map((file) => namePasted(file, now, this.#ears.words())),
      folders,
      person: undefined,
    });
  };

  #set(dragging: boolean, over: string | undefined): void {
    if (this.dragging === dragging && this.over === over) return;
    this.dragging = dragging;
    this.over = over;
    this.#ears.dragged();
  }
}

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes('Files') ?? false;
}

function personUnder(event: DragEvent): string | undefined {
  for (const node of event.composedPath()) {
    if (node instanceof HTMLElement && node.dataset.handoutTo !== undefined) return node.dataset.handoutTo;
  }
  return undefined;
}
