/**
 * Makes the children of `current` what `wanted` are, changing only what differs: focus, selection,
 * scroll positions and what was typed stay. Children with a `data-key` keep their element wherever they move.
 */
export function morphChildren(current: Element, wanted: readonly Node[]): void {
  const focused = document.activeElement;
  reconcile(current, wanted);
  // To move an element takes the focus from it.
  if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
}

function reconcile(current: Element, wanted: readonly Node[]): void {
  const keyed = new Map<string, Element>();
  for (const child of current.children) {
    const key = keyOf(child);
    if (key !== undefined) keyed.set(key, child);
  }
  let place = current.firstChild;
  for (const node of wanted) {
    const key = keyOf(node);
    const known = key === undefined ? place : keyed.get(key) ?? null;
    if (known && isAlike(known, node)) {
      if (known === place) place = place.nextSibling;
      else current.insertBefore(known, place);
      update(known, node);
    } else {
      current.insertBefore(node, place);
    }
  }
  while (place) {
    const next = place.nextSibling;
    place.remove();
    place = next;
  }
}

function isAlike(a: Node, b: Node): boolean {
  return a.nodeType === b.nodeType && a.nodeName === b.nodeName && keyOf(a) === keyOf(b);
}

function update(current: Node, wanted: Node): void {
  if (current instanceof Element && wanted instanceof Element) {
    updateAttributes(current, wanted);
    reconcile(current, [...wanted.childNodes]);
  } else if (current.nodeValue !== wanted.nodeValue) {
    current.nodeValue = wanted.nodeValue;
  }
}

function updateAttributes(current: Element, wanted: Element): void {
  for (const { name } of [...current.attributes]) {
    // Whether details are open is the reader's affair.
    const isKept = name === "open" && current instanceof HTMLDetailsElement;
    if (!isKept && !wanted.hasAttribute(name)) current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) current.setAttribute(name, value);
  }
}

function keyOf(node: Node): string | undefined {
  return node instanceof Element ? node.getAttribute("data-key") ?? undefined : undefined;
}
