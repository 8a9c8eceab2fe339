import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import { failure, mailbox, world } from "../sync/testing/world.ts";
import { memoryEnv } from "../sync/testing/memory_env.ts";
import { mailboxQueryOf } from "./mailbox_query.ts";
import { observedSink, type SinkObserver } from "./observed_sink.ts";
import { StatusBoard } from "./status_board.ts";
import { StatusView } from "./status_view.ts";

const a = mailbox("a");
const b = mailbox("b");

/** An engine on memory ports, and what its board shows. */
function watchedWorld() {
  const { source, destination, restart } = world();
  const memory = memoryEnv();
  const board = new StatusBoard(memory.clock);
  board.lifeBegan({
    mailboxes: [a, b],
    endpoint: "https://mail",
    destination: "mail",
    signInRefusal: () => undefined,
  });
  board.servicePhaseChanged({ name: "running" });
  const shown = () =>
    new StatusView(board, memory.clock, "1.0.0")
      .document(mailboxQueryOf(new URLSearchParams("folders=1&sort=mailbox")), "full");
  return { source, destination, process: restart(source, memory, board), shown };
}

Deno.test("the board shows what the engine did, folder by folder", async () => {
  const { source, process, shown } = watchedWorld();
  const inbox = source.addFolder(a, "Inbox");
  const sent = source.addFolder(a, "Sent");
  source.addFolder(b, "Inbox");
  for (let n = 0; n < 30; n++) source.arrive(inbox);
  source.arrive(sent);
  source.fault = (call, at) =>
    call === "changes" && at === "a@x/Sent" ? failure("folder", "Broken") : undefined;
  await process.run({ once: true }, [a, b]);
  const { totals, mailboxes: [first, second], problems } = shown();
  assert.equal(totals.delivered, 30);
  assert.deepEqual(
    first!.folders!.map(({ path, state, failure }) => [path[0], state, failure?.code]),
    [["Sent", "first_sight", "Broken"], ["Inbox", "up_to_date", undefined]],
  );
  assert.deepEqual(first!.folder_counts, { total: 2, behind: 0, failing: 1 });
  assert.deepEqual([first!.state, first!.condition.error!.code], ["stopped", "Broken"]);
  assert.deepEqual([second!.state, second!.condition.error], ["stopped", undefined]);
  assert.deepEqual(problems.map(({ kind, code }) => [kind, code]), [["stopped", "Broken"]]);
});

Deno.test("a destination that fails is on the board until it works again", async () => {
  const { source, destination, process, shown } = watchedWorld();
  source.arrive(source.addFolder(a, "Inbox"));
  const seen: (readonly string[])[] = [];
  destination.fault = (call) => {
    if (call === "probe") seen.push(shown().service.not_ready.map(({ code }) => code));
    const isDown = call === "put" && seen.length === 0 || call === "probe" && seen.length < 3;
    return isDown ? failure("destination", "NoSpace") : undefined;
  };
  await process.runUntil(() => destination.emails.size === 1, [a]);
  assert.deepEqual(seen, [["NoSpace"], ["NoSpace"], ["NoSpace"]]);
  assert.equal(shown().service.ready, true);
});

Deno.test("a watched sink is the same sink, and every call, failure and refusal is told", async () => {
  const { destination } = world();
  const { clock } = memoryEnv();
  const told: string[] = [];
  const observer: SinkObserver = {
    sinkCallEnded: (operation, tookMs, error) =>
      told.push(`${operation} ${tookMs >= 0} ${error?.code ?? "ok"}`),
    emailRefused: ({ code }) => told.push(`refused ${code}`),
  };
  const sink = observedSink(destination, clock, observer);
  const { signal } = new AbortController();
  await sink.probe({ signal });
  const opened = await sink.open(a, { signal });
  assert.deepEqual(await opened.put([], { signal }), []);
  destination.fault = () => failure("destination", "NoSpace");
  await assert.rejects(
    opened.put([], { signal }),
    (error) => error instanceof SyncError && error.code === "NoSpace",
  );
  assert.deepEqual(told, ["probe true ok", "open true ok", "put true ok", "put true NoSpace"]);
});
