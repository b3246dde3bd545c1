import { HandoutError, type Room } from '@handout/sdk';
import { act, StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeRoom } from '../dev/fake-room.js';
import { useRoom } from './index.js';

const sdk = vi.hoisted(() => ({ join: vi.fn() }));
vi.mock('@handout/sdk', async (original) => ({ ...(await original<object>()), ...sdk }));

const person = (id: string) => ({ id, name: id, role: 'participant', grants: [] as [], joinedAt: new Date(0) });
const room = (name = 'Physics 101') => new FakeRoom(name, person('ana') as never);

let root: Root;
let log: string[];

/** What the component makes of what it is given. */
function Shown({ token }: { token?: string }) {
  const standing = useRoom('https://files.example.org', token);
  switch (standing.kind) {
    case 'in':
      return `${standing.room.name}: ${standing.room.participants.size}`;
    case 'left':
      return `left: ${standing.reason}`;
    case 'refused':
      return `refused: ${standing.error.code}`;
    default:
      return standing.kind;
  }
}

const render = (token?: string) =>
  act(async () => root.render(<StrictMode>{token === undefined ? <Shown /> : <Shown token={token} />}</StrictMode>));

/** Lets whoever asks into a room, and notes who comes and goes. */
function admit(...rooms: FakeRoom[]): void {
  sdk.join.mockImplementation(async (token: string) => {
    log.push(`join ${token}`);
    const made = rooms.shift() ?? room();
    const leave = made.leave.bind(made);
    made.leave = async () => {
      await Promise.resolve();
      await leave();
      log.push(`left ${token}`);
    };
    return made as unknown as Room;
  });
}

beforeEach(() => {
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', true);
  log = [];
  root = createRoot(document.body);
});

afterEach(async () => {
  await act(async () => root.unmount());
  vi.unstubAllGlobals();
  sdk.join.mockReset();
});

describe('useRoom', () => {
  it('joins once, also where everything is mounted twice, and leaves when it is unmounted', async () => {
    admit();
    await render('t1');
    expect(document.body.textContent).toBe('Physics 101: 1');
    expect(sdk.join.mock.calls).toEqual([
      ['t1', { server: 'https://files.example.org', signal: expect.any(AbortSignal) }],
    ]);
    await act(async () => root.render(null));
    expect(log).toEqual(['join t1', 'left t1']);
  });

  it('renders again what has changed', async () => {
    const physics = room();
    admit(physics);
    await render('t1');
    await act(async () => {
      const ben = person('ben') as never;
      physics.participants.set('ben', ben);
      physics.tell('participant-joined', { participant: ben });
    });
    expect(document.body.textContent).toBe('Physics 101: 2');
    await act(async () => {
      physics.state = { kind: 'left', reason: 'dropped' };
      physics.tell('state', { state: physics.state });
    });
    expect(document.body.textContent).toBe('left: dropped');
  });

  it('goes to another room with another token, and has left the same one before it comes again', async () => {
    admit(room('Physics'), room('Chemistry'), room('Physics'));
    await render('t1');
    await render('t2');
    expect(document.body.textContent).toBe('Chemistry: 1');
    await act(async () => root.render(null));
    await render('t2');
    expect(log).toEqual(['join t1', 'join t2', 'left t1', 'left t2', 'join t2']);
  });

  it('leaves a room that it comes into too late', async () => {
    const physics = room();
    const leave = vi.spyOn(physics, 'leave');
    let open!: (into: unknown) => void;
    sdk.join.mockReturnValue(new Promise((resolve) => (open = resolve)));
    await render('t1');
    expect(document.body.textContent).toBe('joining');
    await act(async () => root.render(null));
    await act(async () => open(physics));
    expect(leave).toHaveBeenCalledOnce();
  });

  it('says why it was not let in, and waits for a token', async () => {
    sdk.join.mockRejectedValue(new HandoutError('room-full', 'full'));
    await render();
    expect(document.body.textContent).toBe('none');
    expect(sdk.join).not.toHaveBeenCalled();
    await render('t1');
    expect(document.body.textContent).toBe('refused: room-full');
  });
});
