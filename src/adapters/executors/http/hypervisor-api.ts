// A hypervisor's HTTP API: one question, one answer, within bounds of time and size. Status 4xx is
// a refusal in the hypervisor's words; anything that is no answer is EXECUTOR_UNREACHABLE.
import { readFileSync } from 'node:fs';
import { request as plainRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { z } from 'zod';
import { DomainError } from '../../../core';

export interface ApiPlace {
  /** As messages call it: "Kubernetes". */
  readonly name: string;
  readonly url: string;
  /** PEM of the authority that signed the server's certificate; absent: the system's. */
  readonly caFile?: string;
  readonly timeoutMs?: number;
}

export interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string as it is. */
  readonly body?: object | string;
  readonly type?: string;
}

export interface Answer {
  readonly status: number;
  /** The text beside the status: Proxmox puts its reasons there. */
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 8 * 2 ** 20;
const WORDS_MAX = 500;

export class HypervisorApi {
  private readonly base: string;
  private readonly ca?: Buffer;

  /** Throws REQUEST_INVALID for a bad address, INPUT_UNREADABLE naming the file. */
  constructor(private readonly place: ApiPlace) {
    const { name, url, caFile } = place;
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      const message = `${name}: url is '${url}'; http://HOST:PORT or https://HOST is accepted`;
      throw new DomainError('REQUEST_INVALID', message);
    }
    this.base = url.replace(/\/+$/, '');
    if (caFile !== undefined) this.ca = Buffer.from(secretIn(caFile, `${name}: caFile`));
  }

  /** Any status. Throws EXECUTOR_UNREACHABLE without a whole answer. */
  async ask(method: Method, path: string, question: Question = {}): Promise<Answer> {
    const { timeoutMs = TIMEOUT_MS } = this.place;
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await this.exchange(method, path, question, signal);
    } catch (error) {
      if (error instanceof DomainError) throw error;
      const why = signal.aborted ? `within ${timeoutMs / 1_000} s` : `: ${wordsOf(error)}`;
      throw this.unreachable(method, path, `does not answer${signal.aborted ? ' ' : ''}${why}`);
    }
  }

  /** The body of a 2xx, by its schema; undefined at 404. */
  async find<T>(
    schema: z.ZodType<T>,
    method: Method,
    path: string,
    question: Question = {},
  ): Promise<T | undefined> {
    const answer = await this.ask(method, path, question);
    return answer.status === 404 ? undefined : this.read(schema, answer, method, path);
  }

  /** As `find`; a 404 is a refusal too. */
  async get<T>(
    schema: z.ZodType<T>,
    method: Method,
    path: string,
    question: Question = {},
  ): Promise<T> {
    return this.read(schema, await this.ask(method, path, question), method, path);
  }

  /** Throws EXECUTOR_REFUSED for 4xx, EXECUTOR_UNREACHABLE for 3xx, 5xx, and nonsense. */
  read<T>(schema: z.ZodType<T>, answer: Answer, method: Method, path: string): T {
    this.accept(answer, method, path);
    const parsed = schema.safeParse(jsonOf(answer.text));
    if (parsed.success) return parsed.data;
    const [fault] = parsed.error.issues;
    const field = fault.path.length === 0 ? 'its body' : `'${fault.path.join('.')}'`;
    const said = `answers nonsense: ${field}: ${fault.message} ('${answer.text.slice(0, 80)}')`;
    throw this.unreachable(method, path, said);
  }

  accept(answer: Answer, method: Method, path: string): void {
    const { status } = answer;
    if (status >= 200 && status < 300) return;
    const said = `${method} ${path}: ${status} ${saidIn(answer)}`;
    // 408: it gave up waiting for us, and cannot say what it has read.
    if (status >= 400 && status < 500 && status !== 408) {
      throw new DomainError('EXECUTOR_REFUSED', `${this.place.name} refuses ${said}`, { status });
    }
    throw new DomainError('EXECUTOR_UNREACHABLE', `${this.place.name} fails at ${said}`, {
      status,
    });
  }

  private unreachable(method: Method, path: string, what: string): DomainError {
    const message = `${this.place.name} at '${this.base}' ${what} (${method} ${path})`;
    return new DomainError('EXECUTOR_UNREACHABLE', message);
  }

  private exchange(
    method: Method,
    path: string,
    { headers, body, type = 'application/json' }: Question,
    signal: AbortSignal,
  ): Promise<Answer> {
    const sent = typeof body === 'object' ? JSON.stringify(body) : body;
    const request = this.base.startsWith('https:') ? tlsRequest : plainRequest;
    return new Promise((resolve, reject) => {
      const asked = request(`${this.base}${path}`, {
        method,
        ca: this.ca,
        signal,
        agent: false,
        headers: {
          accept: 'application/json',
          ...(sent !== undefined && {
            'content-type': type,
            'content-length': Buffer.byteLength(sent),
          }),
          ...headers,
        },
      });
      asked.on('error', reject);
      asked.on('response', (response) => void readWhole(response).then(resolve, reject));
      asked.end(sent);
    });
  }
}

/** A secret or certificate from its file, read at each use: tokens are renewed there. */
export function secretIn(path: string, field: string): string {
  try {
    const text = readFileSync(path, 'utf8').trim();
    if (text !== '') return text;
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const message = `${field} '${path}' cannot be read (${why})`;
    throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
  }
  throw new DomainError('INPUT_UNREADABLE', `${field} '${path}' is empty`, { path });
}

async function readWhole(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).length;
    if (bytes > ANSWER_BYTES_MAX) {
      response.destroy();
      throw new Error(`its answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    }
    parts.push(part as Buffer);
  }
  const { statusCode = 0, statusMessage = '', headers } = response;
  const text = Buffer.concat(parts).toString('utf8');
  return { status: statusCode, reason: statusMessage, headers, text };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON: the schema names what is missing
  }
}

/** The reason: a message in the body (Kubernetes, Nova, Proxmox), else beside the status. */
export function saidIn({ text, reason }: Answer): string {
  const body = jsonOf(text) as Record<string, unknown> | null | undefined;
  const inner = Object.values(body ?? {}).find(
    (value) => typeof value === 'object' && value !== null && 'message' in value,
  ) as { readonly message?: unknown } | undefined;
  const message = body?.message ?? inner?.message;
  const errors = body?.errors === undefined ? '' : ` ${JSON.stringify(body.errors)}`;
  const words = typeof message === 'string' && message.trim() !== '' ? message.trim() : reason;
  return `${words}${errors}`.slice(0, WORDS_MAX);
}

export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return error.message === '' ? String(code) : error.message;
}
