import assert from "node:assert/strict";
import type { CallRecord } from "./ews/exchange_service.ts";
import { Ledger } from "./ledger.ts";

const CALL: CallRecord = {
  operation: "GetItem",
  mailboxes: ["a@x"],
  impersonated: undefined,
  anchor: "not needed",
  items: 1,
  responseCodes: ["NoError"],
};

Deno.test("old records are forgotten by the half, counts never", () => {
  const ledger = new Ledger({ now: () => new Date(0) });
  for (let count = 0; count < 100_001; count++) {
    ledger.recordRequest({ ...CALL, connection: count, status: 200 });
  }
  assert.equal(ledger.requests().length, 50_001);
  assert.equal(ledger.requests().at(-1)?.connection, 100_000);
  assert.equal(ledger.totals().requests, 100_000 + 1);
});

Deno.test("requests without the anchor they need are counted, and so are refused ones", () => {
  const ledger = new Ledger({ now: () => new Date(0) });
  ledger.recordRequest({ ...CALL, anchor: "missing", connection: 1, status: 200 });
  ledger.recordRequest({ ...CALL, anchor: "right", connection: 1, status: 200 });
  ledger.recordRequest({ ...CALL, operation: undefined, connection: 1, status: 500 });
  const { withoutAnchor, faults, requestsByOperation } = ledger.totals();
  assert.deepEqual([withoutAnchor, faults], [1, 1]);
  assert.deepEqual(requestsByOperation, { GetItem: 2, unreadable: 1 });
});
