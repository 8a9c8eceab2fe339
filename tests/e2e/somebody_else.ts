/** A user without rights of its own, as most systems have it: root is kept from nothing. */
const NOBODY = "65534";

/** Whether this machine lets us run a program as another user; where not, its tests are skipped. */
export const MAY_BE_SOMEBODY_ELSE = await succeeds(...asNobody("true"));

/** Somebody else's rights below a folder. */
export interface SomebodyElse {
  /** In front of a command line: runs it as that user. */
  readonly run: readonly string[];
  /** Everything below the folder becomes theirs. */
  giveTo(): Promise<void>;
  /** They may no longer write below `path`. */
  takeFrom(path: string): Promise<void>;
}

/** Another user, to whom `folder` can be given. */
export function somebodyElse(folder: string): SomebodyElse {
  return {
    run: asNobody(),
    giveTo: () =>
      all(["chown", "-R", `${NOBODY}:${NOBODY}`, folder], ["chmod", "-R", "u+w", folder]),
    takeFrom: (path) => all(["chmod", "-R", "a-w", path]),
  };
}

function asNobody(...command: readonly string[]): string[] {
  const ids = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  return ["setpriv", ...ids, ...command];
}

async function all(...commands: readonly (readonly string[])[]): Promise<void> {
  for (const command of commands) {
    if (!await succeeds(...command)) throw new Error(`Failed: ${command.join(" ")}`);
  }
}

async function succeeds(program = "", ...args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(program, { args: [...args], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
