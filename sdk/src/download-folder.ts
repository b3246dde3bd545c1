/**
 * The folders of the origin private file system that downloads lie in: one for each, under a name that says whose it
 * is, so that a page goes on with what one before it has left. Whoever holds the lock of a folder's name has it alone:
 * a page's locks go with it, however it ends.
 */
const ROOT = 'handout';

/** What a folder says of its download by an empty file: how it began, and that it is over. */
export type Mark = 'get' | 'save' | 'done';

/** A folder that this page holds. */
export interface HeldFolder {
  readonly name: string;
  readonly handle: FileSystemDirectoryHandle;
  /** Lets it go: as it is, or with nothing left of it. */
  leave(keep: boolean): Promise<void>;
}

/** What is looked for among the folders that nobody holds. */
export interface Search {
  /** As in {@link folderName}. */
  readonly owner: string;
  /** Ends the wait for folders that other pages hold. */
  readonly signal: AbortSignal;
  /** Whether there is still something to fetch. */
  live(share: string): boolean;
  /** A download of the owner that was not finished. */
  found(share: string, save: boolean): void;
}

/** What this page holds, by name. */
const held = new Map<string, HeldFolder>();

/** The name of a download's folder. The owner is a participant in a room: ids, as the share's, without a dot. */
export function folderName(owner: string, share: string, expiresAt: Date): string {
  return `${owner}.${share}.${expiresAt.getTime()}`;
}

/**
 * The folder of that name, with what is there of it, for a file of so many bytes; undefined where the browser has no
 * such file system, forbids it, or has no room for the file in it. If another page has it, a new one that ends with this page.
 */
export async function folderFor(size: number, name: string): Promise<HeldFolder | undefined> {
  try {
    const root = await openRoot(true);
    if (root === undefined || !(await fits(size))) return undefined;
    return (await take(root, name)) ?? (await take(root, crypto.randomUUID()));
  } catch {
    return undefined; // forbidden, as in some private windows
  }
}

/** The folder that another thread of this page holds. */
export async function folderNamed(name: string): Promise<FileSystemDirectoryHandle> {
  return (await (await navigator.storage.getDirectory()).getDirectoryHandle(ROOT)).getDirectoryHandle(name);
}

/** Notes something of a download, if this page holds its folder. */
export async function markFolder(name: string, mark: Mark): Promise<void> {
  await held
    .get(name)
    ?.handle.getFileHandle(mark, { create: true })
    .catch(() => undefined); // a full disk: the download itself is not touched by that
}

/** Removes a folder that this page holds, and what is in it. */
export async function releaseFolder(name: string): Promise<void> {
  await held.get(name)?.leave(false);
}

/** Removes a folder that nobody holds. */
export async function forgetFolder(name: string): Promise<void> {
  const root = await openRoot(false);
  if (root !== undefined) await look(root, name, { ifAvailable: true }, async () => false);
}

/** Finds what pages before this one have not finished, now or when they let it go, and removes what is of no use any more. */
export async function searchFolders(search: Search): Promise<void> {
  const root = await openRoot(false);
  if (root === undefined) return;
  for await (const name of root.keys()) {
    const [room, participant, share = '', expires] = name.split('.');
    const mine = `${room}.${participant}` === search.owner;
    let begun: boolean | undefined;
    const worth = async (folder: FileSystemDirectoryHandle) => {
      const marks = new Set<string>();
      for await (const mark of folder.keys()) marks.add(mark);
      begun = marks.has('save') || (marks.has('get') ? false : undefined);
      const kept = begun !== undefined && !marks.has('done') && Number(expires) > Date.now();
      return kept && (!mine || search.live(share));
    };
    void look(root, name, mine ? { signal: search.signal } : { ifAvailable: true }, worth).then((is) => {
      if (is && mine && begun !== undefined && !search.signal.aborted) search.found(share, begun);
    });
  }
}

/** Says whether the folder is worth keeping, and removes it if not; false too if it is not there or not to be had. */
async function look(
  root: FileSystemDirectoryHandle,
  name: string,
  options: LockOptions,
  worth: (folder: FileSystemDirectoryHandle) => Promise<boolean>,
): Promise<boolean> {
  let kept = false;
  try {
    await navigator.locks.request(lockName(name), options, async (lock) => {
      if (lock === null) return;
      kept = await worth(await root.getDirectoryHandle(name));
      if (!kept) await root.removeEntry(name, { recursive: true });
    });
  } catch {
    // It has gone meanwhile, or the room was left.
  }
  return kept;
}

async function openRoot(create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  const { storage, locks } = globalThis.navigator ?? {};
  if (typeof storage?.getDirectory !== 'function' || locks === undefined) return undefined;
  try {
    return await (await storage.getDirectory()).getDirectoryHandle(ROOT, { create });
  } catch {
    return undefined; // forbidden, or there is none
  }
}

/** A private window has a small file system. Where the browser does not say, the writing will. */
async function fits(size: number): Promise<boolean> {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  return quota === undefined || quota - (usage ?? 0) > size;
}

/** Undefined if another page holds it. */
async function take(root: FileSystemDirectoryHandle, name: string): Promise<HeldFolder | undefined> {
  const release = await hold(name);
  if (release === undefined) return undefined;
  const remove = () => root.removeEntry(name, { recursive: true }).catch(() => undefined); // or a search has it
  try {
    let handle = await root.getDirectoryHandle(name, { create: true });
    if (await isDone(handle)) {
      await remove();
      handle = await root.getDirectoryHandle(name, { create: true });
    }
    const leave = async (keep: boolean) => {
      held.delete(name);
      if (!keep) await remove();
      release();
    };
    const folder = { name, handle, leave };
    held.set(name, folder);
    return folder;
  } catch (error) {
    release();
    throw error;
  }
}

async function isDone(folder: FileSystemDirectoryHandle): Promise<boolean> {
  return folder.getFileHandle('done').then(
    () => true,
    () => false,
  );
}

/** Takes the lock until it is let go or the page ends; undefined if another page has it. */
function hold(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(name), { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
  });
}

const lockName = (folder: string): string => `${ROOT}.${folder}`;
