import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDisk, FakeLocks } from './testing/disk.js';

type Module = typeof import('./download-folder.js');

const OWNER = 'rm_1.ana';
const later = new Date(Date.now() + 60_000);

let disk: FakeDisk;
let locks: FakeLocks;
let room: AbortController;
let found: string[];

beforeEach(() => {
  disk = new FakeDisk();
  locks = new FakeLocks();
  room = new AbortController();
  found = [];
  vi.stubGlobal('navigator', { storage: { getDirectory: async () => disk.root }, locks });
});
afterEach(() => vi.unstubAllGlobals());

/** Each page has a module of its own. */
async function page(): Promise<Module> {
  vi.resetModules();
  return import('./download-folder.js');
}

/** A page begins to download the share, as far as folders know of it. */
async function begin({ folderFor, folderName, markFolder }: Module, share: string, how: 'get' | 'save' = 'save') {
  const folder = await folderFor(10, folderName(OWNER, share, later));
  if (folder === undefined) throw new Error('there is no folder');
  await markFolder(folder.name, how);
  return folder;
}

const search = ({ searchFolders }: Module, over: readonly string[] = [], owner = OWNER) =>
  searchFolders({
    owner,
    signal: room.signal,
    live: (share) => !over.includes(share),
    found: (share, save) => found.push(`${share} ${save ? 'save' : 'get'}`),
  });

/** Until everything that is going to happen has. */
const settle = () => new Promise((resolve) => setTimeout(resolve));

describe('the folders of downloads', () => {
  it('are found by the next page, with how each began', async () => {
    const dead = await page();
    await begin(dead, 'sh_1', 'save');
    await begin(dead, 'sh_2', 'get');
    const joined = await begin(dead, 'sh_3', 'get');
    await dead.markFolder(joined.name, 'save');
    locks.killPages();
    await search(await page());
    await settle();
    expect(found.sort()).toEqual(['sh_1 save', 'sh_2 get', 'sh_3 save']);
  });

  it('are left to their pages while those live, and found when they let go', async () => {
    const folder = await begin(await page(), 'sh_1');
    await search(await page());
    await settle();
    expect(found).toEqual([]);
    await folder.leave(true);
    await settle();
    expect(found).toEqual(['sh_1 save']);
  });

  it('are not waited for by a page that has left the room', async () => {
    const folder = await begin(await page(), 'sh_1');
    await search(await page());
    room.abort();
    await folder.leave(true);
    await settle();
    expect(found).toEqual([]);
    expect(disk.folders()).toHaveLength(1);
  });

  it('are nothing once they are done, thrown away or begun by nobody', async () => {
    const dead = await page();
    const done = await begin(dead, 'sh_1');
    await dead.markFolder(done.name, 'done');
    await (await begin(dead, 'sh_2')).leave(false);
    await dead.folderFor(10, dead.folderName(OWNER, 'sh_3', later));
    expect(disk.folders()).toHaveLength(2);
    locks.killPages();
    await search(await page());
    await settle();
    expect(found).toEqual([]);
    expect(disk.folders()).toEqual([]);
  });

  it('are removed when their share has ended, at the latest when it would have expired', async () => {
    const dead = await page();
    await begin(dead, 'sh_1');
    const foreign = dead.folderName('rm_1.bo', 'sh_2', new Date(Date.now() - 1));
    await dead.folderFor(10, foreign);
    await dead.markFolder(foreign, 'save');
    locks.killPages();
    await search(await page(), ['sh_1']);
    await settle();
    expect(found).toEqual([]);
    expect(disk.folders()).toEqual([]);
  });

  it('of others stay as they are', async () => {
    await begin(await page(), 'sh_1');
    locks.killPages();
    const here = await page();
    await search(here, ['sh_1'], 'rm_1.bo');
    await search(here, ['sh_1'], 'rm_2.ana');
    await settle();
    expect(found).toEqual([]);
    expect(disk.folders()).toHaveLength(1);
  });

  it('are never shared by two pages', async () => {
    const one = await begin(await page(), 'sh_1');
    const two = await begin(await page(), 'sh_1');
    expect(two.name).not.toBe(one.name);
    await two.leave(false);
    expect(disk.folders()).toEqual([one.name]);
  });

  it('are forgotten when nobody holds them', async () => {
    const dead = await page();
    const { name } = await begin(dead, 'sh_1');
    await dead.forgetFolder(name);
    expect(disk.folders()).toEqual([name]);
    locks.killPages();
    await (await page()).forgetFolder(name);
    expect(disk.folders()).toEqual([]);
  });

  it('begin anew for a file that is downloaded again', async () => {
    const dead = await page();
    const { name, handle } = await begin(dead, 'sh_1');
    await handle.getFileHandle('bytes', { create: true });
    await dead.markFolder(name, 'done');
    locks.killPages();
    await begin(await page(), 'sh_1', 'get');
    expect(disk.files()).toEqual(['get']);
  });

  it('are not there where the browser has none', async () => {
    vi.stubGlobal('navigator', {});
    const none = await page();
    expect(await none.folderFor(10, 'name')).toBeUndefined();
    await none.forgetFolder('name');
    await search(none);
    expect(found).toEqual([]);
  });
});
