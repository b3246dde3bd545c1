import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { LaunchOptions } from '@playwright/test';

/** What the browser answers and tells, over the Chrome DevTools Protocol. */
interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

/** A file that a page has handed to the browser's downloads. */
export interface Saved {
  readonly name: string;
  readonly path: string;
}

/**
 * A browser with one page that nobody watches. Playwright has each page keep what it has fetched, up to 200 MB of it,
 * so that a test can look at it: no page of Playwright's has the memory that people's have.
 */
export class BareBrowser {
  readonly #process: ChildProcess;
  readonly #folder: string;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #session: string | undefined;
  #last = 0;
  #rest = '';
  #downloads: { guid: string; name: string; whole: boolean }[] = [];

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
    (process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => this.#hear(text));
  }

  /** Starts it; `script` runs in the page before the page's own. */
  static async start({ executablePath = '', args = [] }: LaunchOptions, script: string): Promise<BareBrowser> {
    const folder = await mkdtemp(path.join(tmpdir(), 'handout-bare-'));
    const own = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${folder}`];
    const child = spawn(executablePath, [...args, ...own], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    const browser = new BareBrowser(child, folder);
    await browser.#call('Browser.setDownloadBehavior', {
      behavior: 'allowAndName',
      downloadPath: folder,
      eventsEnabled: true,
    });
    const { targetId } = await browser.#call('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.#call('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = String(sessionId);
    await browser.#call('Page.enable', {});
    await browser.#call('Page.addScriptToEvaluateOnNewDocument', { source: script });
    return browser;
  }

  async goto(url: string): Promise<void> {
    await this.#call('Page.navigate', { url });
  }

  /** What the function returns in the page, where `find` finds elements, also in shadow trees. */
  async evaluate<T>(run: (find: (selector: string) => HTMLElement | undefined) => T): Promise<T> {
    const answer = await this.#call('Runtime.evaluate', {
      expression: `(${run})((selector) => (${findIn})(document, selector))`,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return (answer.result as { value: T }).value;
  }

  /** The downloads that are complete. */
  get saved(): readonly Saved[] {
    const whole = this.#downloads.filter((download) => download.whole);
    return whole.map(({ guid, name }) => ({ name, path: path.join(this.#folder, guid) }));
  }

  async dispose(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    await Promise.race([this.#call('Browser.close', {}, false), ended]);
    await ended;
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #call(method: string, params: object, inPage = true): Promise<Record<string, unknown>> {
    const id = ++this.#last;
    const sessionId = inPage ? this.#session : undefined;
    const answer = new Promise<Message>((resolve) => this.#waiting.set(id, resolve));
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { result, error } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }

  #hear(text: string): void {
    const messages = (this.#rest + text).split('\0');
    this.#rest = messages.pop() ?? '';
    for (const message of messages.map((each) => JSON.parse(each) as Message)) {
      if (message.id !== undefined) {
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
      } else this.#note(message);
    }
  }

  #note({ method, params = {} }: Message): void {
    const guid = String(params.guid);
    if (method === 'Browser.downloadWillBegin')
      this.#downloads.push({ guid, name: String(params.suggestedFilename), whole: false });
    if (method === 'Browser.downloadProgress' && params.state === 'completed')
      this.#downloads = this.#downloads.map((each) => (each.guid === guid ? { ...each, whole: true } : each));
  }
}

/** Runs in the page. */
function findIn(root: Document | ShadowRoot, selector: string): HTMLElement | undefined {
  const here = root.querySelector<HTMLElement>(selector);
  if (here !== null) return here;
  for (const { shadowRoot } of root.querySelectorAll('*')) {
    const below = shadowRoot === null ? undefined : findIn(shadowRoot, selector);
    if (below !== undefined) return below;
  }
  return undefined;
}
