// One value inside a JSON document, with its path: asks for a kind of value, or refuses by file, path, and reason.
import { DomainError } from '../../../core';

const INTEGER = /^\d{1,9}$/;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

export class JsonPlace {
  constructor(
    private readonly file: string,
    private readonly path: string,
    readonly value: unknown,
  ) {}

  /** Throws INPUT_UNREADABLE naming the file, the place, and the reason. */
  refuse(reason: string): never {
    const place = this.path === '' ? '' : `${this.path} `;
    throw new DomainError('INPUT_UNREADABLE', `XGBoost model '${this.file}': ${place}${reason}`, {
      path: this.file,
    });
  }

  has(key: string): boolean {
    return this.isObject() && Object.hasOwn(this.value, key);
  }

  at(key: string): JsonPlace {
    if (!this.isObject()) return this.refuse('is not an object');
    const path = this.path === '' ? key : `${this.path}.${key}`;
    if (!Object.hasOwn(this.value, key)) {
      return new JsonPlace(this.file, path, undefined).refuse('is missing');
    }
    return new JsonPlace(this.file, path, this.value[key]);
  }

  items(): readonly JsonPlace[] {
    const { file, path, value } = this;
    if (!Array.isArray(value)) return this.refuse('is not an array');
    return value.map((one: unknown, index) => new JsonPlace(file, `${path}[${index}]`, one));
  }

  text(): string {
    return typeof this.value === 'string' ? this.value : this.refuse('is not a text');
  }

  texts(): readonly string[] {
    return this.items().map((one) => one.text());
  }

  /** Texts by key. */
  dictionary(): Readonly<Record<string, string>> {
    if (!this.isObject()) return this.refuse('is not an object');
    return Object.fromEntries(Object.keys(this.value).map((key) => [key, this.at(key).text()]));
  }

  /** XGBoost writes its settings as texts: "30". */
  count(): number {
    const text = String(this.value);
    return INTEGER.test(text) ? Number(text) : this.refuse(`is '${brief(text)}', not a count`);
  }

  /** A number, or a text of one. */
  number(): number {
    const text = String(this.value).trim();
    return NUMBER.test(text) ? Number(text) : this.refuse(`is '${brief(text)}', not a number`);
  }

  /** One number, or several as in "[1E0,2E0]". */
  numbersOfText(): readonly number[] {
    const text = String(this.value).trim();
    const inner = /^[[(](.*)[\])]$/.exec(text)?.[1] ?? text;
    return inner.split(',').map((one) => new JsonPlace(this.file, this.path, one).number());
  }

  /** `length` whole numbers from `least` to `most`; false and true are 0 and 1. */
  integers(length: number, least: number, most: number): Int32Array {
    const values = this.array(length);
    const integers = new Int32Array(length);
    for (let at = 0; at < length; at += 1) {
      const value = typeof values[at] === 'boolean' ? Number(values[at]) : values[at];
      if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
        this.refuse(`[${at}] is ${brief(JSON.stringify(value))}; ${least} to ${most} is accepted`);
      }
      integers[at] = value as number;
    }
    return integers;
  }

  /** `length` numbers that are finite in float32. */
  floats(length: number): Float32Array {
    const values = this.array(length);
    const floats = new Float32Array(length);
    for (let at = 0; at < length; at += 1) {
      const value = values[at];
      floats[at] = typeof value === 'number' ? value : Number.NaN;
      if (!Number.isFinite(floats[at])) {
        this.refuse(`[${at}] is ${brief(JSON.stringify(value))}, not a finite float32`);
      }
    }
    return floats;
  }

  private array(length: number): readonly unknown[] {
    if (!Array.isArray(this.value)) return this.refuse('is not an array');
    if (this.value.length !== length) {
      this.refuse(`has ${this.value.length} entries; ${length} are expected`);
    }
    return this.value as readonly unknown[];
  }

  private isObject(): this is { readonly value: Readonly<Record<string, unknown>> } {
    return typeof this.value === 'object' && this.value !== null && !Array.isArray(this.value);
  }
}

const BRIEF = 40;

function brief(text: string): string {
  return text.length > BRIEF ? `${text.slice(0, BRIEF)}...` : text;
}
