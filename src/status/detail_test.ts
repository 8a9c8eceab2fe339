import assert from "node:assert/strict";
import { detailFor } from "./detail.ts";

Deno.test("on a loopback address only a loopback Host sees everything", () => {
  const full = [
    "127.0.0.1:8080",
    "localhost:8080",
    "LOCALHOST",
    "[::1]:8080",
    "127.1.2.3",
    "127.0.0.1",
  ];
  const rebound = [
    undefined,
    "",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example:8080",
    "127.evil.example",
    "[::1].evil.example",
    "10.0.0.1",
    "127.0.0.1:8080:1",
    "localhost, evil.example",
    "0177.0.0.1",
  ];
  for (const bound of ["127.0.0.1", "localhost", "::1"]) {
    for (const host of full) {
      assert.equal(detailFor(undefined, bound, host), "full", host);
      assert.equal(detailFor("full", bound, host), "full", host);
      assert.equal(detailFor("summary", bound, host), "summary", host);
    }
    for (const host of rebound) {
      assert.equal(detailFor(undefined, bound, host), "summary", host);
      assert.equal(detailFor("full", bound, host), "summary", host);
    }
  }
});

Deno.test("on any other address a summary is shown unless everything was asked for", () => {
  for (const bound of ["0.0.0.0", "::", "10.0.0.7", "ews.corp.example"]) {
    assert.equal(detailFor(undefined, bound, "localhost"), "summary");
    assert.equal(detailFor("full", bound, "status.corp.example"), "full");
  }
});

Deno.test("without a status page nobody sees anything", () => {
  assert.equal(detailFor("off", "127.0.0.1", "localhost"), undefined);
  assert.equal(detailFor("off", "0.0.0.0", "localhost"), undefined);
});
