import { tmpdir } from "node:os";
import { stateOfRecord, syncRecordOf } from "../../src/platform/sync_record.ts";
import type { FolderSyncState } from "../../src/core/sync_state.ts";
import { sinkContract } from "../contract/sink_contract.ts";
import { stateStoreContract } from "../contract/state_store_contract.ts";
import { undiciCase as register } from "../../src/http/testing/undici_case.ts";
import { platformSubject } from "./platform_subject.ts";

sinkContract(
  "Platform sink",
  ({ uploads }) => Promise.resolve(platformSubject({ uploads })),
  { promises: [], register },
);

stateStoreContract("Platform states", () => Promise.resolve(platformSubject()), {
  keptOf: keptByPlatform,
  keepsConditions: false,
  register,
});

stateStoreContract("Platform states with a disk", async () => {
  const stateDir = await Deno.makeTempDir({ dir: tmpdir() });
  const subject = platformSubject({ stateDir });
  const { states } = subject;
  return {
    states,
    [Symbol.asyncDispose]: async () => {
      await subject[Symbol.asyncDispose]();
      await Deno.remove(stateDir, { recursive: true });
    },
  };
}, { register });

/** Times alone; what they mean is tested where they are made (`sync_record_test.ts`). */
function keptByPlatform(state: FolderSyncState): FolderSyncState {
  const record = syncRecordOf(state, { mailbox: "ada@example.com", writer: "w" });
  return stateOfRecord({ ...record, folderId: state.folder.id });
}
