import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('tus', import.meta.url));

/**
 * Takes the modules of scripts/tus/ in place of those of the same names in tus-js-client, which serve React Native,
 * Cordova, streams and a store of its own for addresses, and bring the helpers of old engines along: ours sends Blobs
 * to an address that it is given.
 */
export function slimTus() {
  return {
    name: 'slim-tus',
    enforce: 'pre',
    resolveId(source, importer = '') {
      const file = path.join(folder, path.basename(source));
      return source.startsWith('.') && /\/tus-js-client\/lib\.esm\//.test(importer) && existsSync(file) ? file : null;
    },
  };
}
