import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the repository that the tests are of. */
export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** Where the README says that the server is. */
export const local = 'http://localhost:8080';

/** The first fenced block of the README, or of another page, in that language that has the words in it, as it stands there. */
export async function block(language: string, words: string, folder = repository, page = 'README.md'): Promise<string> {
  const text = await readFile(path.join(folder, page), 'utf8');
  for (const [, code = ''] of text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs')))
    if (code.includes(words)) return code;
  throw new Error(`${page} has no ${language} with ${words}`);
}
