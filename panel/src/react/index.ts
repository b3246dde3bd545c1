import { HandoutPanel as Element, type HandoutPanelEventMap } from '@handout/panel';
import { createComponent, type EventName } from '@lit/react';
import * as React from 'react';

export type { HandoutPanelElement, HandoutPanelEventMap } from '@handout/panel';
export { type Standing, useRoom } from './use-room.js';

type On<K extends keyof HandoutPanelEventMap> = EventName<HandoutPanelEventMap[K]>;

/**
 * `<handout-panel>` as a component: its properties are props, its events are `onJoined`, `onRefused`, `onLeft`,
 * `onUnread`, `onOffered`, `onSent`, `onReceived`, `onFailed`, `onRecipients` and `onDragging`, each with the element's
 * own event, and a `ref` is the element. Give it a `token`, or the `room` of {@link useRoom}.
 */
export const HandoutPanel = createComponent({
  tagName: 'handout-panel',
  displayName: 'HandoutPanel',
  elementClass: Element,
  react: React,
  events: {
    onJoined: 'handout-joined' as On<'handout-joined'>,
    onRefused: 'handout-refused' as On<'handout-refused'>,
    onLeft: 'handout-left' as On<'handout-left'>,
    onUnread: 'handout-unread' as On<'handout-unread'>,
    onOffered: 'handout-offered' as On<'handout-offered'>,
    onSent: 'handout-sent' as On<'handout-sent'>,
    onReceived: 'handout-received' as On<'handout-received'>,
    onFailed: 'handout-failed' as On<'handout-failed'>,
    onRecipients: 'handout-recipients' as On<'handout-recipients'>,
    onDragging: 'handout-dragging' as On<'handout-dragging'>,
  },
});
