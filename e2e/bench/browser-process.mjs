import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from '@playwright/test';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A Chromium with a profile on the disk, as people have: a private window keeps files in memory. */
export class Browser {
  #context;
  #profile;

  static async launch(executablePath) {
    const browser = new Browser();
    browser.#profile = await mkdtemp(path.join(tmpdir(), 'handout-profile-'));
    browser.#context = await chromium.launchPersistentContext(browser.#profile, { executablePath, args: FLAGS });
    return browser;
  }

  get version() {
    return this.#context.browser()?.version() ?? 'unknown';
  }

  async page(url) {
    const page = await this.#context.newPage();
    page.on('pageerror', (error) => console.error(error));
    await page.goto(url);
    return page;
  }

  /** Starts to measure the process of a page. */
  async memory(page) {
    const session = await this.#context.newCDPSession(page);
    await session.send('HeapProfiler.collectGarbage');
    await session.detach();
    const pid = await this.#rendererOf(page);
    await writeFile(`/proc/${pid}/clear_refs`, '5'); // forgets the peak
    const before = await peakOf(pid);
    return { peak: async () => (await peakOf(pid)) - before };
  }

  /** The process id of a page: that of the renderer that is busy while the page is. */
  async #rendererOf(page) {
    const session = await this.#context.browser().newBrowserCDPSession();
    const before = await renderers(session);
    await page.evaluate(() => {
      const end = performance.now() + 300;
      while (performance.now() < end);
    });
    const spent = (await renderers(session)).map(({ id, cpuTime }) => ({
      id,
      cpu: cpuTime - (before.find((one) => one.id === id)?.cpuTime ?? 0),
    }));
    await session.detach();
    return spent.sort((a, b) => b.cpu - a.cpu)[0].id;
  }

  async close() {
    await this.#context.close();
    await rm(this.#profile, { recursive: true, force: true });
  }
}

async function renderers(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.filter(({ type }) => type === 'renderer');
}

async function peakOf(pid) {
  const kib = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib ?? 0) * 1024;
}
