import assert from "node:assert/strict";
import { COMMANDS, optionsOfCommand } from "./commands.ts";
import { HELP_COLUMNS, helpText } from "./help.ts";
import { isMissingCommand, NOT_IN_THIS_VERSION } from "./not_in_this_version.ts";
import { OPTION_NAMES } from "./options.ts";
import { CONFIG_KEYS } from "./schema.ts";

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

Deno.test("help names everything this version has and nothing it does not have", () => {
  const missing = NOT_IN_THIS_VERSION.flatMap((row) => "option" in row ? [row.option] : []);
  for (const command of ["run", "check", "status", "verify", "resync", "push", "export"] as const) {
    for (const option of OPTION_NAMES) {
      const named = new RegExp(`^ {2}--${option}( |$)`, "m").test(textOf(command));
      const known = optionsOfCommand(command).includes(option);
      assert.equal(named, known && !missing.includes(option), `${command} --${option}`);
    }
  }
  for (const command of COMMANDS) {
    assert.ok(!isMissingCommand(command));
    assert.match(textOf(""), new RegExp(`^ {2}${command} `, "m"));
  }
  assert.equal(helpText("simulate"), undefined);
});

Deno.test("every row of what is not in this version names something the contract knows", () => {
  for (const row of NOT_IN_THIS_VERSION) {
    if ("option" in row) assert.ok(OPTION_NAMES.some((name) => name === row.option), row.option);
    if ("key" in row) assert.ok(Object.hasOwn(CONFIG_KEYS, row.key), row.key);
  }
});
