import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '../harness/test.js';

const repository = new URL('../../', import.meta.url);
const local = 'http://localhost:8080';

/** The quick start of the README, as it stands there. */
async function quickStart(): Promise<string> {
  const readme = await readFile(new URL('README.md', repository), 'utf8');
  const code = /```js\n(import \{ join \}.*?)```/s.exec(readme)?.[1];
  if (code === undefined) throw new Error('the README has no quick start');
  return code;
}

test('the quick start of the README runs in a page of another origin', async ({
  browser,
  backEnd,
  handout,
  participant,
  samples,
}) => {
  const ben = await participant('Ben');
  const report = await samples.file('report.txt', 3000);
  const code = (await quickStart()).replaceAll(local, handout.origin);
  const host = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end('<!doctype html><meta charset="utf-8"><title>An application</title><input type="file">');
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const page = await browser.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await page.goto(`http://127.0.0.1:${(host.address() as AddressInfo).port}/`);
  await page.locator('input').setInputFiles(report.path);
  const token = await backEnd.token('Ana');
  const script = `const token = ${JSON.stringify(token)}; const input = document.querySelector('input');\n${code}\nwindow.sent = upload.state.kind;`;
  await page.addScriptTag({ type: 'module', content: script });
  await page.waitForFunction(() => 'sent' in window);
  expect(await page.evaluate(() => (window as unknown as { sent: string }).sent)).toBe('completed');
  await ben.heard('download-available');

  const note = await samples.file('note.txt', 100);
  await ben.send([note.path], {});
  await ben.heard('send-callback');
  await expect.poll(() => said).toContain('Ben shared note.txt');
  await page.close();
  host.closeAllConnections();
  await new Promise((resolve) => host.close(resolve));
});

test('the types that the server has make it strict TypeScript', async ({ handout }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'handout-types-'));
  const given = 'declare const token: string;\ndeclare const input: { readonly files: FileList };\n';
  const more = `
import type { Download, Room, SharedFile, TransferState } from "${local}/sdk/handout.js";
import { HandoutError } from "${local}/sdk/handout.js";
const here: Room = room;
here.on("transfer-changed", ({ transfer }) => {
  const state: TransferState = transfer.state;
  if (state.kind === "failed") console.log(state.error.code, transfer.progress.transferred);
});
const shared: SharedFile = await upload.done;
const download: Download = shared.download({ signal: AbortSignal.timeout(1000) });
await download.done.then((file: File) => file.text()).catch((error: unknown) => error instanceof HandoutError);
`;
  const types = await fetch(`${handout.origin}/sdk/handout.d.ts`);
  // As the compiler reads a destructured array, the one upload of one call may be missing; the README is JavaScript.
  const code = (await quickStart()).replace('await upload.done;', 'if (upload === undefined) throw new Error();\n$&');
  await writeFile(path.join(folder, 'handout.d.ts'), await types.text());
  await writeFile(path.join(folder, 'app.ts'), given + code + more);
  const compilerOptions = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'es2022',
    module: 'esnext',
    moduleResolution: 'bundler',
    lib: ['es2022', 'dom', 'dom.iterable'],
    types: [],
    noEmit: true,
    skipLibCheck: false,
    paths: { [`${local}/sdk/handout.js`]: ['./handout.d.ts'] },
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
  const tsc = fileURLToPath(new URL('node_modules/.bin/tsc', repository));
  const outcome = await promisify(execFile)(tsc, ['-p', folder]).catch((error: { stdout: string }) => error);
  expect(outcome.stdout).toBe('');
  await rm(folder, { recursive: true, force: true });
});
