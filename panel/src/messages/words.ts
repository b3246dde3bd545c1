import { en } from './en.js';

/** What a message is called. */
export type MessageKey = keyof typeof en;

/** The forms of a message that depends on `{count}`, by the categories of `Intl.PluralRules`. */
export type PluralForms = Readonly<Partial<Record<Exclude<Intl.LDMLPluralRule, 'other'>, string>>> & {
  readonly other: string;
};

/** A message: a sentence, or one for each category of number. */
export type Message = string | PluralForms;

/** The messages of an application in one language, by their keys. */
export type Table = Readonly<Record<string, Message>>;

/** Every message of a language. */
export type Messages = Readonly<Record<MessageKey, Message>>;

type Text<M extends Table, K extends keyof M> = M[K] extends { readonly other: infer S } ? S : M[K];
type NamesIn<S> = S extends `${string}{${infer Name}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Names<M extends Table, K extends keyof M> = NamesIn<Text<M, K>> | (M[K] extends string ? never : 'count');

/** The values that a message needs, by their names in English. */
export type Values<M extends Table, K extends keyof M> = [Names<M, K>] extends [never]
  ? []
  : [values: { readonly [N in Names<M, K>]: string | number }];

/** Languages that are written from right to left. */
const RTL = /^(ar|ckb|dv|fa|he|ps|sd|ug|ur|yi)\b/;
const RTL_LETTER = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte', 'petabyte'] as const;

/** Words, numbers and times of one language: the panel's words, or those of another table. */
export class Words<M extends Table = typeof en> {
  /** BCP 47. */
  readonly tag: string;
  readonly #messages: Readonly<Partial<Record<keyof M, Message>>>;
  readonly #english: M;
  readonly #rtl: boolean;
  readonly #rules: Intl.PluralRules;
  readonly #numbers = new Map<string, Intl.NumberFormat>();
  #time: Intl.DateTimeFormat | undefined;

  constructor(tag: string, messages: Readonly<Partial<Record<keyof M, Message>>>, english: M) {
    this.tag = tag;
    this.#messages = messages;
    this.#english = english;
    this.#rtl = RTL.test(tag);
    this.#rules = new Intl.PluralRules(tag);
  }

  /** Where its lines begin. */
  get dir(): 'ltr' | 'rtl' {
    return this.#rtl ? 'rtl' : 'ltr';
  }

  /** A message with its values. What the language does not have is said in English. */
  text<K extends keyof M>(key: K, ...[values]: Values<M, K>): string {
    const all = values as Readonly<Record<string, string | number>> | undefined;
    const message = (this.#messages[key] ?? this.#english[key]) as Message;
    const form = typeof message === 'string' ? message : this.#form(message, Number(all?.count));
    return all === undefined ? form : form.replace(/\{(\w+)\}/g, (_, name: string) => this.#value(all[name] ?? ''));
  }

  /** The message of this key, if there is one; it has no values. */
  known(key: string): string | undefined {
    return Object.hasOwn(this.#english, key) ? (this as unknown as Words).text(key as 'save') : undefined;
  }

  number(value: number): string {
    return this.#format({}, value);
  }

  /** `part` from 0 to 1. */
  percent(part: number): string {
    return this.#format({ style: 'percent' }, part);
  }

  /** Bytes for people, in decimal units. */
  bytes(bytes: number): string {
    return this.#bytes(bytes, '');
  }

  /** Bytes a second. */
  rate(bytesPerSecond: number): string {
    return this.#bytes(bytesPerSecond, '-per-second');
  }

  /** Seconds that are left, rounded up so that it never promises too much. */
  duration(seconds: number): string {
    const whole = Math.ceil(seconds);
    const minutes = Math.ceil(whole / 60);
    if (whole < 60) return this.#unit('second', whole);
    if (minutes < 60) return this.#unit('minute', minutes);
    const rest = minutes % 60;
    const hours = this.#unit('hour', Math.floor(minutes / 60));
    return rest === 0 ? hours : `${hours} ${this.#unit('minute', rest)}`;
  }

  /** "10 minutes", "24 hours": the largest unit that stays whole, days from two up. */
  spell(seconds: number): string {
    const [unit, length] =
      SPANS.find(
        ([unit, length]) => Number.isInteger(seconds / length) && seconds / length >= (unit === 'day' ? 2 : 1),
      ) ?? SECOND;
    return this.#unit(unit, Math.round(seconds / length), 'long');
  }

  /** "A and B". */
  list(items: readonly string[]): string {
    return new Intl.ListFormat(this.tag).format(items.map((item) => this.#value(item)));
  }

  /** Facts beside each other: "45% · 3.2 MB/s". */
  facts(facts: readonly string[]): string {
    return facts.map((fact) => this.#value(fact)).join(' · ');
  }

  /** The time of day, as it is written where the reader lives. */
  clock(at: Date): string {
    this.#time ??= new Intl.DateTimeFormat(this.tag, { hour: 'numeric', minute: '2-digit' });
    return this.#time.format(at);
  }

  /** Day and time. */
  moment(at: Date): string {
    return at.toLocaleString(this.tag);
  }

  #form(message: PluralForms, count: number): string {
    return message[this.#rules.select(count)] ?? message.other;
  }

  /** A name in another direction than its sentence must not turn the sentence round. */
  #value(value: string | number): string {
    if (typeof value === 'number') return this.number(value);
    return this.#rtl || RTL_LETTER.test(value) ? `\u2068${value}\u2069` : value;
  }

  #bytes(bytes: number, per: '' | '-per-second'): string {
    let value = Math.max(0, bytes) || 0;
    let at = 0;
    // 999.5 would be written 1000: it belongs to the next unit.
    while (Math.round(value) >= 1000 && at < UNITS.length - 1) {
      value /= 1000;
      at++;
    }
    const digits = at > 0 && value < 9.95 ? 1 : 0;
    const unitDisplay = at === 0 && per === '' ? 'long' : 'short';
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return this.#format({ style: 'unit', unit: `${UNITS[at]}${per}`, unitDisplay, ...options }, value);
  }

  #unit(unit: string, value: number, unitDisplay: 'short' | 'long' = 'short'): string {
    return this.#format({ style: 'unit', unit, unitDisplay }, value);
  }

  /** Making a formatter is dear, and there are few kinds. */
  #format(options: Intl.NumberFormatOptions, value: number): string {
    const key = JSON.stringify(options);
    let format = this.#numbers.get(key);
    if (format === undefined) {
      format = new Intl.NumberFormat(this.tag, options);
      this.#numbers.set(key, format);
    }
    return format.format(value);
  }
}

const SECOND = ['second', 1] as const;
const SPANS = [['day', 86_400], ['hour', 3_600], ['minute', 60], SECOND] as const;

/** What is spoken until another language is there. */
export const english = new Words('en', en, en);
