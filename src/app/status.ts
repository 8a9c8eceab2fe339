import type { AppConfig } from "../config/app_config.ts";
import type { StatusOptions } from "../config/status_options.ts";
import type { Console } from "./console.ts";
import { runCommand } from "./command.ts";
import { openDestination } from "./connections.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { statusJson } from "./status_json.ts";
import type { MailboxStatus } from "./status_report.ts";
import { statusText } from "./status_text.ts";

/** `status`: what the state store says of every mailbox; a running instance is not disturbed. */
export function status(
  options: StatusOptions,
  config: AppConfig,
  console: Console,
): Promise<ExitCode> {
  return runCommand({ debugLevel: 1 }, config, console, async ({ env, stop }) => {
    const { states } = openDestination(options, config, env);
    const mailboxes: MailboxStatus[] = [];
    for (const mailbox of config.mailboxes) {
      mailboxes.push({ mailbox, states: await states.read(mailbox, { signal: stop.begun }) });
    }
    const render = options.json ? statusJson : statusText;
    console.print(render(options.localFilesPrefix, mailboxes));
    return EXIT.done;
  });
}
