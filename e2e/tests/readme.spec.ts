import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Page } from '@playwright/test';
import { serve } from '../harness/host.js';
import { block, local, repository } from '../harness/readme.js';
import { expect, test } from '../harness/test.js';

/** The module of the README's own code. */
const quickStart = () => block('js', 'import { join }');

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
  const host = await serve('<input type="file">');
  const page = await browser.newPage();
  const said: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  await page.goto(host.url);
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
  await host.close();
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
  const panel = `
import { type HandoutPanelElement, type Messages, registerMessages } from "${local}/sdk/handout-panel.js";
const panel: HandoutPanelElement | null = document.querySelector("handout-panel");
panel?.addEventListener("handout-received", ({ detail }) => detail.download.done.then((file: File) => file.size));
panel?.addEventListener("handout-left", ({ detail: { room, reason } }) => console.log(room.name, reason));
if (panel !== null) panel.room = here;
const [sent] = panel?.send(input.files, { to: ["u1"] }) ?? [];
console.log(sent?.state.kind, panel?.unread);
const words: Partial<Messages> = { save: "Enregistrer", "total.sending": { one: "{count}", other: "{count}" } };
registerMessages("fr", words);
`;
  const types = await fetch(`${handout.origin}/sdk/handout.d.ts`);
  const panelTypes = await fetch(`${handout.origin}/sdk/handout-panel.d.ts`);
  await writeFile(path.join(folder, 'handout-panel.d.ts'), await panelTypes.text());
  // As the compiler reads a destructured array, the one upload of one call may be missing; the README is JavaScript.
  const code = (await quickStart()).replace('await upload.done;', 'if (upload === undefined) throw new Error();\n$&');
  await writeFile(path.join(folder, 'handout.d.ts'), await types.text());
  await writeFile(path.join(folder, 'app.ts'), given + code + more + panel);
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
    paths: {
      [`${local}/sdk/handout.js`]: ['./handout.d.ts'],
      [`${local}/sdk/handout-panel.js`]: ['./handout-panel.d.ts'],
    },
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['app.ts'] }));
  const tsc = path.join(repository, 'node_modules/.bin/tsc');
  const outcome = await promisify(execFile)(tsc, ['-p', folder]).catch((error: { stdout: string }) => error);
  expect(outcome.stdout).toBe('');
  await rm(folder, { recursive: true, force: true });
});

for (const without of ['', '; worker-src blob:']) {
  test(`the policy that the docs name lets a page send, receive and save${without && ', also without workers'}`, async ({
    browser,
    backEnd,
    network,
  }) => {
    const docs = await readFile(path.join(repository, 'docs/enxroom.md'), 'utf8');
    const named = /```\n(script-src .*)\n```/.exec(docs)?.[1] ?? '';
    expect(named).toContain(without);
    const { origin } = network; // where the tokens say that the server is
    const policy = named
      .replace(without, '')
      .replaceAll('https://files.example.org', origin)
      .replaceAll('wss://files.example.org', origin.replace('http', 'ws'));
    const host = await serve(`<script src="${origin}/sdk/EnxRtc.js"></script>`, {
      'Content-Security-Policy': `default-src 'none'; ${policy}`,
    });
    const enter = async (name: string): Promise<Page> => {
      const page = await browser.newPage();
      await page.goto(host.url);
      await page.evaluate(
        (token) =>
          new Promise<void>((resolve, reject) => {
            window.EnxRtc.joinRoom(token, {}, (success: { room: unknown } | null, error: unknown) => {
              window.room = success?.room;
              error === null ? resolve() : reject(error);
            });
          }),
        await backEnd.token(name),
      );
      return page;
    };
    const [ana, ben] = [await enter('Ana'), await enter('Ben')];
    const received = ben.evaluate(
      () =>
        new Promise<number>((resolve) => {
          window.room.on('fs-download-result', ({ message }: { message: { messageType: string; jobId: string } }) => {
            if (message.messageType !== 'download-available') return;
            window.room.recvFiles(message.jobId, {}, (answer: { result: number }) => resolve(answer.result));
          });
        }),
    );
    const saved = ben.waitForEvent('download');
    await ana.evaluate(() => window.room.sendFiles(new File(['hello'], 'note.txt'), {}));
    expect(await received).toBe(0);
    expect((await saved).suggestedFilename()).toBe('note.txt');
    await ana.close();
    await ben.close();
    await host.close();
  });
}
