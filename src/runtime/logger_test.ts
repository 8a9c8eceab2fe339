import assert from "node:assert/strict";
import fc from "fast-check";
import { createLogger, type LogFormat } from "./logger.ts";

function logger(format: LogFormat, debugLevel: 0 | 1 | 2 = 1, secrets: string[] = []) {
  const lines: string[] = [];
  const now = () => new Date("2026-11-25T12:34:56Z");
  return {
    lines,
    log: createLogger({ format, debugLevel, now, secrets, write: (line) => lines.push(line) }),
  };
}

Deno.test("a JSON line has time, level, message, inherited and own fields", () => {
  const { log, lines } = logger("json");
  log.with({ mailbox: "a@x" }).info("Round finished.", { delivered: 3, folder: ["Inbox", "2024"] });
  assert.deepEqual(JSON.parse(lines[0]!), {
    ts: "2026-11-25T12:34:56.000Z",
    level: "info",
    msg: "Round finished.",
    mailbox: "a@x",
    delivered: 3,
    folder: ["Inbox", "2024"],
  });
});

Deno.test("a text line quotes what is not plain and leaves out what is absent", () => {
  const { log, lines } = logger("text");
  log.warn("Folder failed.", { folder: ["Inbox", "Über uns"], code: "X", hint: undefined });
  assert.deepEqual(lines, ['12:34:56 WARN  Folder failed. folder="Inbox/Über uns" code=X\n']);
});

Deno.test("debug levels admit what they say", () => {
  const said = ([0, 1, 2] as const).map((level) => {
    const { log, lines } = logger("json", level);
    log.info("i");
    log.debug("d");
    log.trace("t");
    return lines.map((line) => JSON.parse(line).msg).join("");
  });
  assert.deepEqual(said, ["i", "id", "idt"]);
});

Deno.test("no field can make a second line or reach the terminal as a command", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (hostile) => {
    for (const format of ["json", "text"] as const) {
      const { log, lines } = logger(format);
      log.info("m", { hostile, list: [hostile] });
      const [line] = lines;
      // deno-lint-ignore no-control-regex -- control characters are exactly what is looked for
      assert.doesNotMatch(line!.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
      if (format === "json") assert.equal(JSON.parse(line!).hostile, hostile);
    }
  }));
});

Deno.test("secrets are cut out wherever they appear, escaped or not", () => {
  const secret = 'pa"ss\\wörd';
  for (const format of ["json", "text"] as const) {
    const { log, lines } = logger(format, 2, [secret]);
    log.error("m", { reason: `server said ${secret}`, list: [secret] });
    assert.ok(lines[0]!.includes("[secret]"));
    assert.ok(!lines[0]!.includes("ss\\\\wörd"));
  }
});

Deno.test("a long field is cut", () => {
  const { log, lines } = logger("json");
  log.info("m", { name: "x".repeat(5_000) });
  assert.equal(JSON.parse(lines[0]!).name.length, 1_001);
});
