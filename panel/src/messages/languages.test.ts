import { expect, it, vi } from 'vitest';
import { onLanguages, registerMessages, wordsOf } from './languages.js';
import { english } from './words.js';

it('finds the words of a language, with the figures of its region', async () => {
  const swiss = await wordsOf(['de-CH']);
  expect([swiss.tag, swiss.text('save')]).toEqual(['de-CH', 'Speichern']);
  expect(swiss.number(1_200)).toMatch(/^1['’]200$/);
  expect((await wordsOf(['ar-EG'])).text('save')).toBe('حفظ');
  expect(await wordsOf(['de-CH'])).toBe(swiss);
});

it('takes the first that it has, and English without one', async () => {
  expect((await wordsOf(['tlh', 'de'])).tag).toBe('de');
  expect(await wordsOf(['tlh'])).toBe(english);
  expect(await wordsOf(['not a language', ''])).toBe(english);
  expect(await wordsOf([])).toBe(english);
});

it('learns a language, and tells those who speak it', async () => {
  const heard = vi.fn();
  const off = onLanguages(heard);
  registerMessages('fr', async () => ({ save: 'Enregistrer' }));
  expect(heard).toHaveBeenCalledOnce();
  expect((await wordsOf(['fr-CA'])).text('save')).toBe('Enregistrer');
  registerMessages('fr', { keep: 'Garder' });
  const french = await wordsOf(['fr']);
  expect([french.text('save'), french.text('keep')]).toEqual(['Enregistrer', 'Garder']);
  off();
  registerMessages('fr', {});
  expect(heard).toHaveBeenCalledTimes(2);
});

it('speaks English while a language cannot be loaded, and asks again', async () => {
  let there = false;
  registerMessages('nl', async () => {
    if (!there) throw new Error('the network');
    return { save: 'Opslaan' };
  });
  expect(await wordsOf(['nl'])).toBe(english);
  there = true;
  expect((await wordsOf(['nl'])).text('save')).toBe('Opslaan');
});
