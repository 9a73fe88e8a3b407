// Progress of everything longer than two seconds: a bar on a terminal, plain lines elsewhere.
import { SingleBar } from 'cli-progress';

const LINE_EVERY_MS = 2_000;

export interface Progress {
  update(done: number, note?: string): void;
  end(note?: string): void;
}

/** Writes to stderr, so that stdout stays the result. `total` undefined: a count without an end. */
export function startProgress(title: string, total: number | undefined): Progress {
  return process.stderr.isTTY ? bar(title, total) : lines(title, total);
}

function bar(title: string, total: number | undefined): Progress {
  const format =
    total === undefined ? `${title}  {value} {note}` : `${title}  [{bar}] {percentage} % {note}`;
  const one = new SingleBar({ format, hideCursor: true, stream: process.stderr, barsize: 28 });
  one.start(total ?? 0, 0, { note: '' });
  return {
    update: (done, note = '') => one.update(done, { note }),
    end: (note = '') => {
      one.update(total ?? 0, { note });
      one.stop();
    },
  };
}

function lines(title: string, total: number | undefined): Progress {
  const started = performance.now();
  let last = started;
  const seconds = (): string => ((performance.now() - started) / 1_000).toFixed(1);
  return {
    update: (done, note = '') => {
      if (performance.now() - last < LINE_EVERY_MS) return;
      last = performance.now();
      const share = total === undefined ? `${done}` : `${((100 * done) / total).toFixed(0)} %`;
      process.stderr.write(`${title}: ${share} ${note} (${seconds()} s)\n`);
    },
    end: (note = '') => process.stderr.write(`${title}: done ${note} (${seconds()} s)\n`),
  };
}
