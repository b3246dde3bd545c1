import { tokens } from '@handout/panel/ui';
import './components/app.js';

const { styleSheet } = tokens;
if (styleSheet !== undefined) document.adoptedStyleSheets.push(styleSheet);
