import { type Fault, FAULTS } from "../exchange/faults.ts";
import { GRAPH_FAULTS, type GraphFault } from "../graph/graph_faults.ts";

/**
 * What would be a lie that nobody can see through: an item that is there is said not to be. Phantoms
 * of the store stand for what is said to be there and is not.
 */
const EXCHANGE_LIES = new Set(["ErrorItemNotFound as item"]);

/** Codes that only make sense about a folder's change list, or about a folder. */
const OPERATIONS_OF_EXCHANGE_CODE: Readonly<Record<string, readonly string[]>> = {
  ErrorInvalidSyncStateData: ["SyncFolderItems"],
  ErrorSyncFolderNotFound: ["SyncFolderItems"],
  ErrorFolderNotFound: ["SyncFolderItems", "FindItem"],
};

const DELTA = ["messageDelta"];
/** Of what a folder holds. That a folder of a tree is not there would be a lie, too. */
const FOLDER_CONTENT = ["listMessages", "messageDelta"];
/** What answers with bytes as they are, and hence with half of them, or none, as well. */
const CONTENT = ["getMessageValue", "getAttachmentValue"];
const OF_ITEMS = ["getMessage", "listAttachments", "getAttachment", ...CONTENT];

const OPERATIONS_OF_GRAPH_CODE: Readonly<Record<string, readonly string[]>> = {
  SyncStateNotFound: DELTA,
  SyncStateInvalid: DELTA,
  resyncRequired: DELTA,
  ErrorQuotaExceeded: DELTA,
  ErrorItemNotFound: FOLDER_CONTENT,
  ErrorFolderNotFound: FOLDER_CONTENT,
  ErrorSyncFolderNotFound: FOLDER_CONTENT,
  ErrorInvalidIdMalformed: OF_ITEMS,
  ErrorInvalidRecipients: OF_ITEMS,
  ErrorCorruptData: OF_ITEMS,
  ErrorItemCorrupt: OF_ITEMS,
  ErrorMimeContentConversionFailed: OF_ITEMS,
  ErrorCannotOpenFileAttachment: OF_ITEMS,
};

/** The ways of its table in which EWS may fail a request of this operation, by their place. */
export function exchangeFaultsByPlace(operation: string): readonly (readonly Fault[])[] {
  const faults = FAULTS.filter((fault) =>
    !EXCHANGE_LIES.has(fault.name) && isOfExchange(fault, operation)
  );
  return byPlace(faults);
}

/** The ways of its table in which Graph may fail a request of this operation, by their place. */
export function graphFaultsByPlace(operation: string): readonly (readonly GraphFault[])[] {
  return byPlace(GRAPH_FAULTS.filter((fault) => isOfGraph(fault, operation)));
}

function byPlace<F extends { readonly place: string }>(faults: readonly F[]) {
  return [...Map.groupBy(faults, ({ place }) => place).values()];
}

function isOfExchange(fault: Fault, operation: string): boolean {
  if (fault.place === "rest of batch") return operation === "GetItem";
  if (fault.place === "item") return operation === "GetItem" || operation === "GetAttachment";
  const operations = "code" in fault ? OPERATIONS_OF_EXCHANGE_CODE[fault.code] : undefined;
  return operations?.includes(operation) ?? true;
}

function isOfGraph(fault: GraphFault, operation: string): boolean {
  if (fault.place === "truncated") return !CONTENT.includes(operation);
  const operations = "code" in fault ? OPERATIONS_OF_GRAPH_CODE[fault.code] : undefined;
  return operations?.includes(operation) ?? true;
}
