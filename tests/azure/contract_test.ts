import type { Semaphore } from "../../src/core/semaphore.ts";
import { sinkContract } from "../contract/sink_contract.ts";
import { stateStoreContract } from "../contract/state_store_contract.ts";
import { azureSubject } from "./azure_subject.ts";
import { azuriteOfFile } from "./azurite.ts";
import { withoutLeakChecks } from "./without_leak_checks.ts";

const azurite = await azuriteOfFile();

withoutLeakChecks(() => {
  sinkContract(
    "Azure sink",
    (options: { readonly uploads: Semaphore }) => azureSubject(azurite, options),
  );
  stateStoreContract("Azure state store", () => azureSubject(azurite));
});
