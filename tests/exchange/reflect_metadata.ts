/**
 * The few functions of the Reflect metadata proposal that @peculiar/x509 needs to be loaded at all:
 * its dependency container looks for them at import. Import this module before it.
 */
type Metadata = Map<unknown, unknown>;
type Target = object;

const metadata = new WeakMap<Target, Metadata>();

function defineMetadata(key: unknown, value: unknown, target: Target): void {
  const own = metadata.get(target) ?? new Map();
  metadata.set(target, own.set(key, value));
}

function getOwnMetadata(key: unknown, target: Target): unknown {
  return metadata.get(target)?.get(key);
}

function getMetadata(key: unknown, target: Target): unknown {
  for (let at: Target | null = target; at; at = Object.getPrototypeOf(at)) {
    if (metadata.get(at)?.has(key)) return getOwnMetadata(key, at);
  }
  return undefined;
}

if (!("getMetadata" in Reflect)) {
  Object.assign(Reflect, {
    defineMetadata,
    getMetadata,
    getOwnMetadata,
    hasOwnMetadata: (key: unknown, target: Target) => metadata.get(target)?.has(key) ?? false,
    metadata: (key: unknown, value: unknown) => (target: Target) => {
      defineMetadata(key, value, target);
    },
  });
}
