/** `T` whose fields that may be `undefined` may be absent instead, and only that. */
export type Present<T> =
  & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }
  & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** The same fields without those that are `undefined`: the program's way to say absent. */
export function present<T extends object>(fields: T): Present<T> {
  const found = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(found) as Present<T>;
}
