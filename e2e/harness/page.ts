import type { Browser, BrowserContext, Locator, Page } from '@playwright/test';
import { expect } from '@playwright/test';
import { type Sample, sha256 } from './files.js';

/** Opens the room page in a window of its own and joins a room by name. */
export async function join(browser: Browser, origin: string, room: string, name: string, options = {}): Promise<Page> {
  return joinIn(await browser.newContext(options), origin, room, name);
}

/** Opens the room page in a new tab of the context and joins a room by name. */
export async function joinIn(context: BrowserContext, origin: string, room: string, name: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${origin}/?room=${room}`);
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Join room' }).click();
  await expect(person(page, name)).toBeAttached(); // on a narrow screen the list is a part that is chosen
  return page;
}

/** A participant in the list of who is here. */
export const person = (page: Page, name: string): Locator =>
  page.locator(`[data-testid=participant][data-name="${name}"]`);

/** The card of a file. */
export const card = (page: Page, name: string): Locator => page.locator(`[data-testid=file-card][data-name="${name}"]`);

/** Sends files to the chosen recipients. */
export async function choose(page: Page, ...files: Sample[]): Promise<void> {
  await page.getByTestId('file-input').setInputFiles(files.map((file) => file.path));
}

/** Saves a file and checks its name and its bytes. */
export async function save(page: Page, file: Sample): Promise<void> {
  const saved = page.waitForEvent('download');
  await card(page, file.name)
    .getByRole('button', { name: `Save ${file.name}` })
    .click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe(file.name);
  expect(await sha256(await download.path())).toBe(file.sha256);
  await expect(card(page, file.name)).toHaveAttribute('data-state', 'saved');
}

/** How far a file's bar is, in percent. */
export async function percent(page: Page, name: string): Promise<number> {
  return Number(await card(page, name).getByRole('progressbar').getAttribute('aria-valuenow'));
}
