// Tonight: the state of the night and what needs a person first, then the reason, then the detail.
import { get, send, type FleetView, type RunView, type VmRow } from './api';
import { drawLoad, none } from './chart';
import { h, notice, show } from './dom';
import { readEvents } from './events';
import { clockTime, count, currentZone, dayAndTime, duration, pct, setZone, utc } from './format';

const STAGES = ['prepare', 'fleet', 'forecast', 'choose', 'publish'];
const QUIET_VMS_SHOWN = 12;
const RETRY_MS = 5_000; // how soon a view without a run asks again

export async function showTonight(main: HTMLElement): Promise<() => void> {
  const stop = new AbortController();
  let undraw = nothing;
  const load = async (): Promise<void> => {
    const fleet = await get<FleetView>('v1/fleet');
    setZone(fleet.timeZone);
    const best = await get<{ items: readonly VmRow[] }>(
      `v1/vms?limit=${QUIET_VMS_SHOWN}&sort=window`,
    );
    undraw();
    undraw = draw(main, fleet, best.items, load);
    if (fleet.run?.status === 'running') void follow(fleet.run, stop.signal, load);
    else if (fleet.run === undefined && !stop.signal.aborted)
      setTimeout(() => void load().catch(() => undefined), RETRY_MS);
  };
  await load();
  return () => {
    stop.abort();
    undraw();
  };
}

function nothing(): void {
  // There is no chart to take away yet.
}

/** Live progress of a run; the whole view is read again when it ends. */
async function follow(
  run: RunView,
  signal: AbortSignal,
  reload: () => Promise<void>,
): Promise<void> {
  try {
    await readEvents(
      `v1/runs/${run.runId}/events`,
      (event) => {
        const state = JSON.parse(event.data) as RunView;
        const place = document.querySelector('#stages');
        if (place !== null) show(place, ...stageBars(state));
      },
      signal,
    );
    if (!signal.aborted) await reload();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function draw(
  main: HTMLElement,
  fleet: FleetView,
  best: readonly VmRow[],
  reload: () => Promise<void>,
): () => void {
  const { run } = fleet;
  const start = h(
    'button',
    {
      class: run === undefined ? 'primary' : '',
      onclick: () => void send('POST', 'v1/runs', { again: run !== undefined }).then(reload),
    },
    run === undefined ? 'Run the night now' : 'Run again',
  );
  const head = h(
    'div',
    { class: 'split' },
    h('div', {}, h('h1', {}, title(fleet)), h('p', { class: 'lead' }, ...lead(fleet))),
    h(
      'div',
      { class: 'actions' },
      feedButton(fleet, reload),
      run?.status === 'running' ? undefined : start,
    ),
  );
  if (fleet.vmCount === 0) {
    show(
      main,
      head,
      notice(
        'empty',
        'No samples have arrived yet',
        'Send them to POST /v1/samples, to the Kafka topic vm.cpu.minute, or start "npm run demo".',
      ),
    );
    return () => undefined;
  }
  const stages = h('div', { class: 'stages', id: 'stages' }, stageBars(run));
  const chart = h('div', { class: 'chart' });
  const parts: HTMLElement[] = [head];
  if (run !== undefined) parts.push(stages);
  parts.push(
    h(
      'div',
      { class: 'grid' },
      figures(fleet),
      h(
        'section',
        { class: 'card' },
        h('h2', {}, `Mean load of the fleet, % of each VM's own CPU · ${currentZone()}`),
        chart,
      ),
      modelCard(fleet),
      errorCard(fleet),
      abstentionCard(fleet),
      windowCard(best),
    ),
  );
  show(main, ...parts);
  return fleet.load === undefined ? () => undefined : drawFleet(chart, fleet, fleet.load);
}

function title({ run, vmCount }: FleetView): string {
  if (run === undefined) return vmCount === 0 ? 'Waiting for samples' : 'No night was run yet';
  const attempt = run.attempt > 1 ? `, attempt ${run.attempt}` : '';
  const state = { running: 'is running', published: 'is published', failed: 'failed' }[run.status];
  return `The night of ${run.runDate}${attempt} ${state}`;
}

function lead(fleet: FleetView): (Node | string)[] {
  if (fleet.run?.status === 'failed') return [fleet.run.failure ?? 'The reason is in the log.'];
  if (fleet.run === undefined) return [`${count(fleet.vmCount)} VMs are known.`];
  const parts: (Node | string)[] = [
    h('b', {}, `${count(fleet.vmsWithWindows)} of ${count(fleet.vmCount)} VMs`),
    ` have windows, ${count(fleet.windowCount)} in all`,
  ];
  const load = fleet.meanLoadPct;
  if (load !== undefined && load.now > 0) {
    parts.push(
      '; they are ',
      h('b', {}, `${Math.round(100 * (1 - load.chosen / load.now))} % quieter than now`),
    );
  }
  if (fleet.run.endedMs !== undefined)
    parts.push(` · took ${duration(fleet.run.endedMs - fleet.run.startedMs)}`);
  if (fleet.cutoffMs !== undefined) {
    parts.push(
      ' · data to ',
      h('span', { title: utc(fleet.cutoffMs) }, dayAndTime(fleet.cutoffMs)),
    );
  }
  return parts;
}

function feedButton(fleet: FleetView, reload: () => Promise<void>): HTMLElement {
  const { stopped, position } = fleet.feed;
  return h(
    'button',
    {
      title: `Feed position ${position}`,
      onclick: () =>
        void send('POST', stopped ? 'v1/feed/resume' : 'v1/feed/stop', {}).then(reload),
    },
    stopped ? 'Resume the feed' : 'Stop the feed',
  );
}

function stageBars(run: RunView | undefined): HTMLElement[] {
  return STAGES.map((stage) => {
    const state = run?.progress?.find((candidate) => candidate.stage === stage);
    const share =
      run?.status === 'published'
        ? 1
        : state === undefined || state.shards === 0
          ? 0
          : state.done / state.shards;
    const failed = (state?.failed ?? 0) > 0 ? ' failed' : '';
    return h(
      'div',
      { class: 'stage' },
      h(
        'div',
        { class: 'track' },
        h('div', { class: `fill${failed}`, style: `width:${(100 * share).toFixed(1)}%` }),
      ),
      h('span', {}, state === undefined ? stage : `${stage} ${state.done}/${state.shards}`),
    );
  });
}

function figures(fleet: FleetView): HTMLElement[] {
  const load = fleet.meanLoadPct;
  const items: [string, number | undefined, string][] = [
    ['Migrating now', load?.now, ''],
    ['At a random hour', load?.random, ''],
    ['Fixed 02:00', load?.['02:00'], ''],
    ['In the chosen windows', load?.chosen, 'chosen'],
  ];
  return items.map(([label, value, kind]) =>
    h(
      'section',
      { class: `card quarter figure ${kind}` },
      h('h2', { class: 'muted' }, label),
      h('div', { class: 'value' }, pct(value, 2)),
      h('div', { class: 'muted' }, 'mean load expected'),
    ),
  );
}

function modelCard(fleet: FleetView): HTMLElement {
  const rows = Object.entries(fleet.models).flatMap(([resolution, models]) => [
    h('h2', { class: 'muted' }, resolution),
    ...Object.entries(models)
      .toSorted((a, b) => b[1] - a[1])
      .map(([model, vms]) =>
        h(
          'div',
          { class: 'bar-row' },
          h('span', {}, model),
          h(
            'div',
            { class: 'track' },
            h('div', {
              class: 'fill',
              style: `width:${(100 * vms) / Math.max(1, fleet.vmCount)}%`,
            }),
          ),
          h('span', { class: 'amount' }, `${count(vms)} VMs`),
        ),
      ),
  ]);
  return h(
    'section',
    { class: 'card third' },
    h('h2', {}, 'Models chosen'),
    ...(rows.length > 0 ? rows : [h('p', { class: 'muted' }, 'Known after the first night.')]),
  );
}

function errorCard(fleet: FleetView): HTMLElement {
  const body = fleet.errors.map((row) =>
    h(
      'tr',
      {},
      h('td', {}, row.model),
      h('td', {}, row.resolution),
      h('td', { class: 'number' }, pct(row.pinballPct, 2)),
      h('td', { class: 'number' }, row.relativeToSeasonalNaive.toFixed(2)),
    ),
  );
  return h(
    'section',
    { class: 'card third' },
    h('h2', {}, 'Error of the last 14 nights'),
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          h('th', {}, 'model'),
          h('th', {}, 'step'),
          h(
            'th',
            { class: 'number', title: 'mean pinball loss over the quantiles, CPU points' },
            'pinball',
          ),
          h(
            'th',
            { class: 'number', title: 'relative to seasonal naive; lower is better' },
            'vs. yesterday',
          ),
        ),
      ),
      h('tbody', {}, body),
    ),
  );
}

function abstentionCard(fleet: FleetView): HTMLElement {
  const rows = fleet.abstentions.map((row) =>
    h(
      'tr',
      {},
      h('td', { class: 'number' }, count(row.count)),
      h('td', { class: 'reason' }, row.reason),
    ),
  );
  return h(
    'section',
    { class: 'card third' },
    h('h2', {}, 'Without a forecast of their own'),
    rows.length === 0
      ? h('p', { class: 'muted' }, 'Every VM has one.')
      : h('table', {}, h('tbody', {}, rows)),
  );
}

function windowCard(best: readonly VmRow[]): HTMLElement {
  const rows = best.map((row) =>
    h(
      'tr',
      {},
      h('td', {}, h('a', { href: `#/vm/${encodeURIComponent(row.vmId)}` }, row.vmId)),
      h('td', {}, row.host ?? '–'),
      h(
        'td',
        { title: row.nextWindow === undefined ? '' : utc(row.nextWindow.notBeforeMs) },
        row.nextWindow === undefined ? '–' : clockTime(row.nextWindow.notBeforeMs),
      ),
      h('td', { class: 'number' }, pct(row.nextWindow?.loadPct)),
      h('td', {}, row.model ?? '–'),
      h('td', { class: 'reason' }, row.abstention ?? (row.policy === 'auto' ? '' : row.policy)),
    ),
  );
  return h(
    'section',
    { class: 'card' },
    h('h2', {}, 'Next windows'),
    best.length === 0
      ? h('p', { class: 'muted' }, 'None yet.')
      : h(
          'table',
          {},
          h(
            'thead',
            {},
            h(
              'tr',
              {},
              ...['VM', 'host', 'first window'].map((name) => h('th', {}, name)),
              h('th', { class: 'number' }, 'load then'),
              h('th', {}, 'model'),
              h('th', {}, ''),
            ),
          ),
          h('tbody', {}, rows),
        ),
  );
}

function drawFleet(
  parent: HTMLElement,
  fleet: FleetView,
  load: NonNullable<FleetView['load']>,
): () => void {
  const actual = load.actualPct.map(
    (_, index) => (load.actualStartMs + index * load.stepMs) / 1_000,
  );
  const ahead = load.forecastPct.map(
    (_, index) => (load.forecastStartMs + index * load.stepMs) / 1_000,
  );
  return drawLoad(parent, {
    timesSec: [...actual, ...ahead],
    actualPct: [...load.actualPct, ...none(ahead)],
    forecastPct: [...none(actual), ...load.forecastPct],
    lowPct: [...none(actual), ...load.lowPct],
    highPct: [...none(actual), ...load.highPct],
    windows: [],
    cutoffSec: (fleet.cutoffMs ?? load.forecastStartMs) / 1_000,
  });
}
