// One VM: history, forecast band, and windows on one axis; then each window's numbers and reasons.
import {
  ApiProblem,
  get,
  send,
  vmPath,
  type ForecastView,
  type HistoryView,
  type VmRow,
  type WindowItem,
  type WindowsDocument,
} from './api';
import { drawLoad, none, type LoadChart } from './chart';
import { h, notice, show } from './dom';
import { bytes, clockTime, currentZone, dayAndTime, duration, pct, utc } from './format';

const HISTORY_MS = 3 * 86_400_000; // three days before the forecast show the daily pattern

export async function showVm(main: HTMLElement, vmId: string): Promise<() => void> {
  const vm = await get<VmRow>(vmPath(vmId));
  const document = await orAbsent(get<WindowsDocument>(vmPath(vmId, '/windows')));
  const forecast = await orAbsent(get<ForecastView>(vmPath(vmId, '/forecast?step=300')));
  const endMs = forecast?.startMs ?? Date.now();
  const history = await get<HistoryView>(
    vmPath(vmId, `/history?from=${endMs - HISTORY_MS}&to=${endMs}&step=300`),
  );
  const chart = h('div', { class: 'chart' });
  const reload = (): void => {
    void showVm(main, vmId);
  };
  show(
    main,
    h(
      'div',
      { class: 'split' },
      h('div', {}, h('h1', {}, vm.vmId), h('p', { class: 'lead' }, describe(vm, document))),
      policyButtons(vm, reload),
    ),
    h(
      'div',
      { class: 'grid' },
      h('section', { class: 'card' }, h('h2', {}, `CPU, % of its own · ${currentZone()}`), chart),
      h('section', { class: 'card' }, h('h2', {}, 'Windows'), ...windowList(document)),
    ),
  );
  if (forecast === undefined) {
    chart.append(notice('empty', 'No forecast yet', 'Run the night from the first page.'));
    return () => undefined;
  }
  return drawLoad(chart, chartOf(history, forecast, document));
}

/** A VM without a document or forecast is a state of the page, not an error. */
async function orAbsent<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 404) return undefined;
    throw error;
  }
}

function describe(vm: VmRow, document: WindowsDocument | undefined): string {
  return [
    vm.host === undefined ? '' : `host ${vm.host}`,
    vm.cluster === undefined ? '' : `cluster ${vm.cluster}`,
    vm.vcpus === undefined ? '' : `${vm.vcpus} vCPUs`,
    vm.memoryBytes === undefined ? '' : bytes(vm.memoryBytes),
    vm.model === undefined ? '' : `model ${vm.model}`,
    document === undefined ? '' : `revision ${document.revision} of ${document.runDate}`,
  ]
    .filter((part) => part !== '')
    .join(' · ');
}

function policyButtons(vm: VmRow, reload: () => void): HTMLElement {
  const set = (body: unknown) => () =>
    void send('PUT', vmPath(vm.vmId, '/policy'), body).then(reload);
  const button =
    vm.policy === 'auto'
      ? h(
          'button',
          { onclick: set({ state: 'excluded', reason: 'excluded on the page' }) },
          'Exclude from migration',
        )
      : h('button', { onclick: set({ state: 'auto' }) }, 'Let Slackwater decide again');
  return h(
    'div',
    { class: 'actions' },
    vm.policy === 'auto' ? undefined : h('span', { class: 'pill bad' }, vm.policy),
    button,
  );
}

function windowList(document: WindowsDocument | undefined): HTMLElement[] {
  if (document === undefined)
    return [
      notice('empty', 'No night has looked at this VM', 'Its windows come with the next night.'),
    ];
  if (document.windows.length === 0)
    return [notice('empty', 'No window', document.reason ?? 'No reason was given.')];
  return document.windows.map((window) => windowRow(window));
}

function windowRow(window: WindowItem): HTMLElement {
  const { cost, loadPct } = window;
  return h(
    'div',
    { class: 'window' },
    h('div', { class: 'rank' }, window.rank),
    h(
      'div',
      {},
      h(
        'div',
        { class: 'when', title: utc(window.notBeforeMs) },
        `${dayAndTime(window.notBeforeMs)} – ${clockTime(window.notAfterMs)}`,
      ),
      h('div', { class: 'muted' }, `start by ${clockTime(window.latestStartMs)}`),
      h('div', { class: 'muted' }, `confidence ${(100 * window.confidence).toFixed(0)} %`),
    ),
    h(
      'div',
      {},
      h(
        'dl',
        {},
        fact(
          'load',
          `${pct(loadPct.p50)} (${loadPct.p05.toFixed(1)} to ${loadPct.p95.toFixed(1)})`,
        ),
        fact('all day', pct(window.baselineLoadPct)),
        fact('migration takes', range(cost.totalTimeMs, duration)),
        fact('pause', range(cost.downtimeMs, duration)),
        fact('sent', range(cost.bytesSent, bytes)),
        fact('succeeds', pct(100 * cost.successProb, 0)),
        fact('dirty rate from', cost.dirtySource),
        fact('advice', window.advice.mode),
      ),
      h(
        'ul',
        {},
        ...window.reasons.map((reason) => h('li', {}, reason)),
        h('li', {}, window.advice.cause),
      ),
    ),
  );
}

function fact(name: string, value: string): HTMLElement {
  return h('div', {}, h('dt', {}, name), h('dd', {}, value));
}

function range(q: { p50: number; p95: number }, unit: (value: number) => string): string {
  return `${unit(q.p50)} · P95 ${unit(q.p95)}`;
}

function chartOf(
  history: HistoryView,
  forecast: ForecastView,
  document: WindowsDocument | undefined,
): LoadChart {
  const past = history.values.map((_, index) => (history.startMs + index * history.stepMs) / 1_000);
  const ahead = forecast.mean.map(
    (_, index) => (forecast.startMs + index * forecast.stepMs) / 1_000,
  );
  return {
    timesSec: [...past, ...ahead],
    actualPct: [...history.values, ...none(ahead)],
    forecastPct: [...none(past), ...forecast.quantiles.q50],
    lowPct: [...none(past), ...forecast.quantiles.q05],
    highPct: [...none(past), ...forecast.quantiles.q95],
    windows: (document?.windows ?? []).map((window) => ({
      fromSec: window.notBeforeMs / 1_000,
      toSec: window.notAfterMs / 1_000,
      label: String(window.rank),
    })),
    cutoffSec: forecast.startMs / 1_000,
  };
}
