// The service over HTTP, for the commands that ask a running one; its problems become DomainErrors.
import { readFileSync } from 'node:fs';
import { addressOf, readConfig } from '../../config';
import { DomainError, ERRORS, type ErrorCode } from '../../core';
import { operatorTokenPath } from '../auth/operator-token';

export interface ServiceOptions {
  /** "http://127.0.0.1:8420"; default from HTTP_HOST and HTTP_PORT. */
  readonly url?: string;
  /** Default: the operator's token in DATA_DIR. */
  readonly tokenFile?: string;
}

const ANSWER_MS_MAX = 30_000;

export class RestClient {
  private constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  /** Throws INPUT_UNREADABLE naming the token file. */
  static of(options: ServiceOptions): RestClient {
    const { HTTP_HOST, HTTP_PORT, DATA_DIR } = readConfig(process.env);
    const url = options.url ?? addressOf(HTTP_HOST, HTTP_PORT);
    if (!URL.canParse(url) || !/^https?:/.test(url)) {
      throw new DomainError(
        'REQUEST_INVALID',
        `--url is '${url}'; http://HOST:PORT or https://HOST is accepted`,
      );
    }
    return new RestClient(
      url.replace(/\/+$/, ''),
      tokenOf(options.tokenFile ?? operatorTokenPath(DATA_DIR)),
    );
  }

  /** The body as the bytes say. Throws the service's own problem, or SERVICE_UNREACHABLE. */
  async text(path: string, method = 'GET', body?: unknown): Promise<string> {
    const response = await this.ask(path, method, body);
    const text = await response.text();
    if (!response.ok) throw problemOf(response, text, `${method} ${this.url}${path}`);
    return text;
  }

  async json<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    const text = await this.text(path, method, body);
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      const message = `${this.url} is no slackwater service: it does not answer in JSON`;
      throw new DomainError('SERVICE_UNREACHABLE', message, {}, { cause });
    }
  }

  private async ask(path: string, method: string, body: unknown): Promise<Response> {
    try {
      return await fetch(`${this.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
    } catch (cause) {
      const message = `no service answers at ${this.url}: ${reasonOf(cause)}`;
      throw new DomainError('SERVICE_UNREACHABLE', message, {}, { cause });
    }
  }
}

function tokenOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const message = `token file '${path}' cannot be read (${why}); name it with --token-file`;
    throw new DomainError('INPUT_UNREADABLE', message, {}, { cause });
  }
}

function problemOf(response: Response, text: string, asked: string): DomainError {
  const { code, detail } = bodyOf(text);
  if (code !== undefined && code in ERRORS) {
    return new DomainError(code as ErrorCode, detail ?? asked);
  }
  return new DomainError('SERVICE_UNREACHABLE', `${asked} was answered with ${response.status}`);
}

function bodyOf(text: string): { readonly code?: string; readonly detail?: string } {
  try {
    return (JSON.parse(text) ?? {}) as { code?: string; detail?: string };
  } catch {
    return {}; // not from us: a proxy, or another service
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = (error.cause ?? {}) as { readonly code?: string };
  return code ?? error.message;
}
