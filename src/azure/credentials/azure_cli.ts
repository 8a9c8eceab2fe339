import type { CallOptions, Clock } from "../../core/env.ts";
import { foreignText } from "../../http/foreign_text.ts";
import type { IssuedToken } from "../../http/token_cache.ts";
import { type ReadVariable, variableOf } from "./environment.ts";
import { issuedTokenOf } from "./issued_token.ts";
import { STORAGE_RESOURCE, type TokenCandidate } from "./token_candidate.ts";

/** What a command came to. */
export interface CommandResult {
  /** Exit code; 0: it worked. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; `undefined` if there is no such program or it may not be run. */
export type RunCommand = (
  program: string,
  args: readonly string[],
  options: CallOptions,
) => Promise<CommandResult | undefined>;

/** Whoever has signed in with the Azure CLI on this machine, as this user. */
export class AzureCli implements TokenCandidate {
  readonly name = "Azure CLI";
  readonly #variable: ReadVariable;
  readonly #run: RunCommand;
  readonly #clock: Clock;

  constructor(variable: ReadVariable, run: RunCommand, clock: Clock) {
    this.#variable = variable;
    this.#run = run;
    this.#clock = clock;
  }

  async request(options: CallOptions): Promise<IssuedToken | { readonly absent: string }> {
    const tenant = variableOf(this.#variable, "AZURE_TENANT_ID") ?? "";
    // It becomes an argument of a program that others may have wrapped in a script.
    const ofTenant = /^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(tenant) ? ["--tenant", tenant] : [];
    const args = ["account", "get-access-token", "--output", "json", "--resource"];
    const result = await this.#run("az", [...args, STORAGE_RESOURCE, ...ofTenant], options);
    if (!result) return { absent: "az is not installed" };
    if (result.code !== 0) {
      const isSignedOut = /az login|az account set/.test(result.stderr);
      // Its last words, without what may be a token.
      const words = foreignText(result.stderr.trim().split("\n").at(-1) ?? "")
        .replace(/eyJ[\w-]+\.[\w.-]+/g, "[token]");
      return { absent: isSignedOut ? "nobody has signed in (az login)" : `az failed: ${words}` };
    }
    return issuedTokenOf(jsonOf(result.stdout), { address: "az", now: this.#clock.now() });
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
