import assert from "node:assert/strict";
import { SyncError } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import { heldMimeContent } from "../../src/core/mime_content.ts";
import { emailObjectNamesOf, stateNameOf } from "../../src/storage/layout.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import {
  movedTo,
  REFRESH,
  sampleEmail,
  sampleMailbox,
  sha256Of,
  textContent,
} from "../contract/sample_emails.ts";
import { SAMPLE_STATES } from "../contract/state_store_contract.ts";
import { azureSubject, type AzureSubjectOptions } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";
import { type Fault, startFaultyProxy } from "./faulty_proxy.ts";

const azurite = await azuriteOfFile();
const { signal } = new AbortController();
const MAILBOX = sampleMailbox();
const SMALL = sampleEmail("<small@x>");
const LARGE = sampleEmail("<large@x>", {
  mime: heldMimeContent(Array.from({ length: 20 }, (_, i) => new Uint8Array(65_536).fill(i))),
});
const [STATE] = SAMPLE_STATES;

/** A destination behind a proxy, its mailbox held and open. */
async function faulty(options: AzureSubjectOptions = {}) {
  const stack = new AsyncDisposableStack();
  const proxy = stack.use(startFaultyProxy(azurite.endpoint));
  const subject = stack.use(await azureSubject(azurite, { through: proxy.endpoint, ...options }));
  const states = stack.use(await subject.states.open(MAILBOX, { signal }));
  const emails = await subject.sink.open(MAILBOX, { signal });
  /** From now on the request of that number, counted from here, meets the fault; the others do not. */
  const failAt = (wanted: number, fault: Fault, times = 1) => {
    const first = proxy.requests.length + wanted;
    proxy.fault = (_request, number) =>
      number >= first && number < first + times ? fault : undefined;
  };
  return {
    ...subject,
    proxy,
    held: states,
    emails,
    failAt,
    [Symbol.asyncDispose]: () => {
      proxy.fault = undefined;
      return stack[Symbol.asyncDispose]();
    },
  };
}

const BLIPS: readonly (readonly [string, Fault])[] = [
  ["a reset before the service saw the request", "cut-before"],
  ["a reset after the service did what was asked", "cut-after"],
  ["an answer cut short", "cut-within"],
  ["ServerBusy", { status: 503, headers: { "x-ms-error-code": "ServerBusy" } }],
  ["OperationTimedOut", { status: 500, headers: { "x-ms-error-code": "OperationTimedOut" } }],
  ["a gateway's error page", { status: 502 }],
];

for (const [what, fault] of BLIPS) {
  undiciCase(`${what} at any step of a delivery is made good within it`, async () => {
    await using subject = await faulty();
    const { proxy, emails, failAt, stored } = subject;
    const emailsToPut = [SMALL, LARGE];
    for (let step = 1;; step++) {
      const before = proxy.requests.length;
      failAt(step, fault);
      const outcomes = await emails.put(emailsToPut, { signal });
      assert.deepEqual(outcomes.map((outcome) => outcome.stored), [true, true]);
      const found = new Map((await stored(MAILBOX)).map((one) => [one.id, one.mimeSha256]));
      for (const { id, mime } of emailsToPut) assert.equal(found.get(id), await sha256Of(mime));
      if (proxy.requests.length - before < step) break;
      assert.ok(step < 40, "a delivery of two emails has an end");
    }
  });

  undiciCase(`${what} at any step of saving a state is made good within it`, async () => {
    await using subject = await faulty();
    const { proxy, held, failAt, states, lines } = subject;
    for (let step = 1; step <= 3; step++) {
      for (const participants of ["first", "again"]) {
        failAt(step, fault);
        const state = { ...STATE!, fingerprint: { participants: `${participants} ${step}` } };
        await held.save(state, { signal });
        proxy.fault = undefined;
        assert.deepEqual((await states.read(MAILBOX, { signal })).folders, [state]);
      }
      failAt(step, fault);
      await held.remove(STATE!.folder.id, { signal });
      proxy.fault = undefined;
      assert.deepEqual((await states.read(MAILBOX, { signal })).folders, []);
    }
    // What we wrote ourselves is nobody else's.
    assert.deepEqual(lines.filter(({ msg }) => /replaced/.test(msg)), []);
  });
}

undiciCase("whatever breaks while something is read, it is read whole", async () => {
  await using subject = await faulty();
  const { proxy, emails, failAt, held, states } = subject;
  await emails.put([SMALL, LARGE], { signal });
  await held.save(STATE!, { signal });
  const rebuilt = { ...LARGE, rebuilt: true };
  const readers: readonly (() => Promise<unknown>)[] = [
    async () => [...(await emails.refresh([SMALL, LARGE], REFRESH)).complete].toSorted(),
    async () => (await Array.fromAsync(emails.keys({ signal }))).toSorted(),
    () => states.read(MAILBOX, { signal }),
    () => emails.put([rebuilt], { signal }),
  ];
  for (const read of readers) {
    const expected = await read();
    for (const [what, fault] of BLIPS) {
      for (let step = 1;; step++) {
        const before = proxy.requests.length;
        failAt(step, fault);
        assert.deepEqual(await read(), expected, what);
        if (proxy.requests.length - before < step) break;
      }
      proxy.fault = undefined;
    }
  }
});

undiciCase(
  "a delivery that fails for good at any step is repeated whole, and never half seen",
  async () => {
    await using subject = await faulty();
    const { proxy, emails, failAt, stored } = subject;
    const original = sampleEmail("<again@x>", { mime: textContent("before") });
    const changed = sampleEmail("<again@x>", { mime: LARGE.mime });
    for (let step = 1, failed = true; failed; step++) {
      proxy.fault = undefined;
      await emails.put([original], { signal });
      failAt(step, "cut-after", Infinity);
      failed = await emails.put([changed], { signal }).then(() => false, (thrown) => {
        assert.ok(thrown instanceof SyncError);
        assert.equal(thrown.kind, "destination");
        return true;
      });
      // Whoever reads meanwhile meets one version or the other, or nothing: `stored` compares hashes.
      assert.ok((await stored(MAILBOX)).length <= 1);
      proxy.fault = undefined;
      await emails.put([changed], { signal });
      const [found] = await stored(MAILBOX);
      assert.equal(found?.mimeSha256, await sha256Of(changed.mime));
    }
  },
);

undiciCase("a state whose write failed after the service did it can be written again", async () => {
  await using subject = await faulty();
  const { proxy, held, failAt, states } = subject;
  await held.save(STATE!, { signal });
  failAt(1, "cut-after", Infinity);
  const save = held.save({ ...STATE!, fingerprint: { participants: "lost" } }, { signal });
  await assert.rejects(save, { kind: "destination" });
  proxy.fault = undefined;
  const last = { ...STATE!, fingerprint: { participants: "last" } };
  await held.save(last, { signal });
  assert.deepEqual((await states.read(MAILBOX, { signal })).folders, [last]);
});

undiciCase("an outage that lasts is the destination's, with its cause", async () => {
  await using subject = await faulty();
  const { proxy, emails, sink, failAt } = subject;
  failAt(1, "cut-before", Infinity);
  await assert.rejects(emails.put([SMALL], { signal }), { kind: "destination" });
  await assert.rejects(sink.probe({ signal }), { kind: "destination" });
  proxy.fault = undefined;
  await sink.probe({ signal });
  assert.equal((await emails.put([SMALL], { signal }))[0]?.stored, true);
});

undiciCase("a delay that the service names is kept, to the millisecond", async () => {
  const waits: number[] = [];
  await using subject = await faulty();
  const { lines, emails, failAt } = subject;
  const headers = {
    "x-ms-error-code": "ServerBusy",
    "retry-after": "9",
    "x-ms-retry-after-ms": "1",
  };
  failAt(1, { status: 503, headers });
  await emails.put([SMALL], { signal });
  for (const { fields } of lines) {
    if (typeof fields.delayMs === "number") waits.push(fields.delayMs);
  }
  assert.equal(waits.length, 1);
  const said = lines.find(({ fields }) => fields.delayMs === waits[0])?.fields;
  assert.deepEqual([said?.operation, said?.code], ["Delete Blob", "ServerBusy"]);
  assert.ok(waits[0]! >= 1 + LIMITS.backoffMsMin && waits[0]! < 9_000, `${waits[0]}`);
});

undiciCase("a delay longer than a blip is left to the destination's own pauses", async () => {
  await using subject = await faulty();
  const { emails, failAt } = subject;
  failAt(1, { status: 503, headers: { "x-ms-error-code": "ServerBusy", "retry-after": "120" } });
  const put = emails.put([SMALL], { signal });
  await assert.rejects(put, { kind: "destination", code: "ServerBusy", retryAfterMs: 120_000 });
});

undiciCase("an abort ends a call that hangs, and the next one works", async () => {
  await using subject = await faulty();
  const { proxy, emails, stored } = subject;
  const gate = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  proxy.fault = () => (reached.resolve(), { until: gate.promise });
  const stop = new AbortController();
  const put = emails.put([LARGE], { signal: stop.signal });
  await reached.promise;
  stop.abort(new Error("stopped"));
  await assert.rejects(put, /stopped/);
  gate.resolve();
  proxy.fault = undefined;
  await emails.put([LARGE], { signal });
  assert.equal((await stored(MAILBOX)).length, 1);
});

undiciCase(
  "in a container with an immutability policy, what is there counts as stored",
  async () => {
    await using subject = await faulty();
    const { proxy, emails, held, stored } = subject;
    await emails.put([SMALL, LARGE], { signal });
    const immutable = { status: 409, headers: { "x-ms-error-code": "BlobImmutableDueToPolicy" } };
    proxy.fault = ({ method }) => method === "PUT" || method === "DELETE" ? immutable : undefined;
    const before = await stored(MAILBOX);
    const outcomes = await emails.put([SMALL, LARGE], { signal });
    assert.deepEqual(outcomes.map((outcome) => outcome.stored), [true, true]);
    await emails.refresh([movedTo(["Archive"], SMALL)], REFRESH);
    assert.deepEqual(await stored(MAILBOX), before);
    // A state that is not written is no progress.
    const save = held.save(STATE!, { signal });
    await assert.rejects(save, { kind: "destination", code: "BlobImmutableDueToPolicy" });
  },
);

undiciCase("a record in the archive tier counts as not stored; a state there is said", async () => {
  await using subject = await faulty();
  const { proxy, emails, states } = subject;
  await emails.put([SMALL], { signal });
  const archived = { status: 409, headers: { "x-ms-error-code": "BlobArchived" } };
  const { record } = emailObjectNamesOf(MAILBOX, SMALL);
  proxy.fault = ({ method, target }) =>
    method === "GET" && target.includes(record.slice(record.lastIndexOf("/")))
      ? archived
      : undefined;
  assert.deepEqual([...(await emails.refresh([SMALL], REFRESH)).complete], []);
  proxy.fault = ({ target }) => target.includes("mailbox.json") ? archived : undefined;
  await assert.rejects(states.read(MAILBOX, { signal }), { code: "BlobArchived" });
});

undiciCase(
  "each block is stored once, small content by one call, and nothing in between",
  async () => {
    await using subject = await faulty();
    const { proxy, emails } = subject;
    const begun = proxy.requests.length;
    await emails.put([SMALL], { signal });
    await emails.put([LARGE], { signal });
    const verbs = proxy.requests.slice(begun).map((line) => {
      const [, method, extension, comp = ""] =
        /^(\S+) \S*\.(eml|json)\??(?:.*comp=(\w+))?/.exec(line) ?? [];
      return `${method} ${extension} ${comp}`.trim();
    });
    assert.deepEqual(verbs, [
      ...["DELETE json", "PUT eml", "PUT json"],
      ...["PUT eml block", "PUT eml block"],
      ...["DELETE json", "PUT eml blocklist", "PUT json"],
    ]);
  },
);

undiciCase("a state is written by one call, after one that confirms the lease", async () => {
  await using subject = await faulty();
  const { proxy, held } = subject;
  const begun = proxy.requests.length;
  await held.save(STATE!, { signal });
  await held.save(STATE!, { signal });
  const file = stateNameOf(MAILBOX, STATE!.folder.id).split("/").at(-1);
  const last = proxy.requests.slice(begun).map((line) => line.slice(line.lastIndexOf("/") + 1));
  assert.deepEqual(last, ["lock?comp=lease", file, "lock?comp=lease", file]);
});
