import { type Fault, FAULTS } from "../exchange/faults.ts";

/**
 * What would be a lie that nobody can see through: an item that is there is said not to be. Phantoms
 * of the store stand for what is said to be there and is not.
 */
const LIES = new Set(["ErrorItemNotFound as item"]);

/** Codes that only make sense about a folder's change list, or about a folder. */
const OPERATIONS_OF_CODE: Readonly<Record<string, readonly string[]>> = {
  ErrorInvalidSyncStateData: ["SyncFolderItems"],
  ErrorSyncFolderNotFound: ["SyncFolderItems"],
  ErrorFolderNotFound: ["SyncFolderItems", "FindItem"],
};

/** The ways of the table in which a server may fail a request of this operation, by their place. */
export function faultsByPlace(operation: string): readonly (readonly Fault[])[] {
  const faults = FAULTS.filter((fault) => !LIES.has(fault.name) && isOf(fault, operation));
  return [...Map.groupBy(faults, ({ place }) => place).values()];
}

function isOf(fault: Fault, operation: string): boolean {
  if (fault.place === "rest of batch") return operation === "GetItem";
  if (fault.place === "item") return operation === "GetItem" || operation === "GetAttachment";
  const operations = "code" in fault ? OPERATIONS_OF_CODE[fault.code] : undefined;
  return operations?.includes(operation) ?? true;
}
