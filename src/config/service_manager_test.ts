import assert from "node:assert/strict";
import { serviceManagerPlace } from "./service_manager.ts";

const GIVEN = { NOTIFY_SOCKET: "/run/systemd/notify", RUNTIME_DIRECTORY: "/run/a:/run/b" };
const placeIn = (variables: Readonly<Record<string, string>>) =>
  serviceManagerPlace((name) => variables[name]);

Deno.test("systemd is spoken to where it says, and as often as it wants", () => {
  const place = { socket: "/run/systemd/notify", folder: "/run/a" };
  assert.deepEqual(placeIn(GIVEN), place);
  assert.deepEqual(placeIn({ ...GIVEN, WATCHDOG_USEC: "30000000" }), {
    ...place,
    watchdogMs: 30_000,
  });
  for (const nonsense of ["0", "-1", "soon", ""]) {
    assert.deepEqual(placeIn({ ...GIVEN, WATCHDOG_USEC: nonsense }), place);
  }
});

Deno.test("nobody is spoken to where the runtime cannot", () => {
  assert.equal(placeIn({}), undefined);
  assert.equal(placeIn({ NOTIFY_SOCKET: "/run/systemd/notify" }), undefined);
  assert.equal(placeIn({ ...GIVEN, NOTIFY_SOCKET: "@abstract" }), undefined);
});
