import { describe, expect, it } from 'vitest';
import { Toasts } from './toasts.js';

function setUp() {
  const waiting = new Map<number, () => void>();
  let next = 1;
  let changes = 0;
  const toasts = new Toasts(() => changes++, {
    set: (run) => {
      waiting.set(next, run);
      return next++;
    },
    clear: (id) => void waiting.delete(id),
  });
  const elapse = () => {
    for (const [id, run] of [...waiting]) {
      waiting.delete(id);
      run();
    }
  };
  const texts = () => toasts.items.map(({ text }) => text);
  return { toasts, elapse, texts, waiting, changes: () => changes };
}

describe('toasts', () => {
  it('leave by themselves, errors do not', () => {
    const { toasts, elapse, texts } = setUp();
    toasts.show('hello');
    toasts.show('no', 'error');
    elapse();
    expect(texts()).toEqual(['no']);
  });

  it('make room: never more than three', () => {
    const { toasts, texts, waiting } = setUp();
    for (const text of ['1', '2', '3', '4']) toasts.show(text);
    expect(texts()).toEqual(['2', '3', '4']);
    expect(waiting.size).toBe(3);
  });

  it('wait while they are held, and go on after', () => {
    const { toasts, elapse, texts } = setUp();
    toasts.show('hello');
    toasts.hold();
    elapse();
    expect(texts()).toEqual(['hello']);
    toasts.release();
    toasts.release(); // twice does no harm
    elapse();
    expect(texts()).toEqual([]);
  });

  it('say something else as long as they are there, and stay for that', () => {
    const { toasts, elapse, texts, waiting } = setUp();
    const id = toasts.show('one');
    const before = [...waiting.keys()];
    expect(toasts.reword(id, 'two')).toBe(true);
    expect([texts(), waiting.size]).toEqual([['two'], 1]);
    expect([...waiting.keys()]).not.toEqual(before); // its time begins again
    toasts.hold();
    toasts.reword(id, 'three');
    expect([texts(), waiting.size]).toEqual([['three'], 0]);
    toasts.release();
    elapse();
    expect([toasts.reword(id, 'four'), texts()]).toEqual([false, []]);
  });

  it('are closed by hand and cleared, leaving no timer', () => {
    const { toasts, texts, waiting, changes } = setUp();
    toasts.show('a');
    toasts.show('b');
    toasts.close(toasts.items[0]?.id ?? 0);
    expect(texts()).toEqual(['b']);
    toasts.clear();
    expect([texts(), waiting.size]).toEqual([[], 0]);
    expect(changes()).toBe(4);
  });
});
