import { withoutInvisible } from '../model/text.ts';

/** Takes secrets out of a text before anybody sees it. */
export type Conceal = (text: string) => string;

const MARK = '[secret]';
/** How often an escaped text may be escaped again. */
const DEPTH = 3;
/** Shorter secrets are not looked for in names and ids. */
const SHORTEST = 8;

/**
 * Replaces each secret, in whatever form a server sends it back: as it is, escaped (JSON, percent, HTML),
 * or in base64 or hexadecimal digits, alone or within something longer.
 */
export function concealer(secrets: Iterable<string>): Conceal {
  return concealForms(formsOf(secrets));
}

function concealForms(forms: readonly string[]): Conceal {
  const replace = (text: string) =>
    forms.reduce((result, form) => result.replaceAll(form, MARK), text);
  return (text) => {
    let result = replace(text);
    let plain = result;
    for (let depth = 0; depth < DEPTH; depth += 1) {
      const unescaped = resolveEscapes(plain);
      if (unescaped === plain) break;
      plain = replace(unescaped);
      if (plain !== unescaped) result = plain;
    }
    return result;
  };
}

/** Whether a name or an id holds a secret, in whatever form. */
export function revealer(secrets: Iterable<string>): (text: string) => boolean {
  return revealForms(formsOf(secrets));
}

/** Hides the secrets of a set that only grows: a run may have a token for each of 1,000 projects. */
export class Secrecy {
  readonly #secrets: ReadonlySet<string>;
  #forms: readonly string[] = [];
  #known = 0;
  #conceal: Conceal = concealForms([]);
  #reveals = revealForms([]);

  constructor(secrets: ReadonlySet<string>) {
    this.#secrets = secrets;
  }

  /** As {@link concealer} does. */
  conceal(text: string): string {
    this.#catchUp();
    return this.#conceal(text);
  }

  /** As {@link revealer} does. */
  reveals(text: string): boolean {
    this.#catchUp();
    return this.#reveals(text);
  }

  #catchUp(): void {
    if (this.#known === this.#secrets.size) return;
    const fresh = formsOf([...this.#secrets].slice(this.#known));
    this.#known = this.#secrets.size;
    this.#forms = longestFirst(new Set([...this.#forms, ...fresh]));
    this.#conceal = concealForms(this.#forms);
    this.#reveals = revealForms(this.#forms);
  }
}

/** @param all the longest first. */
function revealForms(all: readonly string[]): (text: string) => boolean {
  // A short one occurs in many harmless texts; in messages it is hidden all the same.
  const forms = all.filter((form) => form.length >= SHORTEST);
  const conceal = concealForms(forms);
  return (text) => {
    // Most are tokens, and longer than any name.
    for (let i = forms.length - 1; i >= 0; i -= 1) {
      const form = forms[i] as string;
      if (form.length > text.length) break;
      if (text.includes(form)) return true;
    }
    // Most names are plain, and there are many.
    const seen = withoutInvisible(text);
    return (seen !== text || /[\\%&]/.test(text)) && conceal(seen) !== seen;
  };
}

function formsOf(secrets: Iterable<string>): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret === '') continue;
    const bytes = Buffer.from(secret);
    const hex = bytes.toString('hex');
    const encoded = encodeURIComponent(secret.toWellFormed());
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encoded,
      encoded.toLowerCase(),
      hex,
      hex.toUpperCase(),
      ...base64Forms(bytes),
    ]) {
      forms.add(form);
    }
  }
  return longestFirst(forms);
}

/** One may be part of another, as `summer` is of `summer25`. */
function longestFirst(forms: Iterable<string>): string[] {
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Base64 writes three bytes as four characters, so a secret looks different at each of three places. */
function base64Forms(bytes: Buffer): string[] {
  if (bytes.length < 6) return [bytes.toString('base64')];
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Without the characters that depend on the bytes around it.
    const whole = Math.floor((before + bytes.length) / 3) * 4;
    const form = text.slice(before === 0 ? 0 : 4, whole);
    return [form, form.replaceAll('+', '-').replaceAll('/', '_')];
  });
}

const ESCAPE =
  /\\u([0-9a-f]{4})|\\u\{([0-9a-f]{1,6})\}|\\x([0-9a-f]{2})|((?:%[0-9a-f]{2})+)|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(amp|lt|gt|quot|apos);|\\([\\/"'])/gi;
const NAMED: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function resolveEscapes(text: string): string {
  return text.replace(ESCAPE, (all, u, braced, x, percent, hex, decimal, name, escaped) => {
    if (percent !== undefined) return Buffer.from(percent.replaceAll('%', ''), 'hex').toString();
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? all;
    if (escaped !== undefined) return escaped;
    const code =
      decimal === undefined ? Number.parseInt(u ?? braced ?? x ?? hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}
