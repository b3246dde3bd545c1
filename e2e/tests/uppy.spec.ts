import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { block, repository } from '../harness/readme.js';
import { expect, test } from '../harness/test.js';

// Uppy from npm, as it is, set up as the guide says.

interface Uppy {
  addFile(file: { name: string; type: string; data: Blob; meta?: Record<string, string> }): string;
  on(event: 'upload-progress', hear: (file: unknown, progress: { bytesUploaded: number }) => void): void;
  upload(): Promise<{ failed?: { error?: unknown }[]; successful?: { uploadURL?: string }[] }>;
}

declare global {
  interface Window {
    guide: { uppyInto(server: string, token: string, to?: string[]): Uppy };
    cut(): Promise<void>;
  }
}

/** The guide's code with the packages that it imports, for a page: it leaves `guide` behind. */
async function guide(): Promise<string> {
  const code = await block('js', 'uppyInto', path.join(repository, 'docs'), 'uploads-from-anywhere.md');
  const made = await rolldown({
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    input: 'the guide',
    platform: 'browser',
    plugins: [
      {
        name: 'guide',
        resolveId: (id) => (id === 'the guide' ? id : null),
        load: (id) => (id === 'the guide' ? code : null),
      },
    ],
  });
  const { output } = await made.generate({ format: 'iife', name: 'guide' });
  return `${output[0].code};window.guide = guide;`;
}

test('Uppy uploads into a room, for those whom it names, and goes on after the network was lost', async ({
  page,
  backEnd,
  handout,
  network,
}) => {
  const [ana, ben] = [await backEnd.token('Ana'), await backEnd.token('Ben')];
  const shares = async (token: string) => {
    const headers = { Authorization: `Bearer ${token}` };
    const list = await fetch(`${handout.origin}/v1/rooms/${backEnd.room}/shares`, { headers });
    return ((await list.json()) as { shares: { id: string; name: string; path?: string; state: string }[] }).shares;
  };
  await page.goto(`${network.origin}/healthz`);
  await page.evaluate(await guide());
  await page.exposeFunction('cut', () => {
    network.cut();
    network.mend();
  });
  network.bytesPerSecond = 3_000_000;
  const bytes = randomBytes(3_000_000);
  const told = await page.evaluate(
    async ({ server, token, text }) => {
      const data = new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]);
      const uppy = window.guide.uppyInto(server, token);
      uppy.addFile({ name: 'plan.bin', type: 'application/x-plan', data, meta: { relativePath: 'plans/plan.bin' } });
      let cut = false;
      uppy.on('upload-progress', (_, { bytesUploaded }) => {
        if (cut || bytesUploaded < 1_000_000) return;
        cut = true;
        void window.cut();
      });
      const { failed = [], successful = [] } = await uppy.upload();
      return { cut, failed: failed.map(({ error }) => String(error)), urls: successful.map((file) => file.uploadURL) };
    },
    { server: network.origin, token: ana, text: bytes.toString('base64') },
  );
  expect(told).toEqual({ cut: true, failed: [], urls: [expect.stringContaining('/uploads/sh_')] });
  const [share, ...others] = await shares(ben);
  expect(others).toEqual([]);
  expect(share).toMatchObject({ name: 'plan.bin', path: 'plans', type: 'application/x-plan', state: 'available' });
  const content = await fetch(`${handout.origin}/v1/shares/${share?.id}/content`, {
    headers: { Authorization: `Bearer ${ben}` },
  });
  const sum = (data: Uint8Array) => createHash('sha256').update(data).digest('hex');
  expect(sum(Buffer.from(await content.arrayBuffer()))).toBe(sum(bytes));

  const refused = await page.evaluate(
    async ({ server, token }) => {
      const uppy = window.guide.uppyInto(server, token, ['pt_nobody']);
      uppy.addFile({ name: 'to nobody.txt', type: 'text/plain', data: new Blob(['x']) });
      const { failed = [], successful = [] } = await uppy.upload();
      return [failed.length, successful.length];
    },
    { server: network.origin, token: ana },
  );
  expect(refused).toEqual([1, 0]);
  expect(await shares(ana)).toHaveLength(1);
});
