import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContext, Page } from '@playwright/test';

const source = new URL('../app/contract.html', import.meta.url);

/** Serves the contract application from an origin of its own. */
export class AppHost {
  private constructor(private readonly server: Server) {}

  static async start(): Promise<AppHost> {
    const html = await readFile(source, 'utf8');
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? '/', 'http://app').searchParams;
      const handout = query.get('server') ?? '';
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      response.setHeader('Content-Security-Policy', query.get('policy') ?? '');
      response.end(html.replaceAll('%SERVER%', handout));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new AppHost(server);
  }

  /** The application's address, under a content security policy if one is given. */
  url(handout: string, policy = ''): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/?${new URLSearchParams({ server: handout, policy })}`;
  }

  async dispose(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** One thing that the application heard, in the order it came. */
export interface Entry {
  what: string;
  // biome-ignore lint/suspicious/noExplicitAny: the payloads are what the tests look at
  detail: any;
  at: number;
}

/** A participant: a page that runs the contract application. */
export class App {
  private constructor(
    readonly page: Page,
    readonly name: string,
    /** The token as the application has it; it is a bearer token too. */
    readonly token: string,
  ) {}

  /** Opens the application and joins the room. */
  static async join(
    context: BrowserContext,
    url: string,
    token: string,
    name: string,
    reconnect?: unknown,
  ): Promise<App> {
    const page = await context.newPage();
    const app = new App(page, name, token);
    await page.goto(url);
    await app.join(reconnect);
    return app;
  }

  async join(reconnect?: unknown): Promise<void> {
    await this.page.evaluate(([t, r]) => window.join(t as string, r), [this.token, reconnect] as const);
  }

  /** Opens the application, and connects a room object of its own. */
  static async connect(context: BrowserContext, url: string, token: string, reconnect?: unknown): Promise<App> {
    const app = new App(await context.newPage(), '', token);
    await app.page.goto(url);
    await app.page.evaluate(([t, r]) => window.connect(t as string, r), [token, reconnect] as const);
    return app;
  }

  clientId(): Promise<string> {
    return this.page.evaluate(() => window.room.clientId);
  }

  async send(files: string[], options: unknown): Promise<void> {
    await this.page.locator('#files').setInputFiles(files);
    await this.page.evaluate((o) => window.sendFiles(o), options);
  }

  async receive(index: number | string, options: unknown = {}): Promise<void> {
    await this.page.evaluate(([i, o]) => window.recvFiles(i as number, o), [index, options] as const);
  }

  journal(...what: string[]): Promise<Entry[]> {
    return this.page.evaluate(
      (names) => window.journal.filter((entry) => names.length === 0 || names.includes(entry.what)),
      what,
    );
  }

  /** Waits until `count` entries of that kind have come, and returns them. */
  async heard(what: string, count = 1, timeout = 30_000): Promise<Entry[]> {
    await this.page.waitForFunction(
      ([name, n]) => window.journal.filter((entry) => entry.what === name).length >= (n as number),
      [what, count] as const,
      { timeout, polling: 50 },
    );
    return this.journal(what);
  }

  /** The names of what came, in order, without what is not of interest. */
  async order(...ignore: string[]): Promise<string[]> {
    return (await this.journal()).map((entry) => entry.what).filter((what) => !ignore.includes(what));
  }

  async clear(): Promise<void> {
    await this.page.evaluate(() => {
      window.journal.length = 0;
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: an application's own view of the array
  available(): Promise<any[]> {
    return this.page.evaluate(() => JSON.parse(JSON.stringify(window.room.availableFiles)));
  }

  digest(name: string): Promise<string> {
    return this.page.evaluate((n) => window.digest(n), name);
  }

  // biome-ignore lint/suspicious/noExplicitAny: cancels are called in odd forms
  cancelUploads(...args: any[]): Promise<{ result: number; description?: string }> {
    return this.page.evaluate((a) => window.cancelUploads(...a), args);
  }

  // biome-ignore lint/suspicious/noExplicitAny: cancels are called in odd forms
  cancelDownloads(...args: any[]): Promise<{ result: number; description?: string }> {
    return this.page.evaluate((a) => window.cancelDownloads(...a), args);
  }
}

declare global {
  interface Window {
    journal: Entry[];
    // biome-ignore lint/suspicious/noExplicitAny: the application's own global, of the API under test
    room: any;
    // biome-ignore lint/suspicious/noExplicitAny: the global of the script under test
    EnxRtc: any;
    join(token: string, reconnect?: unknown): Promise<unknown>;
    connect(token: string, reconnect?: unknown): Promise<void>;
    sendFiles(options: unknown): void;
    recvFiles(index: number, options: unknown): void;
    digest(name: string): Promise<string>;
    cancelUploads(...args: unknown[]): Promise<{ result: number }>;
    cancelDownloads(...args: unknown[]): Promise<{ result: number }>;
  }
}
