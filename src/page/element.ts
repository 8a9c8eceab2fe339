/** What an element may hold; nothing is made of `undefined` and `false`. */
export type Child = Node | string | undefined | false;

/** `true`: there without a value; `undefined` and `false`: not there. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Builds an element. Text is text, whatever it holds: there is no way from here to markup. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled<E extends Element>(
  target: E,
  attributes: Attributes,
  children: readonly Child[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    target.setAttribute(name, value === true ? "" : String(value));
  }
  target.append(...children.filter((child) => child !== undefined && child !== false));
  return target;
}
