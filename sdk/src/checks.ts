/** What is looked at before the SDK believes the type of what came from the server. */
type Fields = Record<string, unknown>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function hasStrings(value: unknown, ...names: string[]): value is Fields {
  return isObject(value) && names.every((name) => typeof value[name] === 'string');
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
