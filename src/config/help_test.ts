import assert from "node:assert/strict";
import { COMMANDS, optionsOfCommand } from "./commands.ts";
import { HELP_COLUMNS, helpText } from "./help.ts";
import { OPTION_NAMES } from "./options.ts";

const LEVELS = ["", "config", ...COMMANDS];

function textOf(command: string): string {
  return helpText(command) ?? assert.fail(`${command} has a help text`);
}

Deno.test("every help fits a terminal, ends with an example and has no trailing space", () => {
  for (const command of LEVELS) {
    for (const line of textOf(command).split("\n")) {
      assert.ok(line.length <= HELP_COLUMNS, line);
      assert.equal(line, line.trimEnd());
    }
    assert.match(textOf(command), /\nExample:\n {2}reinfer-ews .+\n( {4}--.+\n)?$/);
  }
});

Deno.test("help names everything there is and nothing else", () => {
  for (const command of ["run", "check", "status", "verify", "resync", "push", "export"] as const) {
    for (const option of OPTION_NAMES) {
      const named = new RegExp(`^ {2}--${option}( |$)`, "m").test(textOf(command));
      const known = optionsOfCommand(command).includes(option);
      assert.equal(named, known, `${command} --${option}`);
    }
  }
  for (const command of COMMANDS) {
    assert.match(textOf(""), new RegExp(`^ {2}${command} `, "m"));
  }
  assert.equal(helpText("simulate"), undefined);
});
