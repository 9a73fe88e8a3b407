// Windows as an iCalendar feed (RFC 5545) that a calendar program subscribes to.
import ICAL from 'ical.js';
import { formatInstant, type EpochMs } from '../../core';
import type { RankedWindow, WindowContent } from './window-schema';

/** One VM's newest document and where the VM is. */
export interface CalendarEntry {
  readonly content: WindowContent;
  readonly host?: string;
}

const REFRESH = 'PT1H'; // nights are daily; revisions after pins should show within the hour
const CONTROL = /\p{Cc}+/gu;
ICAL.foldLength = 74; // its continuation lines are an octet longer; RFC 5545 allows 75

/**
 * The first choice of each VM as one event, by start and VM; VMs without a window or that should
 * not be migrated have none. Instants are UTC. An event keeps its UID over revisions of a night and
 * SEQUENCE is the revision, so that a program moves it instead of showing both. O(n log n).
 */
export function windowCalendar(name: string, entries: readonly CalendarEntry[]): string {
  const calendar = new ICAL.Component('vcalendar');
  calendar.addPropertyWithValue('version', '2.0');
  calendar.addPropertyWithValue('prodid', '-//Slackwater//Migration windows 1//EN');
  calendar.addPropertyWithValue('method', 'PUBLISH');
  calendar.addPropertyWithValue('x-wr-calname', plain(name));
  calendar.addPropertyWithValue('x-published-ttl', REFRESH);
  for (const { entry, first } of firstChoices(entries)) {
    calendar.addSubcomponent(eventOf(entry, first));
  }
  return `${calendar.toString()}\r\n`;
}

interface FirstChoice {
  readonly entry: CalendarEntry;
  readonly first: RankedWindow;
}

function firstChoices(entries: readonly CalendarEntry[]): readonly FirstChoice[] {
  return entries
    .flatMap((entry) => {
      const first = entry.content.windows.find(({ rank }) => rank === 1);
      return first === undefined || first.advice.mode === 'do-not-migrate'
        ? []
        : [{ entry, first }];
    })
    .toSorted(
      (a, b) =>
        a.first.notBeforeMs - b.first.notBeforeMs ||
        (a.entry.content.vmId < b.entry.content.vmId ? -1 : 1),
    );
}

function eventOf({ content, host }: CalendarEntry, window: RankedWindow): ICAL.Component {
  const { tenant, runDate, vmId, revision, cutoffMs } = content;
  const event = new ICAL.Component('vevent');
  event.addPropertyWithValue('uid', `${runDate}.${vmId}@${tenant}.slackwater`);
  event.addPropertyWithValue('sequence', revision);
  event.addPropertyWithValue('dtstamp', timeOf(cutoffMs));
  event.addPropertyWithValue('dtstart', timeOf(window.notBeforeMs));
  event.addPropertyWithValue('dtend', timeOf(window.notAfterMs));
  event.addPropertyWithValue('summary', `Migrate ${vmId}: ${pauseOf(window)}`);
  event.addPropertyWithValue('description', descriptionOf(content, window));
  if (host !== undefined) event.addPropertyWithValue('location', plain(host));
  event.addPropertyWithValue('transp', 'TRANSPARENT'); // nobody's time is taken by it
  return event;
}

function descriptionOf(content: WindowContent, window: RankedWindow): string {
  const { cost, loadPct, baselineLoadPct, advice, latestStartMs, reasons } = window;
  const { totalTimeMs, downtimeMs, bytesSent, successProb } = cost;
  return [
    ...reasons.map(plain),
    `Load ${loadPct.mean.toFixed(1)} % (the day: ${baselineLoadPct.toFixed(1)} %).`,
    `Takes ${(totalTimeMs.p50 / 1_000).toFixed(1)} s (P95 ${(totalTimeMs.p95 / 1_000).toFixed(1)} s), ` +
      `pauses ${downtimeMs.p50.toFixed(0)} ms (P95 ${downtimeMs.p95.toFixed(0)} ms), ` +
      `sends ${(bytesSent.p50 / 1e9).toFixed(2)} GB; succeeds with ${(100 * successProb).toFixed(0)} %.`,
    `Advice: ${advice.mode} (${advice.cause}). Start by ${formatInstant(latestStartMs)}.`,
    `Night of ${content.runDate}, revision ${content.revision}.`,
  ].join('\n');
}

function pauseOf({ cost }: RankedWindow): string {
  return `pause ${cost.downtimeMs.p50.toFixed(0)} ms`;
}

/** Some programs end a line at a bare CR, and properties outside the RFC are written as they are. */
function plain(text: string): string {
  return text.replaceAll(CONTROL, ' ');
}

function timeOf(instantMs: EpochMs): ICAL.Time {
  return ICAL.Time.fromJSDate(new Date(instantMs), true);
}
