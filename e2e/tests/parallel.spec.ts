import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from '@playwright/test';
import type { Sample } from '../harness/files.js';
import { Network } from '../harness/network.js';
import { BackEnd } from '../harness/room.js';
import { HandoutServer } from '../harness/server.js';
import { expect, test } from '../harness/test.js';

// Files that go over several connections, by the SDK's core in a page of an application.

const slow = 2_000_000; // bytes per second of each connection

/** What a page has seen of its upload. */
interface Story {
  states: string[];
  /** Bytes. */
  furthest: number;
  id?: string;
  sha256?: string;
}

interface Transfer {
  readonly state: { readonly kind: string };
  readonly progress: { readonly transferred: number };
  readonly file?: { readonly id: string; readonly sha256?: string };
  cancel(): void;
}

interface Core {
  on(type: 'transfer-changed', listener: (event: { transfer: Transfer }) => void): void;
  send(files: FileList, options: { to: 'room'; parallel?: number }): Transfer[];
}

declare global {
  interface Window {
    core: Core;
    story: Story;
    upload: Transfer;
  }
}

/** Joins the room in a page, which has an input for a file. */
async function enter(page: Page, origin: string, token: string): Promise<void> {
  await page.goto(`${origin}/healthz`);
  await page.setContent('<input type="file">');
  await page.evaluate(
    async ([script, jwt]) => {
      const sdk = (await import(script)) as { join(token: string): Promise<Core> };
      window.core = await sdk.join(jwt);
    },
    [`${origin}/sdk/handout.js`, token] as const,
  );
}

async function send(page: Page, sample: Sample, parallel?: number): Promise<void> {
  await page.locator('input').setInputFiles(sample.path);
  await page.evaluate((n) => {
    const story: Story = { states: [], furthest: 0 };
    window.story = story;
    window.core.on('transfer-changed', ({ transfer }) => {
      if (story.states.at(-1) !== transfer.state.kind) story.states.push(transfer.state.kind);
      story.furthest = Math.max(story.furthest, transfer.progress.transferred);
      if (transfer.file !== undefined) Object.assign(story, { id: transfer.file.id, sha256: transfer.file.sha256 });
    });
    const { files } = document.querySelector('input') as HTMLInputElement;
    [window.upload] = window.core.send(files as FileList, { to: 'room', ...(n && { parallel: n }) }) as [Transfer];
  }, parallel);
}

const story = (page: Page): Promise<Story> => page.evaluate(() => window.story);
const furthest = async (page: Page): Promise<number> => (await story(page)).furthest;
const ended = async (page: Page): Promise<string | undefined> => (await story(page)).states.at(-1);

/** Counts the appends, and how many are on their way at once. */
function watch(page: Page): { most: number; offsets: number[] } {
  const seen = { most: 0, offsets: [] as number[] };
  let running = 0;
  const over = (request: { method(): string }) => {
    if (request.method() === 'PATCH') running--;
  };
  page.on('request', (request) => {
    if (request.method() !== 'PATCH') return;
    seen.offsets.push(Number(request.headers()['upload-offset']));
    seen.most = Math.max(seen.most, ++running);
  });
  page.on('requestfinished', over);
  page.on('requestfailed', over);
  return seen;
}

async function digest(origin: string, token: string, id: string | undefined): Promise<string> {
  const response = await fetch(`${origin}/v1/shares/${id}/content`, { headers: { Authorization: `Bearer ${token}` } });
  const hash = createHash('sha256');
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest('hex');
}

test('over a network that is lost, and followed meanwhile', async ({ page, network, handout, backEnd, samples }) => {
  const [ana, ben] = [await backEnd.token('Ana'), await backEnd.token('Ben')];
  const big = await samples.file('big.bin', 48_000_000); // five parts
  const seen = watch(page);
  await enter(page, network.origin, ana);
  network.bytesPerSecond = slow;
  await send(page, big, 4);
  await expect.poll(() => furthest(page)).toBeGreaterThan(6_000_000);
  const following = digest(handout.origin, ben, (await story(page)).id);
  network.cut();
  await expect.poll(async () => (await story(page)).states).toContain('paused');
  network.mend();
  await expect.poll(() => furthest(page), { timeout: 20_000 }).toBeGreaterThan(16_000_000);
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expect.poll(() => ended(page), { timeout: 20_000 }).toBe('completed');
  const { states, sha256, id } = await story(page);
  expect(sha256).toBe(big.sha256);
  expect(await following).toBe(big.sha256);
  expect(await digest(handout.origin, ben, id)).toBe(big.sha256);
  expect(states.filter((state) => state === 'completed')).toHaveLength(1);
  expect(seen.most).toBe(4);
  expect(seen.offsets.filter((offset) => offset > 0).length).toBeGreaterThan(0); // parts went on where they were
});

test('by itself, where one connection is slow', async ({ page, network, handout, backEnd, samples }) => {
  const token = await backEnd.token('Ana');
  const big = await samples.file('big.bin', 100_000_000);
  const seen = watch(page);
  await enter(page, network.origin, token);
  network.bytesPerSecond = slow;
  await send(page, big);
  await expect.poll(() => seen.most, { timeout: 30_000 }).toBe(4);
  expect(seen.offsets[0]).toBe(0); // it began with one
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expect.poll(() => ended(page), { timeout: 20_000 }).toBe('completed');
  const { states, sha256, id } = await story(page);
  expect(states).toEqual(['running', 'verifying', 'completed']);
  expect(sha256).toBe(big.sha256);
  expect(await digest(handout.origin, token, id)).toBe(big.sha256);
});

test('and on after a reload, when the file is picked again', async ({ page, network, handout, backEnd, samples }) => {
  const token = await backEnd.token('Ana');
  const big = await samples.file('big.bin', 48_000_000);
  await enter(page, network.origin, token);
  network.bytesPerSecond = slow;
  await send(page, big, 4);
  await expect.poll(() => furthest(page)).toBeGreaterThan(8_000_000);
  const { id } = await story(page);
  await enter(page, network.origin, token);
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await send(page, big); // which does not know that it was split
  await expect.poll(() => ended(page), { timeout: 20_000 }).toBe('completed');
  const after = await story(page);
  expect(after.id).toBe(id);
  expect(after.sha256).toBe(big.sha256);
  expect(await digest(handout.origin, token, id)).toBe(big.sha256);
});

test('and on after the server was killed and started again', async ({ page, samples }) => {
  const data = await mkdtemp(path.join(tmpdir(), 'handout-parallel-'));
  let server = await HandoutServer.start([], data);
  const listen = new URL(server.origin).host;
  const network = await Network.start(server.origin);
  const token = await (await BackEnd.create(network.origin)).token('Ana');
  const big = await samples.file('big.bin', 48_000_000);
  await enter(page, network.origin, token);
  network.bytesPerSecond = slow;
  await send(page, big, 4);
  await expect.poll(() => furthest(page)).toBeGreaterThan(12_000_000);
  await server.stop('SIGKILL');
  server = await HandoutServer.start([], data, listen);
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expect.poll(() => ended(page), { timeout: 60_000 }).toBe('completed');
  const { sha256, id } = await story(page);
  expect(sha256).toBe(big.sha256);
  expect(await digest(server.origin, token, id)).toBe(big.sha256);
  await network.dispose();
  await server.dispose();
  await rm(data, { recursive: true, force: true });
});

test('a cancel ends all of it', async ({ page, network, handout, backEnd, samples }) => {
  const token = await backEnd.token('Ana');
  const big = await samples.file('big.bin', 48_000_000);
  await enter(page, network.origin, token);
  network.bytesPerSecond = slow;
  await send(page, big, 4);
  await expect.poll(() => furthest(page)).toBeGreaterThan(4_000_000);
  await page.evaluate(() => window.upload.cancel());
  await expect.poll(() => ended(page)).toBe('cancelled');
  const { id, states } = await story(page);
  expect(states.filter((state) => state === 'cancelled')).toHaveLength(1);
  const record = await fetch(`${handout.origin}/v1/shares/${id}`, { headers: { Authorization: `Bearer ${token}` } });
  expect(await record.json()).toMatchObject({ state: 'cancelled' });
});
