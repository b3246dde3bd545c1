import type { Message, Table } from '../messages/words.js';

/** The code of a package by path, as `import.meta.glob` gives it with `?raw`. */
export type Sources = Readonly<Record<string, string>>;

/** What is wrong with the tables of some languages, by their tags, held against that of English, `en`. */
export function tableFaults(languages: Readonly<Record<string, Table>> & { readonly en: Table }): string[] {
  return Object.entries(languages).flatMap(([tag, table]) => [
    ...keyFaults(tag, table, languages.en),
    ...Object.entries(table).flatMap(([key, message]) => formFaults(tag, key, message)),
  ]);
}

const formsOf = (message: Message): string[] => (typeof message === 'string' ? [message] : Object.values(message));

/** What all forms need: `{count}` may be left to the form, as in "one file". */
function needed(message: Message | undefined): string[] {
  const forms = message === undefined ? [] : formsOf(message);
  const names = forms.flatMap((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? ''));
  return [...new Set(names)].filter((name) => typeof message === 'string' || name !== 'count').sort();
}

function keyFaults(tag: string, table: Table, en: Table): string[] {
  const faults = Object.keys(table).flatMap((key) => (key in en ? [] : [`${tag}: ${key} is no message`]));
  for (const [key, message] of Object.entries(en)) {
    if (table[key] === undefined) faults.push(`${tag}: ${key} is missing`);
    else if (String(needed(table[key])) !== String(needed(message))) faults.push(`${tag}: ${key} has other values`);
  }
  return faults;
}

/** A form for each category of numbers that the language knows, none empty, and each with the values that it needs. */
function formFaults(tag: string, key: string, message: Message): string[] {
  const faults = [];
  const categories = new Intl.PluralRules(tag).resolvedOptions().pluralCategories.sort();
  if (typeof message !== 'string' && String(Object.keys(message).sort()) !== String(categories))
    faults.push(`${tag}: ${key} has not the forms ${categories}`);
  for (const form of formsOf(message)) {
    if (form.trim() === '') faults.push(`${tag}: ${key} is empty`);
    for (const name of needed(message)) if (!form.includes(`{${name}}`)) faults.push(`${tag}: ${key} lacks {${name}}`);
  }
  return faults;
}

/** The keys that the code never says. */
export function unsaid(en: Table, sources: Sources): string[] {
  const said = Object.values(sources).join('\n');
  return Object.keys(en).filter((key) => {
    const parts = key.split('.');
    // `state.${state}` stands for all that begin so, and `${verb}.of` for all that end so.
    const stems = parts.flatMap((_, i) => [
      `${[...parts.slice(0, i), ''].join('.')}\${`,
      `}.${parts.slice(i + 1).join('.')}\``,
    ]);
    return !said.includes(`'${key}'`) && !stems.some((stem) => stem.length > 3 && said.includes(stem));
  });
}

/** Words for people that stand in a template or a property instead of in a table. */
const LITERALS = [
  /(?:aria-label|title|placeholder|alt)="[^"$]*[A-Za-z]{2}/g, // an attribute that is read out
  />\s*[A-Z][a-z]+[^<>{}=`]*<\//g, // a text between tags
  /\.(?:show|refuse|notify|announce)\(\s*['"`][A-Z]/g, // said directly
];

/** Those words, with the paths of the code that has them. */
export function literals(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const bare = text.replace(/\/\*\*.*?\*\//gs, '').replace(/(?<![:'"`])\/\/.*/g, '');
    return LITERALS.flatMap((kind) => [...bare.matchAll(kind)].map(([words]) => `${path}: ${words}`));
  });
}

/** The code without the tables, which stand in `messages/` as `xx.ts`. */
export function withoutTables(sources: Sources): Sources {
  return Object.fromEntries(Object.entries(sources).filter(([path]) => tagOf(path) === undefined));
}

/** The tags of the tables. */
export function tagsOf(sources: Sources): string[] {
  return Object.keys(sources)
    .flatMap((path) => tagOf(path) ?? [])
    .sort();
}

function tagOf(path: string): string | undefined {
  return /^\.\/([a-z]{2})\.ts$/.exec(path)?.[1];
}
