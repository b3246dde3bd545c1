/** The folder of the origin private file system that holds the folders of our pages. */
const FOLDER = 'handout';

let opened: Promise<FileSystemDirectoryHandle | undefined> | undefined;

/**
 * The folder of this page for a file of so many bytes; undefined where the browser has
 * no such file system, forbids it, or has no room for the file in it. The folder's lock
 * says that the page lives; folders of dead pages are removed.
 */
export async function folderFor(size: number): Promise<FileSystemDirectoryHandle | undefined> {
  opened ??= openFolder().catch(() => undefined); // forbidden, as in some private windows
  const folder = await opened;
  return folder !== undefined && (await fits(size)) ? folder : undefined;
}

/** The folder that another thread of this page has opened. */
export async function folderNamed(name: string): Promise<FileSystemDirectoryHandle> {
  return (await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER)).getDirectoryHandle(name);
}

/** A private window has a small file system. Where the browser does not say, the writing will. */
async function fits(size: number): Promise<boolean> {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  return quota === undefined || quota - (usage ?? 0) > size;
}

async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  const { storage, locks } = navigator;
  if (typeof storage?.getDirectory !== 'function' || locks === undefined) return undefined;
  const root = await (await storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  await sweep(root);
  const name = crypto.randomUUID();
  await hold(name);
  return root.getDirectoryHandle(name, { create: true });
}

/** Takes the lock for as long as the page lives. */
function hold(name: string): Promise<void> {
  return new Promise((held, failed) => {
    navigator.locks
      .request(lockName(name), () => {
        held();
        return new Promise(() => undefined);
      })
      .catch(failed);
  });
}

async function sweep(root: FileSystemDirectoryHandle): Promise<void> {
  for await (const name of root.keys()) {
    await navigator.locks.request(lockName(name), { ifAvailable: true }, async (lock) => {
      // What another page removes at the same time is gone too.
      if (lock !== null) await root.removeEntry(name, { recursive: true }).catch(() => undefined);
    });
  }
}

const lockName = (folder: string): string => `${FOLDER}.${folder}`;
