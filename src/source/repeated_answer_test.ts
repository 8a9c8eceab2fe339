import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import { RepeatedAnswer } from "./repeated_answer.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Which of these answers are read. */
function readOf(answers: readonly string[]): readonly string[] {
  const last = new RepeatedAnswer<string>();
  const read: string[] = [];
  for (const answer of answers) {
    const value = last.read(bytes(answer), () => {
      read.push(answer);
      return answer;
    });
    assert.equal(value, answer);
  }
  return read;
}

Deno.test("an answer is read once as long as it comes again", () => {
  assert.deepEqual(readOf(["a", "a", "a", "b", "b", "a"]), ["a", "b", "a"]);
});

Deno.test("of a large answer nothing is remembered, nor of the one before it", () => {
  const large = "x".repeat(LIMITS.rememberedAnswerBytesMax + 1);
  assert.deepEqual(readOf(["a", large, large, "a"]), ["a", large, large, "a"]);
});

Deno.test("an answer that cannot be read is not remembered", () => {
  const last = new RepeatedAnswer<number>();
  const fail = () => {
    throw new Error("corrupt");
  };
  last.read(bytes("a"), () => 1);
  for (let n = 0; n < 2; n++) assert.throws(() => last.read(bytes("b"), fail), /corrupt/);
  assert.equal(last.read(bytes("b"), () => 2), 2);
});
