import { join } from "node:path";
import { documentedCommands } from "../docs/documented.ts";
import { type Customer, customerOf } from "../e2e/customer.ts";
import type { SimulatedExchange } from "../exchange/simulated_exchange.ts";
import type { ContainerEngine } from "./container_engine.ts";

/** Keys of a configuration as it is seen inside the container, which gets the password otherwise. */
export const IN_CONTAINER = {
  ews_ssl_ca_file: "/mnt/config/ca.pem",
  auth_password: null,
} as const;

/** A machine that runs our container: two folders, one with a configuration. Gone when disposed. */
export interface ContainerHost extends AsyncDisposable {
  readonly configDir: string;
  readonly mailDir: string;
  /** What an operator's shell has in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A machine for the mailboxes of `exchange`, prepared as docs/container.md says; with `customer`, with
 * the configuration of that one, made for the inside of the container.
 */
export async function containerHost(
  engine: ContainerEngine,
  exchange: SimulatedExchange,
  customer?: Customer,
): Promise<ContainerHost> {
  await using own = customer ? undefined : await customerOf(exchange, IN_CONTAINER);
  const folder = await Deno.makeTempDir({ prefix: "reinfer-ews-host-" });
  await Deno.chmod(folder, 0o755);
  const configDir = join(folder, "config");
  const mailDir = join(folder, "mail");
  await Deno.mkdir(configDir);
  for (const name of ["config.json", "ca.pem"]) {
    await Deno.copyFile(join((customer ?? own!).folder, name), join(configDir, name));
  }
  await engine.run(
    await documentedCommands("container.md", "prepare folders", { "/srv/reinfer-ews": folder }),
  );
  return {
    configDir,
    mailDir,
    env: {
      EWS_CONFIG_DIR: configDir,
      EWS_LOCAL_DIR: mailDir,
      REINFER_EWS_AUTH_PASS: exchange.account.password,
    },
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}
