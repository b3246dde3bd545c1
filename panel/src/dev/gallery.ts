import { render } from 'lit';
import { registerMessages } from '../index.js';
import { scenes } from './scenes.js';

/** How a scene is looked at. */
interface Look {
  readonly lang?: string;
  readonly dir?: string;
}

/** Draws a scene in place of the last, without loading the page again. */
function show(name: string, { lang = 'en', dir = 'ltr' }: Look = {}): void {
  const scene = scenes[name];
  if (scene === undefined) throw new Error(`gallery: no scene ${name}; there are ${Object.keys(scenes).join(', ')}`);
  const root = document.documentElement;
  root.lang = lang;
  root.dir = dir;
  const main = document.createElement('main');
  document.querySelector('main')?.replaceWith(main);
  render(scene(), main);
}

Object.assign(window, { show, registerMessages });
const wanted = new URLSearchParams(location.search);
show(wanted.get('scene') ?? 'typical', { lang: wanted.get('lang') ?? 'en', dir: wanted.get('dir') ?? 'ltr' });
