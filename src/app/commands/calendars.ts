// `slackwater calendars`: lists them, reads one from an .ics file, removes one, gives windows as one.
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { DomainError, formatInstant } from '../../core';
import type { Calendar, Span } from '../../migration';
import { RestClient } from '../client/rest-client';
import type { CalendarAddress } from '../http/window-calendars.controller';
import { alignedTable, csvTable, type Column } from '../table';
import { withService, type ClientOptions } from './service-options';

type Item = Calendar & { readonly calendarId: string; readonly next?: Span };

interface CalendarsOptions extends ClientOptions {
  readonly import?: string;
  readonly remove?: boolean;
  readonly address?: boolean;
  readonly kind: Calendar['kind'];
  readonly zone?: string;
  readonly cluster?: readonly string[];
  readonly host?: readonly string[];
  readonly tag?: readonly string[];
  readonly vm?: readonly string[];
}

const COLUMNS: readonly Column<Item>[] = [
  { head: 'calendar', cell: ({ calendarId }) => calendarId },
  { head: 'kind', cell: ({ kind }) => kind },
  { head: 'zone', cell: ({ timeZone }) => timeZone },
  {
    head: 'about',
    cell: ({ scope }) =>
      scope.level === 'tenant' ? 'all VMs' : `${scope.level} ${scope.names.join(' ')}`,
  },
  { head: 'rules', cell: ({ rules }) => String(rules.length), right: true },
  { head: 'holidays', cell: ({ holidays }) => String(holidays.length), right: true },
  { head: 'next_from', cell: ({ next }) => (next === undefined ? '' : formatInstant(next.fromMs)) },
  { head: 'next_to', cell: ({ next }) => (next === undefined ? '' : formatInstant(next.toMs)) },
];

export function registerCalendars(program: Command): void {
  withService(
    program
      .command('calendars [id]')
      .description('when VMs may be migrated; with --import FILE.ics makes or replaces calendar ID')
      .option('--import <file>', 'events of an iCalendar file')
      .option('--remove', 'removes calendar ID')
      .option(
        '--address',
        'prints a signed address of the windows as .ics, with --host of one host',
      )
      .addOption(
        new Option('--kind <kind>', 'with --import')
          .choices(['allow', 'blackout'])
          .default('blackout'),
      )
      .option('--zone <zone>', 'with --import: of times without one; default the tenant’s')
      .option('--cluster <name...>', 'with --import: about VMs of these clusters')
      .option('--host <name...>', 'with --import: about VMs of these hosts')
      .option('--tag <name...>', 'with --import: about VMs with one of these tags')
      .option('--vm <id...>', 'with --import: about these VMs'),
  ).action(calendars);
}

async function calendars(id: string | undefined, options: CalendarsOptions): Promise<void> {
  if (options.address === true) return printAddress(id, options);
  if (id === undefined && (options.import !== undefined || options.remove === true)) {
    throw new DomainError('REQUEST_INVALID', 'name the calendar: slackwater calendars ID ...');
  }
  const client = RestClient.of(options);
  const path = id === undefined ? '/v1/calendars' : `/v1/calendars/${encodeURIComponent(id)}`;
  if (options.remove === true) {
    await client.text(path, 'DELETE');
    return;
  }
  if (options.import !== undefined)
    await client.json(path, 'PUT', imported(options.import, options));
  const found =
    id === undefined
      ? (await client.json<{ items: readonly Item[] }>(path)).items
      : [await client.json<Item>(path)];
  const items = await Promise.all(
    found.map(async (item) => {
      const spans = `/v1/calendars/${encodeURIComponent(item.calendarId)}/spans`;
      const [next] = (await client.json<{ spans: readonly Span[] }>(spans)).spans;
      return { ...item, next };
    }),
  );
  if (options.output === 'json') process.stdout.write(`${JSON.stringify({ items })}\n`);
  else if (options.output === 'csv') process.stdout.write(csvTable(COLUMNS, items));
  else process.stdout.write(alignedTable(COLUMNS, items));
}

async function printAddress(id: string | undefined, options: CalendarsOptions): Promise<void> {
  const [host, ...others] = options.host ?? [];
  if (id !== undefined || options.remove === true || options.import !== undefined) {
    const message = '--address is about windows: it goes with --host only';
    throw new DomainError('REQUEST_INVALID', message);
  }
  if (others.length > 0) {
    const message = `an address is of one host, or without --host of all; not of '${others[0]}' too`;
    throw new DomainError('REQUEST_INVALID', message);
  }
  const client = RestClient.of(options);
  const made = await client.json<CalendarAddress>('/v1/calendar-addresses', 'POST', { host });
  const address = { address: `${client.url}${made.path}`, untilMs: made.untilMs };
  if (options.output === 'json') process.stdout.write(`${JSON.stringify(address)}\n`);
  else process.stdout.write(`${address.address}\n`);
}

function imported(path: string, options: CalendarsOptions): object {
  const levels = (['cluster', 'host', 'tag', 'vm'] as const).filter(
    (level) => options[level] !== undefined,
  );
  if (levels.length > 1) {
    const message = `a calendar is about one kind of thing, not --${levels.join(' and --')}`;
    throw new DomainError('REQUEST_INVALID', message);
  }
  const scope =
    levels.length === 0 ? { level: 'tenant' } : { level: levels[0], names: options[levels[0]] };
  return { kind: options.kind, timeZone: options.zone, scope, ics: textOf(path) };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new DomainError(
      'INPUT_UNREADABLE',
      `file '${path}' cannot be read (${why})`,
      {},
      { cause },
    );
  }
}
