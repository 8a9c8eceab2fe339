import assert from "node:assert/strict";
import { participantFilter } from "./participant_filter.ts";

const known = (...addresses: string[]) => ({ addresses, unresolved: false });
const theirs = { addresses: ["boss@ours.example"], domains: ["theirs.example"] };

Deno.test("an allow list needs one participant of it", () => {
  const filter = participantFilter({ allow: theirs });
  assert.ok(!filter.keepsOut(known("x@ours.example", "y@theirs.example")));
  assert.ok(!filter.keepsOut(known("boss@ours.example")));
  assert.ok(filter.keepsOut(known("x@ours.example")));
  assert.ok(filter.keepsOut(known()));
});

Deno.test("a domain is the whole of what follows the @", () => {
  const filter = participantFilter({ deny: theirs });
  assert.ok(filter.keepsOut(known("y@theirs.example")));
  assert.ok(!filter.keepsOut(known("y@sub.theirs.example", "y@nottheirs.example")));
});

Deno.test("deny wins, and whoever cannot be resolved is denied and allows nothing", () => {
  const filter = participantFilter({
    allow: theirs,
    deny: { addresses: ["y@theirs.example"], domains: [] },
  });
  assert.ok(!filter.keepsOut(known("x@theirs.example")));
  assert.ok(filter.keepsOut(known("x@theirs.example", "y@theirs.example")));
  assert.ok(filter.keepsOut({ addresses: ["x@theirs.example"], unresolved: true }));
  const allowing = participantFilter({ allow: theirs });
  assert.ok(!allowing.keepsOut({ addresses: ["x@theirs.example"], unresolved: true }));
  assert.ok(allowing.keepsOut({ addresses: [], unresolved: true }));
});
