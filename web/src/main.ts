// The page's frame: top bar, search by keyboard, theme, token, and the views.
import './style.css';
import { ApiProblem } from './api';
import { h, notice, show } from './dom';
import { showHindsight } from './hindsight';
import { searchBox } from './search';
import { adoptTokenFromAddress, keepToken, token } from './token';
import { showTonight } from './tonight';
import { showVm } from './vm';

const THEME_KEY = 'slackwater.theme';
const app = document.querySelector('#app') as HTMLElement;
const main = h('main');
let leave: () => void = () => undefined;

function applyTheme(): void {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  document.documentElement.dataset.theme = localStorage.getItem(THEME_KEY) ?? system;
}

function toggleTheme(): void {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
  localStorage.setItem(THEME_KEY, next);
  applyTheme();
  void route();
}

function brand(): HTMLElement {
  const link = h('a', { class: 'brand', href: '#/' });
  link.innerHTML =
    '<svg width="18" height="16" viewBox="0 0 16 16" aria-hidden="true"><path d="M1 9c2.5-3 4.5-3 7 0s4.5 3 7 0" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"/></svg>Slackwater';
  return link;
}

function askForToken(reason: string): void {
  const input = h('input', {
    type: 'password',
    placeholder: 'token',
    'aria-label': 'Token',
    size: 44,
  });
  const form = h(
    'form',
    {
      onsubmit: (event) => {
        event.preventDefault();
        keepToken(input.value);
        void route();
      },
    },
    h(
      'div',
      { class: 'actions', style: 'justify-content:center;margin-top:14px' },
      input,
      h('button', { class: 'primary' }, 'Open'),
    ),
  );
  const box = notice(
    'empty',
    reason,
    'The service wrote it to the file operator.token in its data folder; its path is printed at start.',
  );
  box.append(form);
  show(main, box);
  input.focus();
}

async function route(): Promise<void> {
  leave();
  leave = () => undefined;
  if (token() === undefined) {
    askForToken('This page needs the operator token');
    return;
  }
  const vm = /^#\/vm\/(.+)$/.exec(location.hash);
  show(main, notice('loading', 'Loading', 'Reading the newest night.'));
  try {
    if (vm !== null) leave = await showVm(main, decodeURIComponent(vm[1]));
    else leave = await (location.hash === '#/hindsight' ? showHindsight : showTonight)(main);
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401)
      askForToken('The token was not accepted');
    else if (error instanceof ApiProblem) show(main, notice('failed', error.detail, error.remedy));
    else
      show(
        main,
        notice(
          'failed',
          'The service does not answer',
          'Is it running? The page tries again when you reload it.',
        ),
      );
  }
}

adoptTokenFromAddress();
applyTheme();
show(
  app,
  h(
    'header',
    { class: 'bar' },
    brand(),
    h('a', { href: '#/hindsight' }, 'Hindsight'),
    h('span', { class: 'space' }),
    searchBox(),
    h('button', { onclick: toggleTheme, title: 'Switch between light and dark' }, '◐'),
  ),
  main,
);
addEventListener('hashchange', () => void route());
void route();
