import type { ReadVariable } from "../config/environment.ts";
import { noFindings, problemLine } from "../config/problem.ts";
import { proxyFor } from "../config/proxy.ts";
import type { InstanceStatusOptions } from "../config/status_options.ts";
import { runCommand } from "./command.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { readInstance } from "./instance_document.ts";
import { instanceStatusText } from "./instance_status_text.ts";

/** `status --url`: what a running instance says of itself. */
export async function instanceStatus(
  { url, json }: InstanceStatusOptions,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const findings = noFindings();
  const proxy = proxyFor(url, env, findings);
  if (findings.problems.length > 0) {
    console.complain(findings.problems.map((it) => `reinfer-ews: ${problemLine(it)}\n`).join(""));
    return EXIT.usageOrConfig;
  }
  return await runCommand({ debugLevel: 1 }, undefined, console, async ({ env, stop }) => {
    const access = { clock: env.clock, signal: stop.begun, ...(proxy ? { proxy } : {}) };
    const status = await readInstance(url, access);
    const { page: _, ...document } = status;
    console.print(
      json ? `${JSON.stringify(document, undefined, 2)}\n` : instanceStatusText(url, status),
    );
    return EXIT.done;
  });
}
