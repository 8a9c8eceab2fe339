import type { AppConfig } from "../config/app_config.ts";
import { placeText } from "../config/destination_place.ts";
import type { StatusOptions } from "../config/status_options.ts";
import type { Console } from "./console.ts";
import { runCommand } from "./command.ts";
import { openDestination } from "./open_destination.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { statusJson } from "./status_json.ts";
import type { MailboxStatus } from "../status/state_report.ts";
import { statusText } from "./status_text.ts";

/** `status`: what the state store says of every mailbox; a running instance is not disturbed. */
export function status(
  options: StatusOptions,
  config: AppConfig,
  console: Console,
): Promise<ExitCode> {
  return runCommand({ debugLevel: 1 }, config, console, async ({ env, stop }) => {
    await using destination = await openDestination(config, env);
    const { states } = destination;
    const mailboxes: MailboxStatus[] = [];
    for (const mailbox of config.mailboxes) {
      mailboxes.push({ mailbox, states: await states.read(mailbox, { signal: stop.begun }) });
    }
    const render = options.json ? statusJson : statusText;
    console.print(render(placeText(options.destination), mailboxes));
    return EXIT.done;
  });
}
