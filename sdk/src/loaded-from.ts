/** Where this code was loaded from: a script tag says so while it runs, a module always. */
export const script = loadedFrom();

function loadedFrom(): string | undefined {
  const current = globalThis.document?.currentScript;
  return current && 'src' in current && current.src !== '' ? current.src : import.meta.url;
}
