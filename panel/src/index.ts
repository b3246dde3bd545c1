import type { HandoutBadgeElement, HandoutPanelElement } from './api.js';
import { Badge } from './badge.js';
import { Panel } from './panel.js';

export type {
  DropArea,
  HandoutBadgeElement,
  HandoutPanelElement,
  HandoutPanelEventMap,
  PanelSendOptions,
  PanelTheme,
} from './api.js';
export { type MessagesSource, registerMessages } from './messages/languages.js';
export type { Message, MessageKey, Messages, PluralForms } from './messages/words.js';

/** The class of `<handout-panel>`, which this module defines. */
export const HandoutPanel: new () => HandoutPanelElement = Panel as unknown as new () => HandoutPanelElement;

/** The class of `<handout-badge>`. */
export const HandoutBadge: new () => HandoutBadgeElement = Badge as unknown as new () => HandoutBadgeElement;
