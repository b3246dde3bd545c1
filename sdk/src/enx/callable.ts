/** A class whose name can be called like a function. */
export type Callable<Args extends unknown[], T> = (new (...args: Args) => T) & ((...args: Args) => T);

/** Lets a class be used with and without `new`, as applications do both; `instanceof` and `extends` work. */
export function callable<Args extends unknown[], T>(made: new (...args: Args) => T): Callable<Args, T> {
  return new Proxy(made, { apply: (target, _self, args) => new target(...(args as Args)) }) as Callable<Args, T>;
}
