// The page's gallery in a browser: what is done in its scenes before they are looked at.
import { drawn, withGallery } from '../../panel/scripts/browser.mjs';

/** Runs `work({ browser, address })` with the page's gallery. */
export const withPages = (work) => withGallery(new URL('..', import.meta.url), work);

/** Where the parts of the room are not side by side, chooses one. */
async function openPart(page, part) {
  const tab = page.getByTestId(`part-${part}`);
  if ((await tab.count()) > 0) await tab.click();
}

const menuOfAna = async (page) => {
  await openPart(page, 'people');
  await page.locator('[data-testid=participant][data-name="Ana Moreau"]').getByTestId('person-menu').click();
};

/** What is done in a scene before it is looked at. */
const FIRST = {
  chat: async (page) => {
    await openPart(page, 'chat');
    await page.getByTestId('chat-message').last().waitFor();
    await page.getByTestId('chat-field').fill('Thanks, both of you.');
  },
  invite: async (page) => {
    await page.getByTestId('invite-button').click();
    await page.getByTestId('qr').waitFor();
  },
  'person-menu': menuOfAna,
  removal: async (page) => {
    await menuOfAna(page);
    await page.getByRole('menuitem').last().click();
  },
};

/** Opens a scene and waits until it is drawn. */
export async function openScene(page, address, scene) {
  await page.goto(`${address}/gallery.html?scene=${scene}`);
  await page.locator('main').first().waitFor();
  await FIRST[scene]?.(page);
  await drawn(page);
}
