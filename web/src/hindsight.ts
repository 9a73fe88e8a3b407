// Hindsight: what a night's windows cost at the loads that came, beside other moments.
import type { Hindsight, Moment } from '../../src/migration/hindsight';
import { get, type RunView } from './api';
import { h, notice, show } from './dom';
import { count, dayAndTime, duration, pct } from './format';

/** GET /v1/runs/{id}/hindsight. */
interface HindsightReport extends Hindsight {
  readonly runDate: string;
  readonly cutoffMs: number;
  readonly complete: boolean;
}

const NAMES: readonly (readonly [Moment, string])[] = [
  ['chosen', 'In the chosen windows'],
  ['now', 'At once'],
  ['random', 'At a random hour'],
  ['02:00', 'Fixed 02:00'],
  ['best', 'Best in hindsight'],
];

export async function showHindsight(main: HTMLElement): Promise<() => void> {
  const { items } = await get<{ items: readonly RunView[] }>('v1/runs?limit=50');
  const nights = items.filter(({ status }) => status === 'published');
  const body = h('div', { 'aria-live': 'polite' });
  const pick = h(
    'select',
    { 'aria-label': 'Night', onchange: () => void load().catch(failed) },
    ...nights.map((run) =>
      h('option', { value: run.runId }, `${run.runDate}, attempt ${run.attempt}`),
    ),
  );
  const load = async (): Promise<void> => {
    const asked = pick.value;
    const report = await get<HindsightReport>(`v1/runs/${asked}/hindsight`);
    if (asked === pick.value) show(body, ...told(report));
  };
  const failed = (): void => {
    show(body, notice('failed', 'The night could not be read', 'Choose it again, or reload.'));
  };
  if (nights.length > 0) await load();
  else body.append(notice('empty', 'No night was published yet', 'Run one from the first page.'));
  const head = h('div', { class: 'split' }, h('h1', {}, 'Hindsight'), nights.length > 0 && pick);
  show(main, head, body);
  return () => undefined;
}

function told(report: HindsightReport): HTMLElement[] {
  const { complete, comparedVms, leftOutVms, loadCoverage, cutoffMs } = report;
  const words = [
    `Windows after ${dayAndTime(cutoffMs)}`,
    `${count(comparedVms)} VMs compared`,
    `${count(leftOutVms)} left out for gaps in their load`,
    ...(complete ? [] : ['the day is not over: compared as far as it is known']),
  ];
  const lead = h('p', { class: 'lead' }, words.join(' · '));
  if (report.moments === undefined) {
    const hint = 'Wait for the samples of its day, or choose an earlier night.';
    return [lead, notice('empty', 'Nothing of this night can be compared yet', hint)];
  }
  const cover = `The load of ${pct(100 * (loadCoverage ?? 0), 0)} of the windows lay between their forecast P05 and P95.`;
  return [
    lead,
    h('section', { class: 'card' }, momentTable(report), h('p', { class: 'muted' }, cover)),
  ];
}

function momentTable({ moments, saved }: HindsightReport): HTMLElement {
  const number = (text: string): HTMLElement => h('td', { class: 'number' }, text);
  const rows = NAMES.map(([moment, name]) => {
    const cost = moments?.[moment];
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      number(pct(cost?.loadPct, 2)),
      number(duration(cost?.downtimeMs ?? NaN)),
      number(duration(cost?.totalTimeMs ?? NaN)),
      number(cost?.harm.toFixed(3) ?? '–'),
      number(moment === 'chosen' ? '' : (saved?.[moment].toFixed(2) ?? '–')),
    );
  });
  const heads = ['load', 'pause', 'migration takes', 'lost, vCPU s', 'saved by windows, vCPU s'];
  return h(
    'table',
    {},
    h('caption', { class: 'muted' }, 'Means of one migration; saved: over all compared VMs'),
    h(
      'thead',
      {},
      h(
        'tr',
        {},
        h('th', { scope: 'col' }, 'moment'),
        ...heads.map((head) => h('th', { scope: 'col', class: 'number' }, head)),
      ),
    ),
    h('tbody', {}, rows),
  );
}
