/** The folders that a file was chosen or dropped with; files carry no such thing by themselves when they are dropped. */
const places = new WeakMap<File, string>();

/** The folders of a file, with "/" between; empty for none. */
export function pathOf(file: File): string {
  return places.get(file) ?? parentOf(file.webkitRelativePath ?? '');
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

/** What came of reading folders. */
export interface Tree {
  readonly files: File[];
  /** There were more files than are read. */
  readonly cut: boolean;
  /** Files and folders that could not be read. */
  readonly unread: number;
}

/** More files than a room holds by default are hardly meant. */
export const MAX_FILES = 5_000;
/** Deeper ones are refused by the server. */
const MAX_DEPTH = 32;

/** Reads folders, with all folders within, in their order; `loose` are the files beside them. */
export async function readTree(folders: readonly FileSystemDirectoryEntry[], loose: readonly File[]): Promise<Tree> {
  const tree = { files: [...loose], cut: false, unread: 0 };
  for (const folder of folders) await readFolder(folder, folder.name, tree);
  return tree;
}

async function readFolder(
  folder: FileSystemDirectoryEntry,
  path: string,
  tree: { files: File[]; cut: boolean; unread: number },
): Promise<void> {
  if (path.split('/').length > MAX_DEPTH) {
    tree.unread++;
    return;
  }
  const reader = folder.createReader();
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject); // some at a time, and none at the end
    }).catch(() => undefined);
    if (entries === undefined) tree.unread++;
    if (entries === undefined || entries.length === 0) return;
    for (const entry of entries) {
      if (tree.files.length >= MAX_FILES) {
        tree.cut = true;
        return;
      }
      if (entry.isDirectory) await readFolder(entry as FileSystemDirectoryEntry, `${path}/${entry.name}`, tree);
      else await readFile(entry as FileSystemFileEntry, path, tree);
    }
  }
}

async function readFile(entry: FileSystemFileEntry, path: string, tree: { files: File[]; unread: number }) {
  try {
    const file = await new Promise<File>((resolve, reject) => {
      entry.file(resolve, reject);
    });
    places.set(file, path);
    tree.files.push(file);
  } catch {
    tree.unread++;
  }
}
