import assert from "node:assert/strict";
import { compare, type KnownMail, type StoredMail } from "./comparison.ts";

const known = (id: string, sha256 = id, isText = true): KnownMail => ({
  mailbox: "a@x",
  id,
  sha256,
  isText,
});
const stored = (id: string, sha256 = id, stores = 1, isRebuilt = false): StoredMail => ({
  mailbox: "a@x",
  ...{ id, sha256, stores, isRebuilt },
});
const platform = { isExact: false };

Deno.test("what is not there is lost, in another mailbox too", () => {
  const expected = [known("1"), known("2")];
  const elsewhere = { ...stored("2"), mailbox: "b@x" };
  const { lost, unknown } = compare({ expected, deleted: [] }, [stored("1"), elsewhere], platform);
  assert.deepEqual([lost, unknown], [["2"], ["2"]]);
});

Deno.test("other bytes are wrong, unless the sink re-encodes what is no text", () => {
  const expected = [known("1"), known("2", "2", false)];
  const mail = [stored("1", "x"), stored("2", "x")];
  assert.deepEqual(compare({ expected, deleted: [] }, mail, platform).wrong, ["1"]);
  assert.deepEqual(compare({ expected, deleted: [] }, mail, { isExact: true }).wrong, ["1", "2"]);
});

Deno.test("of several emails under one id any may be there, and what was deleted may be, as it was", () => {
  const expected = [known("1", "first"), known("1", "second")];
  const deleted = [known("2"), known("3")];
  const mail = [stored("1", "second", 3), stored("2"), stored("3", "x")];
  const { lost, wrong, again, byteForByte } = compare({ expected, deleted }, mail, platform);
  assert.deepEqual({ lost, wrong, again, byteForByte }, {
    lost: [],
    wrong: ["3"],
    again: 2,
    byteForByte: 2,
  });
});

Deno.test("what was rebuilt is right only of an email that was deleted before it could be had", () => {
  const expected = [known("1")];
  const deleted = [known("2"), known("3")];
  const mail = [stored("1", "x", 1, true), stored("2", "x", 1, true), stored("3", "x")];
  const { wrong, rebuilt } = compare({ expected, deleted }, mail, { isExact: true });
  assert.deepEqual({ wrong, rebuilt }, { wrong: ["1", "3"], rebuilt: 1 });
});
