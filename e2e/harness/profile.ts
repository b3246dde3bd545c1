import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { BrowserContext, BrowserType, LaunchOptions } from '@playwright/test';

/** A browser with a profile on the disk, which is started, killed, and started again on what it has left there. */
export class Profile {
  private context: BrowserContext | undefined;

  private constructor(
    private readonly chromium: BrowserType,
    private readonly options: LaunchOptions,
    private readonly folder: string,
  ) {}

  static async create(chromium: BrowserType, options: LaunchOptions): Promise<Profile> {
    return new Profile(chromium, options, await mkdtemp(path.join(tmpdir(), 'handout-profile-')));
  }

  async start(): Promise<BrowserContext> {
    this.context = await this.chromium.launchPersistentContext(this.folder, this.options);
    return this.context;
  }

  /** Ends the browser by kill -9, and waits until its pages are gone. */
  async kill(): Promise<void> {
    const { context } = this;
    if (context === undefined) return;
    const closed = context.waitForEvent('close', { timeout: 30_000 });
    process.kill(await this.pid(), 'SIGKILL');
    await closed;
    this.context = undefined;
  }

  /** Whether the text is in what the browser has written of localStorage: it gathers that for some seconds. */
  async hasStored(text: string): Promise<boolean> {
    const folder = path.join(this.folder, 'Default', 'Local Storage', 'leveldb');
    for (const name of await readdir(folder)) {
      if ((await readFile(path.join(folder, name), 'latin1')).includes(text)) return true;
    }
    return false;
  }

  async dispose(): Promise<void> {
    await this.context?.close();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The browser's own process: the one of this profile that is no child of another's kind. */
  private async pid(): Promise<number> {
    for (const pid of await readdir('/proc')) {
      const command = /^\d+$/.test(pid) ? await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => '') : '';
      const words = command.split('\0');
      if (words.includes(`--user-data-dir=${this.folder}`) && !words.some((word) => word.startsWith('--type=')))
        return Number(pid);
    }
    throw new Error('the browser does not run');
  }
}
