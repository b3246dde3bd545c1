import { act, createRef } from 'react';
import { createRoot } from 'react-dom/client';
import { expect, it, vi } from 'vitest';
import { FakeRoom } from '../dev/fake-room.js';
import { HandoutPanel, type HandoutPanelElement } from './index.js';

it('the component is the element: props, events, ref', async () => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  const ref = createRef<HandoutPanelElement>();
  const unread = vi.fn();
  const recipients = vi.fn();
  const room = new FakeRoom('Physics 101', {
    id: 'ana',
    name: 'Ana',
    role: 'participant',
    grants: ['send', 'sendToAll'],
  } as never);
  const root = createRoot(document.body);
  const draw = (theme: 'light' | 'dark') =>
    act(async () =>
      root.render(
        <HandoutPanel
          ref={ref}
          className="files"
          room={room as never}
          theme={theme}
          onUnread={(event) => unread(event.detail.count)}
          onRecipients={(event) => recipients(event.detail.to)}
        />,
      ),
    );
  await draw('dark');
  const panel = ref.current;
  expect(panel?.localName).toBe('handout-panel');
  expect([panel?.className, panel?.room, panel?.theme]).toEqual(['files', room, 'dark']);
  await draw('light');
  expect(ref.current).toBe(panel);
  expect(panel?.theme).toBe('light');
  await act(async () => panel?.dispatchEvent(new CustomEvent('handout-unread', { detail: { count: 3 } })));
  expect(unread).toHaveBeenCalledWith(3);
  await act(async () => {
    if (panel !== null) panel.to = [];
  });
  expect(recipients).toHaveBeenCalledWith(undefined);
  await act(async () => root.unmount());
  expect(room.state.kind).toBe('connected'); // the panel leaves no room that it was given
});
