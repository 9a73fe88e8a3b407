// Finding a VM by keyboard: "/" focuses, arrows choose, Enter opens, Escape leaves.
import { get, type VmRow } from './api';
import { h, show } from './dom';

const DELAY_MS = 120; // long enough not to ask at every key of a fast typist

export function searchBox(): HTMLElement {
  const list = h('ul', { hidden: true, role: 'listbox' });
  const input = h('input', {
    type: 'search',
    placeholder: 'Find a VM   /',
    'aria-label': 'Find a VM',
  });
  let rows: readonly VmRow[] = [];
  let chosen = 0;
  let timer: number | undefined;

  const close = (): void => {
    list.hidden = true;
    chosen = 0;
  };
  const draw = (): void => {
    list.hidden = rows.length === 0;
    show(list, ...rows.map((row, index) => option(row, index === chosen, close)));
  };
  const ask = async (): Promise<void> => {
    const text = input.value.trim();
    const answer =
      text === ''
        ? undefined
        : await get<{ items: readonly VmRow[] }>(
            `v1/vms?limit=8&q=${encodeURIComponent(text)}`,
          ).catch(() => undefined);
    rows = answer?.items ?? [];
    chosen = 0;
    draw();
  };
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = window.setTimeout(() => void ask(), DELAY_MS);
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') chosen = Math.min(rows.length - 1, chosen + 1);
    else if (event.key === 'ArrowUp') chosen = Math.max(0, chosen - 1);
    else if (event.key === 'Enter' && rows[chosen] !== undefined) {
      location.hash = `#/vm/${encodeURIComponent(rows[chosen].vmId)}`;
      input.blur();
      close();
      return;
    } else if (event.key === 'Escape') {
      input.blur();
      close();
      return;
    } else return;
    event.preventDefault();
    draw();
  });
  input.addEventListener('blur', () => setTimeout(close, 150));
  addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
  return h('div', { class: 'search' }, input, list);
}

function option(row: VmRow, on: boolean, close: () => void): HTMLElement {
  const link = h(
    'a',
    { href: `#/vm/${encodeURIComponent(row.vmId)}`, class: on ? 'on' : '', onclick: close },
    h('span', {}, row.vmId),
    h('span', { class: 'muted' }, row.host ?? ''),
  );
  return h('li', { role: 'option' }, link);
}
