// Built processes under test: started, killed, awaited, and never left behind.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ROOT = resolve(__dirname, '../..');

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Throws where dist/ is missing: these tests run what users run. */
export function requireBuild(): void {
  if (!existsSync(join(ROOT, 'dist/main.js'))) {
    throw new Error('dist/ is missing; run "node scripts/build.mjs service native" first');
  }
}

export class Process {
  private constructor(
    readonly child: ChildProcess,
    private readonly lines: string[],
  ) {}

  static start(
    script: string,
    args: readonly string[],
    environment: Record<string, string>,
  ): Process {
    const child = spawn(process.execPath, [join(ROOT, 'dist', script), ...args], {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.on('exit', () => running.delete(child));
    const lines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()));
    }
    return new Process(child, lines);
  }

  get output(): string {
    return this.lines.join('');
  }

  get exited(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The first match in what it has printed so far, or will print. */
  async says(pattern: RegExp, timeoutMs = 60_000): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.output);
      if (match !== null) return match;
      if (this.exited) throw new Error(`it ended without saying ${pattern}: ${this.output}`);
      if (Date.now() > deadline) throw new Error(`it did not say ${pattern}: ${this.output}`);
      await pause(30);
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.exited) return;
    const gone = new Promise((done) => this.child.once('exit', done));
    this.child.kill(signal);
    await gone;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Polls until `question` answers something. */
export async function until<T>(
  what: string,
  question: () => Promise<T | undefined>,
  timeoutMs = 90_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await question();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    await pause(150);
  }
}

export class Client {
  constructor(
    readonly url: string,
    private readonly token: string,
  ) {}

  static of(url: string, dataDir: string): Client {
    return new Client(url, readFileSync(join(dataDir, 'operator.token'), 'utf8').trim());
  }

  async request(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${this.token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });
  }

  async json<T>(path: string, method = 'GET', body?: unknown): Promise<T> {
    const response = await this.request(path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (!response.ok)
      throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** The documents of the feed in order, as the text that they are. */
  async feedDocuments(): Promise<readonly string[]> {
    const documents: string[] = [];
    for (let since = 0; ;) {
      const text = await (await this.request(`/v1/feed?since=${since}&limit=500`)).text();
      const page = JSON.parse(text) as { items: { id: string }[]; next: number };
      if (page.items.length === 0) return documents;
      since = page.next;
      // Between `"document":` and the end of the item lie the bytes themselves.
      for (const part of text
        .slice('{"items":['.length)
        .split(/(?<=\})(?:,(?=\{"position":)|\],"next")/)) {
        const at = part.indexOf('"document":');
        if (at >= 0) documents.push(part.slice(at + '"document":'.length, -1));
      }
    }
  }
}

/** Runs a command of the built CLI to its end. */
export function cli(args: readonly string[], environment: Record<string, string> = {}): string {
  const result = spawnSync(process.execPath, [join(ROOT, 'dist/cli.js'), ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
    encoding: 'utf8',
    maxBuffer: 1e8,
  });
  if (result.status !== 0) throw new Error(`${args.join(' ')}: ${result.status} ${result.stderr}`);
  return result.stdout;
}
