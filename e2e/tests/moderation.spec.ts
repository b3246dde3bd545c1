import type { Browser, Page } from '@playwright/test';
import { card, choose, person, save } from '../harness/page.js';
import type { BackEnd } from '../harness/room.js';
import { expect, test } from '../harness/test.js';

/** Lets somebody in with a token of the back end, as an application does. */
async function enter(browser: Browser, origin: string, backEnd: BackEnd, name: string, role: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${origin}/#token=${await backEnd.token(name, role)}`);
  await expect(person(page, name)).toBeVisible();
  return page;
}

test('a moderator switches sharing off and on, and withdraws a file', async ({
  browser,
  network,
  backEnd,
  samples,
}) => {
  const { origin } = network;
  const mod = await enter(browser, origin, backEnd, 'Mod', 'moderator');
  const ana = await enter(browser, origin, backEnd, 'Ana', 'participant');
  const before = await samples.file('before.txt', 4_000);
  await choose(ana, before);
  await save(mod, before);
  await expect(ana.getByTestId('sharing-switch')).toHaveCount(0);

  await mod.getByTestId('sharing-switch').selectOption({ label: 'Hosts only' });
  await expect(ana.getByTestId('may-not-send')).toContainText('only hosts may send files now');
  await expect(ana.getByTestId('choose-files')).toHaveCount(0);
  const late = await samples.file('late.txt', 4_000);
  await choose(ana, late); // as a drop would
  await expect(ana.getByText('only hosts may send files now').last()).toBeVisible();
  await expect(card(ana, late.name)).toHaveCount(0);

  const ben = await enter(browser, origin, backEnd, 'Ben', 'participant');
  await expect(ben.getByTestId('may-not-send')).toBeVisible();
  const mods = await samples.file('of the host.txt', 4_000);
  await choose(mod, mods);
  await save(ben, mods);

  await mod.getByTestId('sharing-switch').selectOption({ label: 'Everyone' });
  for (const page of [ana, ben]) await expect(page.getByTestId('choose-files')).toBeVisible();
  await choose(ana, late);
  await save(ben, late);

  await card(mod, late.name)
    .getByRole('button', { name: `Withdraw ${late.name}` })
    .click();
  await card(mod, late.name).getByRole('button', { name: 'Withdraw', exact: true }).click();
  await expect(card(ana, late.name)).toContainText('A host withdrew this');
  await expect(card(ben, late.name)).toHaveAttribute('data-state', 'revoked');
  for (const page of [mod, ana, ben]) await page.context().close();
});

test('a moderator withdraws all that somebody shares, and removes who shared it', async ({
  browser,
  network,
  backEnd,
  samples,
}) => {
  const { origin } = network;
  const mod = await enter(browser, origin, backEnd, 'Mod', 'moderator');
  const ana = await enter(browser, origin, backEnd, 'Ana', 'participant');
  const ben = await enter(browser, origin, backEnd, 'Ben', 'participant');
  await expect(ben.getByTestId('person-menu')).toHaveCount(0);

  const [first, second] = [await samples.file('first.txt', 4_000), await samples.file('second.txt', 4_000)];
  await choose(ana, first);
  await save(ben, first);
  await ask(mod, 'Withdraw all files', 'Withdraw all');
  await expect(mod.getByText('What Ana shared was withdrawn.')).toBeVisible();
  await expect(card(ben, first.name)).toHaveAttribute('data-state', 'revoked');
  await expect(card(ana, first.name)).toContainText('A host withdrew this');

  await ana.getByTestId('recipients').getByRole('button', { name: 'Ben' }).click();
  await choose(ana, second); // which the moderator does not see
  await expect(card(ben, second.name)).toHaveAttribute('data-state', 'available');
  await expect(card(mod, second.name)).toHaveCount(0);
  await ask(mod, 'Remove from room', 'Remove', true);
  await expect(person(mod, 'Ana')).toHaveCount(0);
  await expect(person(ben, 'Ana')).toHaveCount(0);
  await expect(card(ben, second.name)).toHaveAttribute('data-state', 'revoked');

  for (const look of [async () => undefined, () => ana.reload()]) {
    await look();
    await expect(ana.getByTestId('ended')).toHaveAttribute('data-reason', 'dropped');
    await expect(ana.getByRole('heading', { name: 'You were removed from the room' })).toBeFocused();
    await expect(ana.getByText('To come back, ask for a new invitation.')).toBeVisible();
    await expect(ana.getByRole('button')).toHaveCount(0);
  }
  for (const page of [mod, ana, ben]) await page.context().close();
});

/** What a moderator does with Ana: out of her menu, and past the question. */
async function ask(page: Page, item: string, verb: string, ticked = false): Promise<void> {
  await page.getByRole('button', { name: 'More for Ana' }).click();
  await page.getByRole('menuitem', { name: item }).click();
  const question = page.getByRole('alertdialog');
  if (ticked) await question.getByRole('checkbox').check();
  await question.getByRole('button', { name: verb, exact: true }).click();
}
