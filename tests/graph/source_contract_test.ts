import { withoutLeakChecks } from "../azure/without_leak_checks.ts";
import { sourceContract } from "../contract/source_contract.ts";
import { subjectOf } from "./both_sources.ts";

withoutLeakChecks(() => {
  sourceContract("The source over EWS", () => subjectOf("ews"));
  sourceContract("The source over Graph", () => subjectOf("graph"));
});
