import assert from "node:assert/strict";
import { join } from "node:path";
import { REFRESH, sampleEmail, sampleMailbox } from "../../tests/contract/sample_emails.ts";
import { SAMPLE_STATES } from "../../tests/contract/state_store_contract.ts";
import { conditionNameOf, emailObjectNamesOf, stateNameOf } from "./layout.ts";
import { localSubject } from "./testing/local_subject.ts";

const { signal } = new AbortController();
const MAILBOX = sampleMailbox("ada@example.com");
const [FIRST, SECOND] = [SAMPLE_STATES[0]!, SAMPLE_STATES[1]!];
const CONDITION = { phase: "idle", since: new Date("2024-01-01T00:00:00Z") };

async function withStates() {
  const subject = await localSubject();
  const pathOf = (name: string) => join(subject.prefix, name);
  await using states = await subject.states.open(MAILBOX, { signal });
  for (const state of [FIRST, SECOND]) await states.save(state, { signal });
  await states.saveCondition(CONDITION, { signal });
  return { ...subject, pathOf, first: pathOf(stateNameOf(MAILBOX, FIRST.folder.id)) };
}

Deno.test("reading names a cut or garbage state and leaves it where it is", async () => {
  await using subject = await withStates();
  const whole = await Deno.readTextFile(subject.first);
  for (const damaged of ["", "null", "\u0000", whole.slice(0, whole.length / 2)]) {
    await Deno.writeTextFile(subject.first, damaged);
    assert.deepEqual(await subject.states.read(MAILBOX, { signal }), {
      folders: [SECOND],
      condition: CONDITION,
      unreadable: [stateNameOf(MAILBOX, FIRST.folder.id)],
    });
    assert.equal(await Deno.readTextFile(subject.first), damaged);
  }
});

Deno.test("reading a state of a newer version is refused and changes nothing", async () => {
  await using subject = await withStates();
  const newer = '{"version": 2, "written_by": "reinfer-ews 9.9.9"}';
  await Deno.writeTextFile(subject.first, newer);
  const refused = { kind: "fatal", code: "StateFormatNewer" };
  await assert.rejects(subject.states.read(MAILBOX, { signal }), refused);
  assert.equal(await Deno.readTextFile(subject.first), newer);
});

Deno.test("a garbage condition is warned of and counts as absent", async () => {
  await using subject = await withStates();
  await Deno.writeTextFile(subject.pathOf(conditionNameOf(MAILBOX)), '{"version": 1, "phase"');
  await using states = await subject.states.open(MAILBOX, { signal });
  assert.equal(states.loaded.length, 2);
  assert.deepEqual(subject.lines.map(({ level }) => level), ["warn"]);
  const { condition } = await subject.states.read(MAILBOX, { signal });
  assert.equal(condition, undefined);
});

Deno.test("under a state rolled back to an older one, newer emails are still recognised", async () => {
  await using subject = await withStates();
  const email = sampleEmail("<newer@x>");
  const older = await Deno.readFile(subject.first);
  {
    await using states = await subject.states.open(MAILBOX, { signal });
    await (await subject.sink.open(MAILBOX, { signal })).put([email], { signal });
    const phase = { name: "following", token: "later" } as const;
    await states.save({ ...FIRST, phase }, { signal });
  }
  await Deno.writeFile(subject.first, older);
  await using states = await subject.states.open(MAILBOX, { signal });
  assert.deepEqual(states.loaded.find(({ folder }) => folder.id === FIRST.folder.id), FIRST);
  const emails = await subject.sink.open(MAILBOX, { signal });
  assert.deepEqual([...(await emails.refresh([email], REFRESH)).complete], [email.key]);
});

Deno.test("keys pass over half emails, foreign files and folders", async () => {
  await using subject = await withStates();
  await using _states = await subject.states.open(MAILBOX, { signal });
  const emails = await subject.sink.open(MAILBOX, { signal });
  const [whole, mimeOnly, recordOnly] = ["<a@x>", "<b@x>", "<c@x>"].map((id) => sampleEmail(id));
  await emails.put([whole!, mimeOnly!, recordOnly!], { signal });
  const { mime, record } = emailObjectNamesOf(MAILBOX, whole!);
  await Deno.remove(subject.pathOf(emailObjectNamesOf(MAILBOX, mimeOnly!).record));
  await Deno.remove(subject.pathOf(emailObjectNamesOf(MAILBOX, recordOnly!).mime));
  await Deno.writeTextFile(subject.pathOf(`${mime}.bak`), "");
  await Deno.mkdir(subject.pathOf(record.replace(/[^/]+$/, "foreign")));
  assert.deepEqual(await Array.fromAsync(emails.keys({ signal })), [whole!.key]);
});
