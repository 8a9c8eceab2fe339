/**
 * Registers tests that let undici work: it keeps one timer for the whole process, which belongs to no
 * single test, so that Deno's leak checks would blame whichever runs when it starts or fires.
 */
export function withoutLeakChecks(register: () => void): void {
  const test = Deno.test;
  const lenient = (name: string, fn: () => Promise<void>) =>
    test({ name, fn, sanitizeOps: false, sanitizeResources: false });
  Object.assign(Deno, { test: lenient });
  try {
    register();
  } finally {
    Object.assign(Deno, { test });
  }
}
