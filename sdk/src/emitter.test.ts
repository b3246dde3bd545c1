import { expect, it, vi } from 'vitest';
import { Emitter } from './emitter.js';

interface Events {
  told: number;
  other: string;
}

it('calls listeners in order, with the event, until they are taken off', () => {
  const emitter = new Emitter<Events>();
  const heard: string[] = [];
  const off = emitter.on('told', (n) => heard.push(`first ${n}`));
  emitter.on('told', (n) => heard.push(`second ${n}`));
  emitter.emit('told', 1);
  off();
  emitter.emit('told', 2);
  emitter.emit('other', 'nobody listens');
  expect(heard).toEqual(['first 1', 'second 1', 'second 2']);
});

it('goes on after a listener that throws and gives its error to the page', () => {
  const tasks: (() => void)[] = [];
  vi.stubGlobal('queueMicrotask', (task: () => void) => tasks.push(task));
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  emitter.on('told', () => {
    throw new Error('theirs');
  });
  emitter.on('told', (n) => heard.push(n));
  emitter.emit('told', 1);
  vi.unstubAllGlobals();
  expect(heard).toEqual([1]);
  expect(() => tasks[0]?.()).toThrow('theirs');
});

it('lets a listener take itself off while it is called', () => {
  const emitter = new Emitter<Events>();
  const heard: number[] = [];
  const off = emitter.on('told', () => off());
  emitter.on('told', (n) => heard.push(n));
  emitter.emit('told', 1);
  emitter.emit('told', 2);
  expect(heard).toEqual([1, 2]);
});
