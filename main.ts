import { runCommandLine } from "./src/app/command_line.ts";
import { systemConsole } from "./src/app/console.ts";

// Deno takes its TLS roots from this variable only, and before it first opens TLS (spec section 4).
Deno.env.set("DENO_TLS_CA_STORE", "system,mozilla");

Deno.exit(await runCommandLine(Deno.args, (name) => Deno.env.get(name), systemConsole));
