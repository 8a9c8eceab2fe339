import assert from "node:assert/strict";
import fc from "fast-check";
import { FILTERS, hashOf, OVERVIEW, queryOf, type Route, routeOf, SORTS } from "./route.ts";

const routes: fc.Arbitrary<Route> = fc.oneof(
  fc.record({
    view: fc.constant("mailbox" as const),
    number: fc.nat(999_999_999),
  }, { noNullPrototype: true }),
  fc.record({
    view: fc.constant("overview" as const),
    search: fc.string({ unit: "grapheme" }),
    show: fc.constantFrom(...FILTERS),
    sort: fc.constantFrom(...SORTS),
    descending: fc.boolean(),
    offset: fc.nat(999_999_999),
  }, { noNullPrototype: true }),
);

Deno.test("an address brings back what the page showed", () => {
  fc.assert(fc.property(routes, (route) => {
    assert.deepEqual(routeOf(hashOf(route)), route);
    assert.ok(hashOf(route).length > 1, "a bare # would scroll to the top");
  }));
});

Deno.test("an address nobody made shows the overview", () => {
  for (const hash of ["", "#", "#mailbox=x", "#show=x&sort=y&offset=-1", "#content", "#%"]) {
    assert.deepEqual(routeOf(hash), OVERVIEW, hash);
  }
});

Deno.test("what is asked for is bounded", () => {
  fc.assert(fc.property(routes, (route) => {
    const query = new URLSearchParams(queryOf(route));
    assert.ok(query.has("mailbox") || query.get("limit") === "50");
  }));
});
