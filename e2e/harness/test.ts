import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, test as base } from '@playwright/test';
import { App, AppHost } from './app.js';
import { Samples } from './files.js';
import { Network } from './network.js';
import { BackEnd } from './room.js';
import { HandoutServer } from './server.js';

interface Worker {
  /** One server for the tests that do not stop it. */
  handout: HandoutServer;
  appHost: AppHost;
}

interface Fixtures {
  samples: Samples;
  /** The network between the browser and the server; every token points here. */
  network: Network;
  backEnd: BackEnd;
  /** A browser with a profile on the disk, as people have: a context of `browser` is a private window, which keeps files in memory. */
  profile: BrowserContext;
  /** Lets a participant in, in a browser context of its own. */
  participant: (name: string, options?: { role?: string; reconnect?: unknown }) => Promise<App>;
}

/** Playwright's test with a server, a network that can be lost, a room and participants. */
export const test = base.extend<Fixtures, Worker>({
  handout: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
    async ({}, use) => {
      const server = await HandoutServer.start();
      await use(server);
      await server.dispose();
    },
    { scope: 'worker' },
  ],
  appHost: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
    async ({}, use) => {
      const host = await AppHost.start();
      await use(host);
      await host.dispose();
    },
    { scope: 'worker' },
  ],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
  samples: async ({}, use) => {
    const samples = await Samples.create();
    await use(samples);
    await samples.dispose();
  },
  network: async ({ handout }, use) => {
    const proxy = await Network.start(handout.origin);
    await use(proxy);
    await proxy.dispose();
  },
  profile: async ({ playwright, launchOptions }, use) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'handout-profile-'));
    const context = await playwright.chromium.launchPersistentContext(folder, launchOptions);
    await use(context);
    await context.close();
    await rm(folder, { recursive: true, force: true });
  },
  backEnd: async ({ network }, use) => {
    await use(await BackEnd.create(network.origin));
  },
  participant: async ({ browser, network, backEnd, appHost }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async (name, options = {}) => {
      const context = await browser.newContext();
      contexts.push(context);
      const token = await backEnd.token(name, options.role);
      return App.join(context, appHost.url(network.origin), token, name, options.reconnect);
    });
    for (const context of contexts) await context.close();
  },
});

export { expect } from '@playwright/test';
