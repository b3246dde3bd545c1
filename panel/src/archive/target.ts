/** Where an archive is written to. */
export interface Target {
  readonly stream: WritableStream<Uint8Array>;
  /** Everything is written, and the stream closed. */
  finish(): Promise<void>;
  /** It comes to nothing: what was written goes. */
  discard(): Promise<void>;
}

/** What the browser shows to choose a file by. */
type Picker = (options: {
  suggestedName: string;
  types: { accept: Record<string, string[]> }[];
}) => Promise<FileSystemFileHandle & { remove?(): Promise<void> }>;

const TYPE = 'application/zip';
/** The folder of the origin private file system that archives are written to. */
const FOLDER = 'handout-archives';
/** The browser reads a blob: address when it starts to copy; it may be kept this long without harm. */
const KEEP_MS = 5 * 60_000;
/** A Blob of this size leaves the page: the browser keeps it, on the disk if it must. */
const PART_BYTES = 4 << 20;

/**
 * Opens a file that the person chooses, where the browser lets it be chosen; else one of the origin private file system,
 * or a Blob, which is handed to the browser's downloads at the end. No byte of it stays in the page. Undefined: the
 * choice was dismissed. To be called within a handler of a press.
 */
export async function openTarget(name: string): Promise<Target | undefined> {
  const { showSaveFilePicker: pick } = globalThis as { showSaveFilePicker?: Picker };
  if (pick !== undefined) {
    try {
      const handle = await pick({ suggestedName: name, types: [{ accept: { [TYPE]: ['.zip'] } }] });
      const stream = await handle.createWritable();
      return { stream, finish: async () => undefined, discard: async () => handle.remove?.().catch(() => undefined) };
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return undefined;
    } // in a frame of another site, say: it is saved as any file is
  }
  return (await privateTarget(name).catch(() => undefined)) ?? blobTarget(name);
}

async function privateTarget(name: string): Promise<Target | undefined> {
  if (typeof navigator.storage?.getDirectory !== 'function' || navigator.locks === undefined) return undefined;
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  await sweep(folder);
  const entry = crypto.randomUUID();
  // Held as long as the page: the browser may copy the file until then.
  const held = await new Promise<() => void>((resolve) => {
    void navigator.locks.request(lockOf(entry), () => new Promise<void>((release) => resolve(release)));
  });
  const handle = await folder.getFileHandle(entry, { create: true });
  return {
    stream: await handle.createWritable(),
    finish: async () => download(new File([await handle.getFile()], name, { type: TYPE })),
    discard: async () => {
      await folder.removeEntry(entry).catch(() => undefined);
      held();
    },
  };
}

/** Removes what pages before this one have left. */
async function sweep(folder: FileSystemDirectoryHandle): Promise<void> {
  for await (const entry of folder.keys())
    await navigator.locks.request(lockOf(entry), { ifAvailable: true }, async (lock) => {
      if (lock !== null) await folder.removeEntry(entry).catch(() => undefined);
    });
}

const lockOf = (entry: string): string => `${FOLDER}.${entry}`;

function blobTarget(name: string): Target {
  let parts: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const flush = () => {
    parts.push(new Blob(pieces));
    [pieces, bytes] = [[], 0];
  };
  const stream = new WritableStream<Uint8Array>({
    write(piece) {
      pieces.push(piece as Uint8Array<ArrayBuffer>);
      bytes += piece.length;
      if (bytes >= PART_BYTES) flush();
    },
    close: flush,
  });
  return {
    stream,
    finish: async () => download(new File(parts, name, { type: TYPE })),
    discard: async () => {
      parts = [];
    },
  };
}

/** Hands a file to the browser's downloads. */
function download(file: File): void {
  const anchor = document.createElement('a');
  anchor.href = URL.createObjectURL(file);
  anchor.download = file.name;
  anchor.hidden = true;
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(anchor.href), KEEP_MS);
}
