import { afterEach, describe, expect, it, vi } from 'vitest';
import { EnxEvents } from './events.js';

afterEach(() => void vi.restoreAllMocks());

describe('events', () => {
  it('calls listeners synchronously, in order, with the one plain object', () => {
    const events = new EnxEvents();
    const calls: unknown[] = [];
    const event = { type: 'a', message: 1 };
    events.addEventListener('a', (got) => calls.push(['first', got]));
    events.on('a', (got) => calls.push(['second', got]));
    events.dispatchEvent(event);
    expect(calls).toEqual([
      ['first', event],
      ['second', event],
    ]);
  });

  it('does not stop at a listener that throws, and says so on the console', () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const events = new EnxEvents();
    const after = vi.fn();
    events.addEventListener('a', () => {
      throw new Error('of the application');
    });
    events.addEventListener('a', after);
    events.dispatchEvent({ type: 'a' });
    expect(after).toHaveBeenCalledOnce();
    expect(error).toHaveBeenCalledOnce();
  });

  it.each(['removeEventListener', 'off'] as const)('%s removes, also while an event is told', (remove) => {
    const events = new EnxEvents();
    const second = vi.fn();
    events.addEventListener('a', () => events[remove]('a', second));
    events.addEventListener('a', second);
    events.dispatchEvent({ type: 'a' });
    expect(second).not.toHaveBeenCalled();
    expect(() => events[remove]('never', second)).not.toThrow();
  });

  it('calls a listener once though it was added twice', () => {
    const events = new EnxEvents();
    const listener = vi.fn();
    events.addEventListener('a', listener);
    events.on('a', listener);
    events.emit({ type: 'a' });
    expect(listener).toHaveBeenCalledOnce();
  });

  it('takes emit with a type and a message', () => {
    const events = new EnxEvents();
    const listener = vi.fn();
    events.on('a', listener);
    events.emit('a', 7);
    expect(listener).toHaveBeenCalledWith({ type: 'a', message: 7 });
  });

  it('ignores listeners and events that are none', () => {
    const events = new EnxEvents();
    for (const odd of [undefined, null, {}, 'x']) {
      expect(() => events.addEventListener('a', odd as never)).not.toThrow();
      expect(() => events.dispatchEvent(odd as never)).not.toThrow();
    }
    expect(() => events.dispatchEvent({ type: 'a' })).not.toThrow();
  });
});
