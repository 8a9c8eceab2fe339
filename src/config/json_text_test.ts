import assert from "node:assert/strict";
import fc from "fast-check";
import { type JsonFault, type JsonText, parseJson } from "./json_text.ts";

function faultOf(text: string): JsonFault {
  const parsed = parseJson(text);
  assert.ok("fault" in parsed, `${text} is not JSON`);
  return parsed.fault;
}

function valueOf(parsed: JsonText): unknown {
  return "value" in parsed ? parsed.value : undefined;
}

Deno.test("what JSON.parse accepts is accepted with the same value, and nothing else", () => {
  const soup = fc.array(
    fc.constantFrom(
      ...'{}[]:,"\\"a\n\t ',
      "0",
      "1",
      "-",
      ".5",
      "e3",
      "true",
      "null",
      "\\u00",
      "\u0001",
    ),
    { maxLength: 12 },
  ).map((pieces) => pieces.join(""));
  const text = fc.oneof(
    soup,
    fc.json(),
    fc.string({ unit: "binary" }),
    fc.jsonValue().map((v) => JSON.stringify(v, null, 2)),
  );
  fc.assert(
    fc.property(text, (text) => {
      let expected: unknown;
      try {
        expected = JSON.parse(text);
      } catch {
        assert.ok("fault" in parseJson(text));
        return;
      }
      assert.deepEqual(valueOf(parseJson(text)), expected);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("a fault is told with line and column, and never quotes the text", () => {
  const fault = faultOf('{\n  "auth_password": "hunter2"\n  "port": 443\n}');
  assert.deepEqual(fault, { line: 3, column: 3, reason: 'Expected "," or "}"' });
});

Deno.test("the usual slips have their own words", () => {
  assert.match(faultOf('{"a": 1,}').reason, /^A comma before "}"$/);
  assert.match(faultOf("{a: 1}").reason, /key in double quotes/);
  assert.match(faultOf('{"a" 1}').reason, /Expected ":"/);
  assert.match(faultOf('{"a": 1} x').reason, /after the end/);
  assert.match(faultOf('{"user": "CORP\\svc"}').reason, /backslash/);
  assert.match(faultOf('{"a": "b\nc"}').reason, /line break/);
  assert.match(faultOf('{"a": "b').reason, /^A text without closing quotes$/);
  assert.match(faultOf('{"a": ').reason, /ends too early: expected a value/);
  assert.match(faultOf("").reason, /ends too early/);
});

Deno.test("keys given twice are reported with path and line, however they are escaped", () => {
  const parsed = parseJson(
    '{"a": {"b": 1,\n"\\u0062": 2}, "c": [{}, {"d": 1,\n\n"d": 2}],\n"a": 3}',
  );
  assert.ok("duplicates" in parsed);
  assert.deepEqual(parsed.duplicates, [
    { path: ["a", "b"], line: 2 },
    { path: ["c", "1", "d"], line: 4 },
    { path: ["a"], line: 5 },
  ]);
});

Deno.test("deep nesting is a fault, not a broken stack, and keys given twice may be many", () => {
  assert.match(faultOf("[".repeat(1_000_000)).reason, /too deeply/);
  const parsed = parseJson(`{${Array(100_000).fill('"a":1').join(",\n")}}`);
  assert.ok("duplicates" in parsed && parsed.duplicates.length === 99_999);
});
