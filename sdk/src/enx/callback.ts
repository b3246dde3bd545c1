import { Logger } from './logger.js';

/**
 * Answers an application's callback. It may be missing or not a function
 * (applications pass `{}` and arrays), and what it throws stays its own.
 */
export function answer(callback: unknown, ...response: unknown[]): void {
  if (typeof callback !== 'function') return;
  try {
    callback(...response);
  } catch (cause) {
    Logger.error('a callback threw', cause);
  }
}

/** Answers after the running call has returned: a method never calls back before it returns. */
export function answerSoon(callback: unknown, ...response: unknown[]): void {
  queueMicrotask(() => answer(callback, ...response));
}

/** The last function among the arguments of a call whose form is not known. */
export function lastFunction(args: readonly unknown[]): unknown {
  return args.findLast((arg) => typeof arg === 'function');
}
