/** Without the entries that are `undefined`. */
export function present<T extends object>(entries: T): Present<T> {
  const kept = Object.entries(entries).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Present<T>;
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };
