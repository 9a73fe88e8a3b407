// Elements without a framework: `h('p', { class: 'muted' }, 'text', child)`.

type Child = Node | string | number | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | ((event: Event) => void)>>;

/** Text children are text, never markup: data cannot inject elements. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (typeof value === 'boolean') element.toggleAttribute(name, value);
    else element.setAttribute(name, String(value));
  }
  for (const child of children.flat()) {
    if (child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Shows exactly these children. */
export function show(parent: Element, ...children: readonly (Node | string)[]): void {
  parent.replaceChildren(...children);
}

/** What a part of the page shows while it has nothing else: loading, empty, or failed. */
export function notice(
  kind: 'loading' | 'empty' | 'failed',
  title: string,
  hint: string,
): HTMLElement {
  return h(
    'div',
    { class: `notice ${kind}`, role: kind === 'failed' ? 'alert' : 'status' },
    h('strong', {}, title),
    h('p', {}, hint),
  );
}
