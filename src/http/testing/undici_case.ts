/**
 * A test that lets undici work. It keeps one timer for the whole process, which belongs to no single
 * test, so that Deno's leak checks would blame whichever runs when it starts or fires.
 */
export function undiciCase(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, sanitizeOps: false, sanitizeResources: false });
}
