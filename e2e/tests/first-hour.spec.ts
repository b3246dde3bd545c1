import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from '@playwright/test';
import { sha256 } from '../harness/files.js';
import { serve } from '../harness/host.js';
import { card, choose, join, save } from '../harness/page.js';
import { block, local, repository } from '../harness/readme.js';
import { Terminal } from '../harness/terminal.js';
import { test as base, expect } from '../harness/test.js';

const run = promisify(execFile);

/** What a stranger has: a folder of its own, and a terminal in it. */
const test = base.extend<{ folder: string; terminal: Terminal }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
  folder: async ({}, use) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'handout-first-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  },
  terminal: async ({ folder }, use) => {
    const terminal = Terminal.open(folder);
    await use(terminal);
    await terminal.close();
  },
});

/** Does what the README says for application developers, with the server that runs at the origin. */
async function follow(terminal: Terminal, folder: string, browser: Browser, origin: string): Promise<void> {
  const here = (code: string) => code.replaceAll(local, origin);
  const { token } = JSON.parse(await terminal.run(here(await block('sh', '/tokens', folder))));

  const host = await serve(here(await block('html', 'handout-panel', folder)).replace('THE TOKEN', token));
  const page = await (await browser.newContext()).newPage();
  await page.goto(host.url);
  await expect(page.getByRole('button', { name: 'Choose files' })).toBeVisible();

  await terminal.run(here(await block('sh', 'handout send', folder)));
  const readme = path.join(folder, 'README.md');
  await expect.poll(() => sha256(path.join(folder, 'inbox', 'README.md')).catch(() => '')).toBe(await sha256(readme));
  const inFolder = ['deploy', 'nginx.conf'];
  await expect
    .poll(() => sha256(path.join(folder, 'inbox', ...inFolder)).catch(() => ''))
    .toBe(await sha256(path.join(folder, ...inFolder)));

  const saved = page.waitForEvent('download');
  await card(page, 'README.md').getByRole('button', { name: 'Save README.md' }).click();
  expect(await sha256(await (await saved).path())).toBe(await sha256(readme));
  await expect(page.getByRole('button', { name: 'Save deploy', exact: true })).toBeVisible();
  await page.close();
  await host.close();
}

test('what the README tells application developers works step by step', async ({
  terminal,
  folder,
  browser,
  handout,
}) => {
  for (const name of ['bin', 'README.md', 'deploy'])
    await symlink(path.join(repository, name), path.join(folder, name));
  await follow(terminal, folder, browser, handout.origin);
});

test('@long a stranger clones the repository and follows the README', async ({
  terminal,
  folder,
  browser,
  samples,
}) => {
  await terminal.run(`git clone --quiet --no-local ${JSON.stringify(repository)} handout && cd handout`);
  const clone = path.join(folder, 'handout');
  const [make] = (await block('sh', 'make run', clone)).split('#');
  // Another server may have the port that is the default.
  const server = Terminal.open(clone);
  const [, origin = ''] = await server.says(
    `HANDOUT_LISTEN=127.0.0.1:0 ${make}`,
    /Open (http:\/\/\S*[^/\s])\/? in two windows/,
  );

  const [ana, ben] = [await join(browser, origin, 'first', 'Ana'), await join(browser, origin, 'first', 'Ben')];
  const note = await samples.file('note.bin', 70_000);
  await choose(ana, note);
  await save(ben, note);
  await follow(terminal, clone, browser, origin);

  const go = await block('go', 'client.Join', clone);
  await mkdir(path.join(clone, 'firsthour'));
  await writeFile(
    path.join(clone, 'firsthour', 'main.go'),
    `package main

import (
	"context"
	"io"

	"github.com/handout-rtc/handout/client"
	"github.com/handout-rtc/handout/protocol"
)

func send(ctx context.Context, token string, file io.Reader, size int64) (protocol.Share, error) {
	${go.trim().replace('\n', '\n\tif err != nil {\n\t\treturn protocol.Share{}, err\n\t}\n\t')}
	return share, err
}

func main() { send(context.Background(), "", nil, 0) }
`,
  );
  await run('go', ['vet', './firsthour'], { cwd: clone });
  expect(await readFile(path.join(clone, 'README.md'), 'utf8')).toBe(
    (await run('git', ['show', 'HEAD:README.md'], { cwd: repository })).stdout,
  );
  await server.close();
});
