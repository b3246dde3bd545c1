import type { HandoutPanelElement } from './api.js';
import { Panel } from './panel.js';

export type {
  DropArea,
  HandoutPanelElement,
  HandoutPanelEventMap,
  PanelSendOptions,
  PanelTheme,
} from './api.js';

/** The class of `<handout-panel>`, which this module defines. */
export const HandoutPanel: new () => HandoutPanelElement = Panel as unknown as new () => HandoutPanelElement;
