/**
 * The least that makes files durable: writes the files of one folder into another one, fsyncs and
 * renames each, as many at a time as the appliance by default. Arguments: from, to, synced|unsynced.
 */
import { basename, dirname, join, relative } from "node:path";
import { mapBounded } from "../../src/core/map_bounded.ts";
import { filesBelow } from "../../tests/files_below.ts";

const [from, to, kind] = Deno.args as [string, string, string];
const WRITERS = 8;
/** Read before the clock runs: what is compared has its bytes in memory, too. */
const FILES_A_BLOCK = 256;

async function write(path: string, bytes: Uint8Array): Promise<void> {
  const part = join(to, `.${basename(path)}`);
  {
    using file = await Deno.open(part, { write: true, createNew: true });
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    if (kind === "synced") await file.sync();
  }
  await Deno.rename(part, path);
}

const paths = (await filesBelow(from)).map((path) => relative(from, path));
for (const folder of new Set(paths.map((path) => dirname(join(to, path))))) {
  await Deno.mkdir(folder, { recursive: true });
}
let tookMs = 0;
for (let at = 0; at < paths.length; at += FILES_A_BLOCK) {
  const block = await Promise.all(
    paths.slice(at, at + FILES_A_BLOCK).map(async (path) => ({
      path: join(to, path),
      bytes: await Deno.readFile(join(from, path)),
    })),
  );
  const startedMs = performance.now();
  await mapBounded(block, WRITERS, ({ path, bytes }) => write(path, bytes));
  tookMs += performance.now() - startedMs;
}
const delivered = paths.filter((path) => path.endsWith(".eml")).length;
console.log(JSON.stringify({ delivered, tookMs }));
