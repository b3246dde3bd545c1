import { tokens } from '@handout/panel/ui';
import { render } from 'lit';
import '../components/ended-screen.js';
import '../components/join-screen.js';
import '../components/room-view.js';
import { speak } from '../language.js';
import { scenes } from './scenes.js';

await speak(navigator.languages);

const name = new URLSearchParams(location.search).get('scene') ?? 'typical';
const scene = scenes[name];
if (scene === undefined) throw new Error(`gallery: no scene ${name}; there are ${Object.keys(scenes).join(', ')}`);
render(scene(), document.body);
if (tokens.styleSheet !== undefined) document.adoptedStyleSheets.push(tokens.styleSheet);
