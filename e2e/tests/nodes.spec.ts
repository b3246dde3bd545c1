import type { Browser } from '@playwright/test';
import { Network } from '../harness/network.js';
import { card, choose, join, percent, person, save } from '../harness/page.js';
import { HandoutServer } from '../harness/server.js';
import { test as base, expect } from '../harness/test.js';

// People who are at different nodes of a cluster. All other tests run on one too, with
// HANDOUT_CLUSTER=1, where each request goes to another node.

const slow = 2_000_000; // bytes per second

const test = base.extend<{ slowNode: Network }, { cluster: HandoutServer }>({
  cluster: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the parameter's form
    async ({}, use) => {
      const cluster = await HandoutServer.startCluster();
      await use(cluster);
      await cluster.dispose();
    },
    { scope: 'worker' },
  ],
  /** The first node, over a network that can be slow. */
  slowNode: async ({ cluster }, use) => {
    const network = await Network.start(node(cluster, 0));
    await use(network);
    await network.dispose();
  },
});

function node(cluster: HandoutServer, number: number): string {
  const origin = cluster.nodes[number];
  if (origin === undefined) throw new Error(`there is no node ${number}`);
  return origin;
}

/** Somebody at each node, the first over the network that can be slow. */
async function everywhere(browser: Browser, cluster: HandoutServer, network: Network, room: string) {
  const ana = await join(browser, network.origin, room, 'Ana');
  const ben = await join(browser, node(cluster, 1), room, 'Ben');
  const cleo = await join(browser, node(cluster, 2), room, 'Cleo');
  for (const page of [ana, ben, cleo])
    for (const name of ['Ana', 'Ben', 'Cleo']) await expect(person(page, name)).toBeVisible();
  return { ana, ben, cleo };
}

test('people at three nodes see each other, and a file is saved while it is sent at another node', async ({
  browser,
  cluster,
  slowNode,
  samples,
}) => {
  const { ana, ben, cleo } = await everywhere(browser, cluster, slowNode, 'three nodes');
  const film = await samples.file('film.mp4', 8_000_000);
  slowNode.bytesPerSecond = slow;
  await choose(ana, film);
  await expect(card(ben, film.name)).toHaveAttribute('data-state', 'arriving');
  const saved = save(ben, film);
  await expect.poll(() => percent(ben, film.name)).toBeGreaterThan(20);
  await expect(card(ana, film.name)).toHaveAttribute('data-state', 'uploading');
  slowNode.bytesPerSecond = Number.POSITIVE_INFINITY;
  await saved;
  await save(cleo, film);
  const summary = card(ana, film.name).getByTestId('receipts-summary');
  await expect(summary).toHaveAccessibleName(`Both have it ${film.name}`);
  await cleo.getByRole('button', { name: 'Leave room' }).click();
  for (const page of [ana, ben]) await expect(person(page, 'Cleo')).toHaveCount(0);
  for (const page of [ana, ben, cleo]) await page.context().close();
});

test('a cancel at one node ends what others receive at other nodes', async ({
  browser,
  cluster,
  slowNode,
  samples,
}) => {
  const { ana, ben, cleo } = await everywhere(browser, cluster, slowNode, 'cancel across');
  const film = await samples.file('film.mp4', 12_000_000);
  slowNode.bytesPerSecond = slow;
  await choose(ana, film);
  for (const page of [ben, cleo]) {
    await card(page, film.name)
      .getByRole('button', { name: `Save ${film.name}` })
      .click();
    await expect.poll(() => percent(page, film.name)).toBeGreaterThan(5);
  }
  await card(ana, film.name)
    .getByRole('button', { name: `Cancel ${film.name}` })
    .click();
  for (const page of [ben, cleo]) await expect(card(page, film.name)).toHaveAttribute('data-state', 'cancelled');
  for (const page of [ana, ben, cleo]) await page.context().close();
});

test('who reloads the page at another node goes on there', async ({ profile, browser, cluster, slowNode, samples }) => {
  const ana = await join(browser, slowNode.origin, 'reload', 'Ana');
  const film = await samples.file('film.mp4', 9_000_000);
  const ben = await profile.newPage();
  await ben.goto(`${cluster.origin}/?room=reload`); // by the balancer: each request is another node's
  await ben.getByLabel('Your name').fill('Ben');
  await ben.getByRole('button', { name: 'Join room' }).click();
  await expect(person(ana, 'Ben')).toBeVisible();
  slowNode.bytesPerSecond = slow;
  await choose(ana, film);
  await card(ben, film.name)
    .getByRole('button', { name: `Save ${film.name}` })
    .click();
  await expect.poll(() => percent(ben, film.name)).toBeGreaterThan(20);
  slowNode.bytesPerSecond = Number.POSITIVE_INFINITY;
  await expect(card(ben, film.name)).toHaveAttribute('data-state', 'saved');
  await ben.reload();
  await expect(person(ben, 'Ana')).toBeVisible();
  await save(ben, film);
  await ana.context().close();
});

test('a node dies: those who were at it come back at others, their transfers go on, and its ghosts go', async ({
  browser,
  samples,
}) => {
  const cluster = await HandoutServer.startCluster();
  const network = await Network.start(cluster.origin);
  const ana = await join(browser, network.origin, 'death', 'Ana');
  const ben = await join(browser, network.origin, 'death', 'Ben');
  const ghost = await join(browser, node(cluster, 2), 'death', 'Ghost'); // who knows of no other node
  for (const page of [ana, ben]) await expect(person(page, 'Ghost')).toBeVisible();
  const film = await samples.file('film.mp4', 16_000_000);
  network.bytesPerSecond = slow;
  await choose(ana, film);
  const saved = save(ben, film);
  for (const dies of [2, 0]) {
    const before = await percent(ben, film.name);
    await cluster.killNode(dies);
    await expect.poll(() => percent(ben, film.name)).toBeGreaterThan(before);
    if (dies !== 2) await cluster.reviveNode(dies);
  }
  network.bytesPerSecond = Number.POSITIVE_INFINITY;
  await saved;
  for (const page of [ana, ben]) {
    await expect(person(page, 'Ghost')).toHaveCount(0);
    for (const name of ['Ana', 'Ben']) await expect(person(page, name)).toBeVisible();
  }
  for (const page of [ana, ben, ghost]) await page.context().close();
  await network.dispose();
  await cluster.dispose();
});
