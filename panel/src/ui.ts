/**
 * What the project's own room page shares with the panel. It is no part of the published package, and promises
 * nothing.
 */
export { avatar, avatarStyles } from './components/avatar.js';
export { icon } from './components/icon.js';
export { wordsOf } from './messages/languages.js';
export { english, type Message, type Values, Words } from './messages/words.js';
export { isActive } from './model/batch.js';
export { audienceLabel, distinctNames, recipients } from './model/people.js';
export type { Fault, RoomPort } from './model/ports.js';
export { faultText } from './model/wording.js';
export { base, buttons } from './styles/base.js';
export { tokens } from './styles/tokens.js';
