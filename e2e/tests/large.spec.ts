import type { BrowserContext } from '@playwright/test';
import { type Samples, sha256 } from '../harness/files.js';
import { rendererPeak } from '../harness/memory.js';
import { card, choose, joinIn } from '../harness/page.js';
import { expect, test } from '../harness/test.js';

const MiB = 1 << 20;

/** What a page may hold, whatever the file's size: measured with small files it is about 150 MiB. */
const pageMemory = 500 * MiB;

/** Sends a file from one window to the other and checks what is saved, and that no page held it. */
async function bothWays(profile: BrowserContext, origin: string, samples: Samples, size: number): Promise<void> {
  const ana = await joinIn(profile, origin, `large-${size}`, 'Ana');
  const ben = await joinIn(profile, origin, `large-${size}`, 'Ben');
  for (const [from, to] of [
    [ana, ben],
    [ben, ana],
  ] as const) {
    const file = await samples.file(from === ana ? 'there.bin' : 'back.bin', size);
    await choose(from, file);
    await expect(card(to, file.name)).toHaveAttribute('data-state', 'available', { timeout: 600_000 });
    const saving = to.waitForEvent('download', { timeout: 600_000 });
    await card(to, file.name)
      .getByRole('button', { name: `Save ${file.name}` })
      .click();
    const download = await saving;
    expect(await sha256(await download.path())).toBe(file.sha256);
    await download.delete();
  }
  const peak = await rendererPeak();
  expect(peak).toBeGreaterThan(MiB);
  expect(peak).toBeLessThan(pageMemory);
}

test('200 MiB there and back, and no page holds it', async ({ profile, handout, samples }) => {
  test.slow(); // on a machine that does much else
  await bothWays(profile, handout.origin, samples, 200 * MiB);
});
test('1 GiB there and back, and no page holds it @long', async ({ profile, handout, samples }) => {
  await bothWays(profile, handout.origin, samples, 1024 * MiB);
});
test('2 GiB there and back, and no page holds it @long', async ({ profile, handout, samples }) => {
  await bothWays(profile, handout.origin, samples, 2048 * MiB);
});
